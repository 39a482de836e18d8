//! `bench`: measures what the design promises, and prints it beside the promise.

mod api;
mod asset;
mod burst;
mod clip;
mod due;
mod error;
mod events;
mod harvest;
mod lambda;
mod library;
mod local;
mod process;
mod rows;
mod stack;
mod sweep;
mod table;
mod timings;
mod upload;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use tokio::runtime::Runtime;

use crate::error::BenchError;
use crate::table::Table;

/// Measures Matchcut on this machine and prints every figure beside the one its design promises.
///
/// Nothing is asserted: a slow machine gives slow figures. Each part starts a service of its own,
/// in a folder that is removed again; AWS's part of it is the stand-in, over loopback.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Arguments {
    /// The one part to measure; all of them by default
    part: Option<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// `POST /api/clip` over HTTP, until its reply and until its preview plays
    Clip,
    /// A page of 50 clips over HTTP, in libraries of 10 to 10,000
    Library,
    /// From a harvest that is done to a clip that is listed: our own share of the time
    Asset,
    /// From an uploaded object to its job: our own share, memory, and a burst of 500 files
    Upload,
    /// Clips that end in the future, from their last segment to their harvest
    Due,
    /// 500 clips in ten seconds, of which ten are harvested at once
    Burst,
    /// A run of the sweep over 10,000 unfinished clips
    Sweep,
    /// Each Lambda binary: size, init and peak memory
    Lambda,
    /// The program `local`: how soon it is up and on air, and what it costs while idle
    Local,
}

fn main() -> ExitCode {
    let part = Arguments::parse().part;
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "error,s3s=off".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let mut table = Table::default();
    let parts = Part::value_variants().iter().filter(|it| part.is_none_or(|only| only == **it));
    let measured = parts.into_iter().try_for_each(|part| measure(*part, &mut table));
    print!("{table}");
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {}", matchcut::error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// Measures a part in a folder and on a runtime of its own: whatever it leaves behind ends with it.
fn measure(part: Part, table: &mut Table) -> Result<(), BenchError> {
    eprintln!("measuring: {}", format!("{part:?}").to_lowercase());
    let folder = tempfile::tempdir().map_err(BenchError::Folder)?;
    let folder = folder.path();
    // Declared after the folder, so it ends before that is removed.
    let runtime = Runtime::new().map_err(BenchError::Runtime)?;
    runtime.block_on(async {
        match part {
            Part::Clip => clip::measure(table, folder).await,
            Part::Library => library::measure(table, folder).await,
            Part::Asset => Box::pin(asset::measure(table, folder)).await,
            Part::Upload => Box::pin(upload::measure(table, folder)).await,
            Part::Due => Box::pin(due::measure(table, folder)).await,
            Part::Burst => Box::pin(burst::measure(table, folder)).await,
            Part::Sweep => Box::pin(sweep::measure(table, folder)).await,
            Part::Lambda => lambda::measure(table, folder).await,
            Part::Local => local::measure(table, folder).await,
        }
    })
}

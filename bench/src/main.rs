//! `bench`: measures Matchcut and prints each figure beside the target of the design.

mod abuse;
mod api;
mod asset;
mod burst;
mod clip;
mod crowd;
mod due;
mod error;
mod events;
mod files;
mod harvest;
mod harvest_queue;
mod lambda;
mod library;
mod load;
mod local;
mod marks;
mod process;
mod queue;
mod rows;
mod stack;
mod sweep;
mod table;
mod timings;
mod upload;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use tokio::runtime::Runtime;

use crate::error::BenchError;
use crate::table::Table;

/// Measures Matchcut on this machine and prints each figure beside the target of the design.
///
/// A missed target is not an error: the figures depend on the machine. Each part starts its own
/// service in a temporary folder. Calls to AWS go to the stand-in, over loopback.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Arguments {
    /// Part to measure; all parts by default
    part: Option<Part>,

    /// Minutes, from 1 to 120, that the harvest queue of the part `queue` takes; an hour shows most
    #[arg(long, default_value_t = 2, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=120))]
    queue_minutes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// `POST /api/clip` over HTTP: time until the reply, and until the preview is complete
    Clip,
    /// Lists of 10 to 100,000 clips over HTTP: time and read units of a page; a new clip plays
    Library,
    /// The functions between the end of a harvest job and a listed clip: time
    Asset,
    /// The functions between the end of a harvest job and a clip's MP4: time
    Files,
    /// `transcode-upload`: time from an uploaded object to its job, memory, a burst of 500 files
    Upload,
    /// Clips that end in the future: time from the last segment to the harvest job
    Due,
    /// The harvest queue: 500 clips in 10 s, ten concurrent harvest jobs
    Burst,
    /// A long harvest queue: order, and messages in dead-letter queues
    Queue,
    /// Ten operators beside an anonymous client of 1,000 requests a second
    Abuse,
    /// A million phones that open one clip: the requests that reach the functions
    Crowd,
    /// 10,000 marks an hour: time from a mark to its suggestion in the feed, and to its ready clip
    Marks,
    /// The sweep over 10,000 pending clips: duration of a run
    Sweep,
    /// Each Lambda function: binary size, init time, processor time of an invocation, peak memory
    Lambda,
    /// The program `local`: time until it is ready and on air, and processor time while idle
    Local,
}

fn main() -> ExitCode {
    let Arguments { part, queue_minutes } = Arguments::parse();
    let queue_length = Duration::from_mins(queue_minutes);
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "error,s3s=off".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let mut table = Table::default();
    let mut parts = Part::value_variants()
        .iter()
        .filter(|candidate| part.is_none_or(|part| part == **candidate));
    let result = parts.try_for_each(|part| measure(*part, queue_length, &mut table));
    print!("{table}");
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {}", matchcut::error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

/// Measures a part in its own folder and on its own runtime, so that tasks and files that the part
/// leaves behind end with the part.
fn measure(part: Part, queue_length: Duration, table: &mut Table) -> Result<(), BenchError> {
    eprintln!("measuring: {}", format!("{part:?}").to_lowercase());
    let folder = tempfile::tempdir().map_err(BenchError::Folder)?;
    let folder = folder.path();
    // Declared after the folder, so that the runtime ends before the folder is removed.
    let runtime = Runtime::new().map_err(BenchError::Runtime)?;
    runtime.block_on(async {
        match part {
            Part::Clip => clip::measure(table, folder).await,
            Part::Library => library::measure(table, folder).await,
            Part::Asset => Box::pin(asset::measure(table, folder)).await,
            Part::Files => Box::pin(files::measure(table, folder)).await,
            Part::Upload => Box::pin(upload::measure(table, folder)).await,
            Part::Due => Box::pin(due::measure(table, folder)).await,
            Part::Burst => Box::pin(burst::measure(table, folder)).await,
            Part::Queue => Box::pin(queue::measure(table, folder, queue_length)).await,
            Part::Abuse => Box::pin(abuse::measure(table, folder)).await,
            Part::Crowd => Box::pin(crowd::measure(table, folder)).await,
            Part::Marks => Box::pin(marks::measure(table, folder)).await,
            Part::Sweep => Box::pin(sweep::measure(table, folder)).await,
            Part::Lambda => lambda::measure(table, folder).await,
            Part::Local => local::measure(table, folder).await,
        }
    })
}

//! `chaos`: injects faults into the whole service and checks that no clip is lost.
//!
//! Many clients create, upload, retry and delete clips. Meanwhile events are lost, repeated and
//! delayed, API calls are throttled and fail, and functions are cut off at their calls to AWS. At
//! the end, everything that the API promised must exist exactly once, and nothing else may exist.
//! All limits of AWS hold meanwhile.

mod account;
mod clients;
mod faults;
mod progress;
mod promises;
mod service;
mod verification;
mod viewer;

use std::process::ExitCode;
use std::time::Instant;

use chrono::Utc;
use clap::Parser;
use matchcut_local::{Limits, Stack};
use tokio::runtime::Builder;

use crate::clients::Clients;
use crate::promises::Promises;
use crate::verification::{Counts, Verification};
use crate::viewer::Viewer;

/// Creates clips from many clients while faults are injected, and checks that none is lost.
///
/// The first line of the output is the seed. With `--seed`, the same random choices are made again
/// and the same calls are cut off, as far as the order of concurrent work allows.
///
/// The limits have AWS's published values. MediaPackage's five calls a second decide how long a run
/// takes: 10,000 clips take about 150 min. With `--media-package-rate 1000`, a run takes as long as
/// this machine needs.
///
/// The exit status is 1 if a clip was lost, created twice or listed before it played, or if
/// anything remains that belongs to no clip.
#[derive(Clone, Debug, Parser)]
#[command(name = "chaos", version)]
pub(crate) struct Arguments {
    /// Number of clips to create
    #[arg(long, default_value_t = 10_000)]
    clips: u64,

    /// Number of concurrent clients, each working on one clip at a time
    #[arg(long, default_value_t = 400)]
    clients: u64,

    /// Share of clips that are uploaded files, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    uploads: f64,

    /// Share of clips that are deleted, from 0 to 1; half of them right after their creation
    #[arg(long = "regrets", value_name = "SHARE", default_value_t = 0.04)]
    deletions: f64,

    /// Share of harvest and transcode jobs that fail, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    failures: f64,

    /// Seed of the random choices; chosen at random by default
    #[arg(long)]
    seed: Option<u64>,

    #[command(flatten)]
    limits: Limits,
}

/// The stack of each thread. In an unoptimized build, the futures of the AWS SDKs need more than
/// the default of 2 MiB.
const THREAD_STACK_SIZE: usize = 16 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let runtime =
        Builder::new_multi_thread().enable_all().thread_stack_size(THREAD_STACK_SIZE).build();
    let runtime = runtime.expect("could not start the runtime");
    let (_, violations) = runtime.block_on(run(&arguments));
    if violations.is_empty() {
        println!("passed: no clip was lost or created twice, and nothing is left over");
        return ExitCode::SUCCESS;
    }
    for violation in &violations {
        println!("FAILED: {violation}");
    }
    ExitCode::FAILURE
}

/// Runs the clients and the checks, and prints the figures. Returns the counts and the violations.
async fn run(arguments: &Arguments) -> (Counts, Vec<String>) {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let clips = arguments.clips;
    println!("seed {seed}; to repeat the run, add --seed {seed} to its arguments");
    println!("{}", progress::describe_limits(arguments));
    let folder = tempfile::tempdir().expect("could not create a temporary folder");
    let recording_start = service::recording_start(Utc::now());
    let faults = faults::plan_faults(arguments, seed);
    let limits = arguments.limits;
    let options = service::build_options(folder.path(), faults, limits, recording_start);
    let stack = Stack::start(options).await.expect("could not start the stack");
    stack.on_air(service::SEGMENTS).await;
    let video = service::make_video(folder.path()).await;

    let started = Instant::now();
    let promises = Promises::default();
    let viewer = Viewer::start(&stack, &promises);
    let clients = Clients::new(&stack, &promises, arguments, seed, recording_start, video);
    tokio::select! {
        () = clients.run() => {}
        () = progress::report(&promises, clips) => {}
    }
    let duration = started.elapsed();
    let viewer = viewer.stop().await;
    let verification = Verification::run(&stack, &promises, viewer, folder.path()).await;
    println!("{}", verification.summary);
    let rate = progress::count(clips) / duration.as_secs_f64();
    println!("duration  {:.0} s, {rate:.1} clips per second", duration.as_secs_f64());
    println!(
        "sweep     {} clips moved on by the sweep, not by an event",
        stack.functions.repaired()
    );
    println!("function               runs  cut off     AWS calls");
    for (function, tally) in stack.functions.tallies() {
        println!("{function:<20} {:>6}  {:>7}  {:>12}", tally.runs, tally.cut, tally.calls);
    }
    stack.stop().await;
    (verification.counts, verification.violations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_clip_is_lost_while_faults_are_injected() {
        // The limits but MediaPackage's rate are AWS's: at that rate, this test would take minutes.
        let arguments = Arguments::parse_from([
            "chaos",
            "--clips=60",
            "--clients=60",
            "--uploads=0.2",
            "--regrets=0.15",
            "--failures=0.15",
            "--media-package-rate=1000",
        ]);
        let (counts, violations) = run(&arguments).await;
        assert_eq!(violations, [""; 0]);
        let Counts { ready, uploaded, failed, deleted, retries } = counts;
        assert!(ready > 0 && uploaded > 0 && deleted > 0, "too few kinds of clips: {counts:?}");
        assert!(failed > 0 || retries > 0, "no clip failed or was retried: {counts:?}");
    }
}

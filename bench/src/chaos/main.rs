//! `chaos`: bad weather for the whole service, and the proof that no clip is lost in it.
//!
//! Clips are cut, uploaded, deleted and tried again by many clients, while events get lost, come
//! twice and late, calls are throttled and fail, and functions are cut off at their calls to AWS.
//! At the end, everything that was promised has to be there once, and nothing else.

mod account;
mod crowd;
mod reckoning;
mod viewer;
mod weather;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use matchcut_local::Stack;
use tokio::runtime::Builder;

use crate::crowd::{Crowd, Ledger};
use crate::reckoning::{Counts, Reckoning};
use crate::viewer::Viewer;

/// Has many clients cut, upload, delete and retry clips in bad weather, and counts what is left.
///
/// Prints its seed first: with `--seed`, the same choices are made and the same calls are cut off
/// again, as far as the order of things allows. Ends with 1 if a clip was lost, made twice, listed
/// before it played, or if anything was left over.
#[derive(Clone, Debug, Parser)]
#[command(name = "chaos", version)]
pub(crate) struct Arguments {
    /// How many clips are made
    #[arg(long, default_value_t = 10_000)]
    clips: u64,

    /// How many clients make them, each one after the other
    #[arg(long, default_value_t = 400)]
    clients: u64,

    /// The share of clips that are uploaded files
    #[arg(long, default_value_t = 0.02)]
    uploads: f64,

    /// The share of clips that are deleted, half of them before they are ready
    #[arg(long, default_value_t = 0.04)]
    regrets: f64,

    /// The share of harvests and transcodes that fail
    #[arg(long, default_value_t = 0.02)]
    failures: f64,

    /// Makes chance repeat itself
    #[arg(long)]
    seed: Option<u64>,
}

/// Of each thread: unoptimized, the futures of the AWS SDKs take more than the usual 2 MiB.
const STACK: usize = 16 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "off".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let runtime = runtime.expect("the system has threads to give");
    let (_, faults) = runtime.block_on(run(&arguments));
    if faults.is_empty() {
        println!("no clip was lost, none was made twice, nothing is left over");
        return ExitCode::SUCCESS;
    }
    for fault in &faults {
        println!("WRONG: {fault}");
    }
    ExitCode::FAILURE
}

/// Runs the whole of it; what became of the clips, and what went wrong.
async fn run(arguments: &Arguments) -> (Counts, Vec<String>) {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let Arguments { clips, clients, uploads, regrets, failures, seed: _ } = *arguments;
    println!(
        "seed {seed}; again with: make chaos ARGS=\"--clips {clips} --clients {clients} \
         --uploads {uploads} --regrets {regrets} --failures {failures} --seed {seed}\""
    );
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let options = weather::options(folder.path(), arguments, seed);
    let stack = Stack::start(options).await.expect("the stack starts in an empty folder");
    stack.on_air(weather::SEGMENTS).await;
    let file = weather::video(folder.path()).await;

    let begun = Instant::now();
    let ledger = Ledger::default();
    let viewer = Viewer::start(&stack, &ledger);
    let crowd = Crowd::new(&stack, &ledger, arguments, seed, file);
    let report = report(&ledger, clips);
    tokio::select! {
        () = crowd.work() => {}
        () = report => {}
    }
    let took = begun.elapsed();
    let watch = viewer.stop().await;
    let reckoning = Reckoning::of(&stack, &ledger, watch, folder.path()).await;
    println!("{}", reckoning.summary);
    println!("time      {:.0} s, {:.1} clips a second", took.as_secs_f64(), rate(clips, took));
    println!("repairs   {} clips moved by the sweep alone", stack.functions.repaired());
    println!("function               runs  cut off  calls of AWS");
    for (function, tally) in stack.functions.tallies() {
        println!("{function:<20} {:>6}  {:>7}  {:>12}", tally.runs, tally.cut, tally.calls);
    }
    stack.stop().await;
    (reckoning.counts, reckoning.faults)
}

/// Says how far it is, for as long as it goes on.
async fn report(ledger: &Ledger, clips: u64) {
    let mut ticks = tokio::time::interval(Duration::from_secs(10));
    ticks.tick().await;
    loop {
        ticks.tick().await;
        eprintln!("{} of {clips} clips came to their end", ledger.ended());
    }
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn rate(clips: u64, took: Duration) -> f64 {
    clips as f64 / took.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_clip_is_lost_in_bad_weather() {
        let arguments = Arguments {
            clips: 60,
            clients: 60,
            uploads: 0.2,
            regrets: 0.15,
            failures: 0.15,
            seed: None,
        };
        let (counts, faults) = run(&arguments).await;
        assert_eq!(faults, [""; 0]);
        let Counts { ready, uploaded, failed, deleted, retries } = counts;
        assert!(0 < ready && 0 < uploaded && 0 < deleted, "too little went on: {counts:?}");
        assert!(0 < failed || 0 < retries, "too little went wrong: {counts:?}");
    }
}

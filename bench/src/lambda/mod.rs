//! Measures the size of the Lambda functions' binary, and each function's init time, processor time
//! and peak memory.

mod function;
mod invocations;
mod receiver;
mod runtime_api;

use std::fs;
use std::path::Path;

pub(crate) use function::Function;
use function::PROGRAM;
use matchcut::config::Variables;
use receiver::Receiver;

use crate::error::BenchError;
use crate::process::find_program;
use crate::stack::Service;
use crate::table::Table;
use crate::timings::{Timings, format_milliseconds};

const FUNCTIONS: [&str; 32] = [
    "create-clip",
    "list-clips",
    "list-changes",
    "show-clip",
    "follow-clip",
    "update-clip",
    "delete-clip",
    "restore-clip",
    "retry-clip",
    "grant-playback",
    "list-channels",
    "start-channel",
    "stop-channel",
    "show-timeline",
    "show-page",
    "describe-embed",
    "show-feed",
    "show-sitemap",
    "harvest-clip",
    "harvest-complete",
    "asset-playable",
    "create-upload",
    "list-upload-parts",
    "complete-upload",
    "transcode-upload",
    "transcode-complete",
    "sweep-library",
    "announce-clip",
    "deliver-webhook",
    "scope-token",
    "refuse-request",
    "show-health",
];
const STARTS: usize = 20;

/// Starts each function 20 times while the rest of the service is idle, then invokes it.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let receiver = Receiver::start().await.map_err(BenchError::Receiver)?;
    let service = &Service::start_private(&receiver.url, folder).await?;
    let mut inits = FUNCTIONS.map(|_| Timings::default());
    for _ in 0..STARTS {
        for (name, init) in FUNCTIONS.into_iter().zip(&mut inits) {
            let (function, duration) =
                Function::start(name, &build_environment(name, service)).await?;
            function.stop().await?;
            init.add(duration);
        }
    }

    let path = find_program(PROGRAM)?;
    let size = fs::metadata(&path).map_err(|source| BenchError::ReadFile { path, source })?.len();
    table.add("the binary of all Lambda functions", format_megabytes(size), "under 24 MB");
    table.add_heading(format!(
        "each Lambda function: init, median of {STARTS}; processor time of an invocation, mean of \
         {0}; peak memory after {0} invocations",
        invocations::EVENTS_PER_FUNCTION
    ));
    for (name, init) in FUNCTIONS.into_iter().zip(inits) {
        eprintln!("invoking {name}");
        let (mut function, _) = Function::start(name, &build_environment(name, service)).await?;
        let events = invocations::prepare_events(name, service).await?;
        let before = function.read_processor_time()?;
        for event in &events {
            function.invoke(event).await?;
        }
        let used = function.read_processor_time()?.saturating_sub(before);
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let mean = format_milliseconds(used / count);
        let peak = function.read_peak_memory()?;
        function.stop().await?;
        let peak = format_megabytes(peak);
        let measured = format!("{:>7}, {mean:>7}, {peak:>7}", format_milliseconds(init.median()));
        table.add(format!("  {name}"), measured, "under 10 ms; 1 ms for list-clips; 30 MB");
    }
    Ok(())
}

/// Builds the environment of a function: the variables of all functions, and those that a
/// deployment sets for this function only. The library is public, but for `grant-playback`.
fn build_environment(name: &str, service: &Service) -> Variables {
    let variables = &service.stack.variables;
    let own: Variables = match name {
        "deliver-webhook" => {
            let sqs = variables.get("AWS_ENDPOINT_URL_SQS").unwrap_or_default();
            let subscriber = service.stack.webhooks.first();
            subscriber.map(|webhook| webhook.variables(sqs)).unwrap_or_default()
        }
        "scope-token" => {
            let scopes = r#"{"operator":["matchcut/clips.write","matchcut/clips.read"]}"#;
            [("GROUP_SCOPES", scopes)].into_iter().collect()
        }
        "refuse-request" => [("CONTRACT_METHODS", r#"{"/api/clip":"POST"}"#)].into_iter().collect(),
        _ => Variables::default(),
    };
    let is_private = name == "grant-playback";
    let shared = variables.iter().filter(|(name, _)| is_private || !name.starts_with("PLAYBACK_"));
    shared.chain(own.iter()).collect()
}

fn format_megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

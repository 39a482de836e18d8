//! Measures the size of the Lambda functions' binary, and each function's init time and peak memory.

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

const FUNCTIONS: [&str; 21] = [
    "create-clip",
    "list-clips",
    "show-clip",
    "update-clip",
    "delete-clip",
    "retry-clip",
    "grant-playback",
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
    table.add("the binary of all Lambda functions", format_megabytes(size), "under 16 MB");
    table.add_heading(format!(
        "each Lambda function: init, median of {STARTS}; peak memory after {} invocations",
        invocations::EVENTS_PER_FUNCTION
    ));
    for (name, init) in FUNCTIONS.into_iter().zip(inits) {
        let (mut function, _) = Function::start(name, &build_environment(name, service)).await?;
        for event in invocations::prepare_events(name, service).await? {
            function.invoke(&event).await?;
        }
        let peak = function.read_peak_memory()?;
        function.stop().await?;
        let peak = format_megabytes(peak);
        let measured = format!("{:>7}, {peak:>7}", format_milliseconds(init.median()));
        table.add(format!("  {name}"), measured, "under 10 ms, 30 MB");
    }
    Ok(())
}

/// Builds the environment of a function: the variables of all functions, and those that a
/// deployment sets for this function only.
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
    variables.iter().chain(own.iter()).collect()
}

fn format_megabytes(bytes: u64) -> String {
    let tenths = (bytes + 50_000) / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

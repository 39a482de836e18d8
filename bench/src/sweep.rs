//! A sweep that finds ten thousand clips unfinished.

use std::path::Path;

use chrono::Utc;
use matchcut::clip::CompetitionId;
use matchcut::config::Variables;
use matchcut::library::{Status, Sweep};
use matchcut_local::{Run, interruptible};
use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::rows;
use crate::stack::{Background, Service, window};
use crate::table::Table;
use crate::timings::{Timings, timed};

const UNFINISHED: usize = 10_000;
const RUNS: usize = 5;

/// Runs of the sweep over a library where every clip is unfinished, and due.
///
/// Each run counts them all for its metrics, as a deployed one does; those go to the output of this
/// program, as to the log of the function.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Still, folder).await?;
    fill(service).await?;
    let measured = [("METRICS_NAMESPACE", "Matchcut/bench")];
    let variables: Variables = service.stack.variables.iter().chain(measured).collect();
    let sweep = Sweep::new(&interruptible(&service.stack.sdk), &variables)?;
    let (mut looks, mut calls, mut times) = (Vec::new(), Vec::new(), Timings::default());
    for _ in 0..RUNS {
        let run = Run::whole();
        let (swept, took) = timed(run.execute(Box::pin(sweep.run(Utc::now())))).await;
        let swept = swept.ok_or(BenchError::Late { what: "a run of the sweep" })??;
        looks.push(swept.looked_at);
        calls.push(run.calls());
        times.add(took);
    }
    table.heading(format!("{RUNS} runs of the sweep, {UNFINISHED} unfinished clips, all due"));
    table.add("  looks, each run", listed(&looks), "");
    table.add("  calls of AWS, each run", listed(&calls), "");
    table.add("  time of a run", times, "under 60 s, its period");
    Ok(())
}

fn listed(counts: &[usize]) -> String {
    counts.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

async fn fill(service: &Service) -> Result<(), BenchError> {
    let competition: CompetitionId = "bench-sweep".parse()?;
    let mut writers = JoinSet::new();
    for number in 0..UNFINISHED {
        if 16 <= writers.len()
            && let Some(written) = writers.join_next().await
        {
            written.map_err(|error| BenchError::unexpected("a panic", &error))??;
        }
        let (library, competition) = (service.library.clone(), competition.clone());
        let window = window(number)?;
        writers.spawn(async move {
            rows::write(&library, &competition, window, Status::Packaging).await.map(drop)
        });
    }
    for written in writers.join_all().await {
        written?;
    }
    Ok(())
}

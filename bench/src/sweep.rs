//! Measures the sweep over 10,000 pending clips.

use std::path::Path;

use chrono::Utc;
use matchcut::clip::{CompetitionId, Status};
use matchcut::config::Variables;
use matchcut::lambda::EventHandler as _;
use matchcut::sweep::Sweep;
use matchcut_local::{Run, interruptible};
use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::rows;
use crate::stack::{Background, Service, make_window};
use crate::table::Table;
use crate::timings::{Timings, time};

const PENDING_CLIPS: usize = 10_000;
const RUNS: usize = 2;
const MAX_WRITERS: usize = 16;

/// Runs the sweep over a library in which every clip is pending and due for a check.
///
/// Each run counts all pending clips for its metrics, as a deployed sweep does. The metrics go to
/// the standard output of this program, where a function writes them to its log.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Off, folder).await?;
    write_pending_clips(service).await?;
    let metrics = [("METRICS_NAMESPACE", "Matchcut/bench")];
    let variables: Variables = service.stack.variables.iter().chain(metrics).collect();
    let sweep = Sweep::new(&interruptible(&service.stack.sdk), &variables)?;
    let (mut checks, mut calls, mut durations) = (Vec::new(), Vec::new(), Timings::default());
    for _ in 0..RUNS {
        let run = Run::whole();
        let (swept, duration) = time(run.execute(Box::pin(sweep.run(Utc::now())))).await;
        let swept = swept.ok_or(BenchError::Timeout { what: "a run of the sweep" })??;
        checks.push(swept.checked);
        calls.push(run.calls());
        durations.add(duration);
    }
    table.add_heading(format!(
        "{RUNS} runs of the sweep, {PENDING_CLIPS} pending clips, all due for a check"
    ));
    table.add("  checks in each run", join_counts(&checks), "");
    table.add("  AWS calls in each run", join_counts(&calls), "");
    table.add("  duration of a run", durations, "under 60 s, its schedule");
    Ok(())
}

fn join_counts(counts: &[usize]) -> String {
    counts.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

async fn write_pending_clips(service: &Service) -> Result<(), BenchError> {
    let competition: CompetitionId = "bench-sweep".parse()?;
    let mut writers = JoinSet::new();
    for number in 0..PENDING_CLIPS {
        if writers.len() >= MAX_WRITERS
            && let Some(written) = writers.join_next().await
        {
            written.map_err(|error| BenchError::unexpected("panic of a writer", &error))??;
        }
        let (library, competition) = (service.library.clone(), competition.clone());
        let window = make_window(number)?;
        writers.spawn(async move {
            rows::write_clip(&library, &competition, window, Status::Packaging).await.map(drop)
        });
    }
    for written in writers.join_all().await {
        written?;
    }
    Ok(())
}

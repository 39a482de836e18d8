//! A sweep that finds ten thousand clips unfinished.

use std::path::Path;

use chrono::Utc;
use matchcut::clip::CompetitionId;
use matchcut::library::{Status, Sweep};
use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::rows;
use crate::stack::{Background, Service, window};
use crate::table::Table;
use crate::timings::{milliseconds, timed};

const UNFINISHED: usize = 10_000;

/// One run of the sweep over a library where every clip is unfinished, and due.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = Service::start(Background::Still, folder).await?;
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
    let sweep = Sweep::new(&service.stack.sdk, &service.stack.variables)?;
    let (swept, took) = timed(Box::pin(sweep.run(Utc::now()))).await;
    let swept = swept?;
    table.heading(format!("the sweep, {UNFINISHED} unfinished clips, all due"));
    let measured = format!("{} looks, {}", swept.looked_at, milliseconds(took));
    table.add("  one run", measured, "ends within 2 min");
    Ok(())
}

//! Cutting clips: the reply to `POST /api/clip`, and the preview it names.

use std::path::Path;

use crate::error::BenchError;
use crate::harvest;
use crate::stack::{Background, Service, window};
use crate::table::Table;
use crate::timings::{Timings, timed};

const AT_REST: usize = 100;
const IN_A_ROW: usize = 300;

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    table.heading("POST /api/clip over HTTP, with start and end");
    at_rest(table, &folder.join("still")).await?;
    in_a_row(table, &folder.join("normal")).await
}

/// Cuts each clip once the one before is harvested, while nothing else goes on.
async fn at_rest(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = Service::start(Background::Still, folder).await?;
    let competition = "bench-clip-at-rest".parse()?;
    let mut replies = Timings::default();
    for number in 0..AT_REST {
        let (clip, took) = harvest::cut(&service, &competition, window(number)?).await?;
        replies.add(took);
        harvest::done(&service, &clip).await?;
    }
    service.stack.stop().await;
    table.add(format!("  reply, {AT_REST} clips, nothing else going on"), replies, "");
    Ok(())
}

/// Cuts one clip after the other, while those before are harvested and ingested.
async fn in_a_row(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Normal, folder).await?;
    let competition = "bench-clip-in-a-row".parse()?;
    let (mut replies, mut previews) = (Timings::default(), Timings::default());
    let (mut queued, mut playing) = (0, 0);
    for number in 0..IN_A_ROW {
        let (clip, took) = harvest::cut(service, &competition, window(number)?).await?;
        replies.add(took);
        queued += usize::from(clip["status"] == "queued");

        let preview = clip["preview"].as_str().unwrap_or_default();
        let (plays, took) = timed(service.api.plays(preview)).await;
        previews.add(took);
        playing += usize::from(plays?);
    }
    table.add(format!("  reply, {IN_A_ROW} clips in a row ({queued} were queued)"), replies, "");
    let what = format!("  from reply to ENDLIST of the preview ({playing} of {IN_A_ROW} had it)");
    table.add(what, previews, "at once");
    Ok(())
}

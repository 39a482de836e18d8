//! Measures `POST /api/clip`: the response time, and the time until the preview is complete.

use std::path::Path;

use crate::error::BenchError;
use crate::harvest;
use crate::stack::{Background, Service, make_window};
use crate::table::Table;
use crate::timings::{Timings, time};

const IDLE_CLIPS: usize = 100;
const SUCCESSIVE_CLIPS: usize = 300;

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    table.add_heading("POST /api/clip over HTTP, with start and end");
    measure_idle(table, &folder.join("idle")).await?;
    measure_successive(table, &folder.join("normal")).await
}

/// Creates each clip after the harvest of the one before, while nothing else runs.
async fn measure_idle(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = Service::start(Background::Off, folder).await?;
    let competition = "bench-clip-at-rest".parse()?;
    let mut replies = Timings::default();
    for number in 0..IDLE_CLIPS {
        let window = make_window(number)?;
        let (clip, duration) = harvest::create_clip(&service, &competition, window).await?;
        replies.add(duration);
        harvest::wait_for_harvest(&service, &clip).await?;
    }
    service.stack.stop().await;
    table.add(format!("  reply, {IDLE_CLIPS} clips, service otherwise idle"), replies, "");
    Ok(())
}

/// Creates one clip after the other, while earlier clips are harvested and packaged.
async fn measure_successive(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Normal, folder).await?;
    let competition = "bench-clip-in-a-row".parse()?;
    let (mut replies, mut previews) = (Timings::default(), Timings::default());
    let (mut queued, mut complete) = (0, 0);
    for number in 0..SUCCESSIVE_CLIPS {
        let window = make_window(number)?;
        let (clip, duration) = harvest::create_clip(service, &competition, window).await?;
        replies.add(duration);
        queued += usize::from(clip["status"] == "queued");

        let preview = clip["preview"].as_str().unwrap_or_default();
        let (is_complete, duration) = time(service.api.has_endlist(preview)).await;
        previews.add(duration);
        complete += usize::from(is_complete?);
    }
    let what = format!("  reply, {SUCCESSIVE_CLIPS} clips in a row ({queued} queued)");
    table.add(what, replies, "");
    let what =
        format!("  reply to preview with EXT-X-ENDLIST ({complete} of {SUCCESSIVE_CLIPS} have it)");
    table.add(what, previews, "at once");
    Ok(())
}

//! Measures a long harvest queue: no message ends in a dead-letter queue, and no clip is overtaken.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use chrono::{TimeDelta, Utc};
use matchcut::clip::{ClipKey, CompetitionId, Status, Window, floor_second};
use matchcut::harvest::DueQueue;

use crate::error::BenchError;
use crate::harvest_queue::{CONCURRENT_JOBS, count_overtaken, wait_until_harvested};
use crate::rows::write_new_clip;
use crate::stack::{Background, Service, make_window};
use crate::table::Table;

const HARVEST_DURATION: Duration = Duration::from_secs(10);
/// How long ago the first clip was queued, by its row.
const OLDEST: TimeDelta = TimeDelta::hours(1);

/// Queues as many clips as the harvest jobs take `length` for, and waits until all are harvested.
///
/// The rows say that the clips were queued in the past hour, as if the clock had been moved. Each clip
/// has a due message.
pub(crate) async fn measure(
    table: &mut Table,
    folder: &Path,
    length: Duration,
) -> Result<(), BenchError> {
    let service = &Service::start(Background::SlowJobs(HARVEST_DURATION), folder).await?;
    let started = Instant::now();
    let keys = queue_clips(service, length).await?;
    let clips = keys.len();
    wait_until_harvested(service, clips).await?;
    let duration = started.elapsed();

    table.add_heading(format!(
        "a harvest queue of {} min: {clips} clips for {CONCURRENT_JOBS} jobs of {} s; the first clip was \
         queued an hour ago",
        length.as_secs() / 60,
        HARVEST_DURATION.as_secs()
    ));
    let ratio = duration.as_secs_f64() / length.as_secs_f64();
    let minutes = duration.as_secs_f64() / 60.0;
    let measured = format!("{minutes:.1} min, ratio {ratio:.3}");
    table.add("  time until all are harvested", measured, "ratio under 1.1");
    let overtaken = count_overtaken(service, &keys).await?;
    let what = "  clips whose harvest job started at least 1 s after that of a newer clip";
    table.add(what, format!("{overtaken} of {clips}"), "none");
    let dead = count_dead_letters(folder).map_err(BenchError::Folder)?;
    table.add("  messages in dead-letter queues", dead, "none");
    Ok(())
}

/// Writes the rows of queued clips, the oldest first, and sends their due messages.
async fn queue_clips(service: &Service, length: Duration) -> Result<Vec<ClipKey>, BenchError> {
    let competition: CompetitionId = "bench-queue".parse()?;
    let messages = DueQueue::from_variables(&service.stack.sdk, &service.stack.variables)?;
    // A job ends each second, because ten jobs take 10 s each.
    let clips = i32::try_from(length.as_secs()).unwrap_or(i32::MAX);
    let now = Utc::now();
    let mut keys = Vec::new();
    for (number, left) in (1..=clips).rev().enumerate() {
        let start = make_window(number)?.start();
        let window = Window::new(start, start + TimeDelta::seconds(4))?;
        let queued_at = floor_second(now - OLDEST * left / clips);
        let key = write_new_clip(service, &competition, window, Status::Queued, queued_at).await?;
        messages.send(&key, TimeDelta::zero()).await?;
        keys.push(key);
    }
    Ok(keys)
}

/// Counts the messages in the dead-letter queues of all queues. The stand-in keeps each message in a
/// file.
fn count_dead_letters(folder: &Path) -> io::Result<usize> {
    let mut count = 0;
    for queue in fs::read_dir(folder.join("queues"))? {
        count += fs::read_dir(queue?.path().join("dead-letters"))?.count();
    }
    Ok(count)
}

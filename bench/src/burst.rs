//! Measures the harvest queue: clips are created faster than they are harvested.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use matchcut::clip::{ClipKey, CompetitionId, Window};
use serde_json::Value;

use crate::error::BenchError;
use crate::harvest;
use crate::harvest_queue::{CONCURRENT_JOBS, count_overtaken, wait_until_harvested};
use crate::stack::{Background, Service, make_window};
use crate::table::Table;
use crate::timings::{Timings, format_milliseconds};

const CLIPS: u32 = 500;
const CLIENTS: u32 = 32;
/// The period in which the clips are created.
const BURST_DURATION: Duration = Duration::from_secs(10);
/// With ten jobs of 4 s, a harvest ends 2.5 times a second. MediaPackage accepts five calls a second, so
/// the jobs decide how long the clips take, and not the rate.
const HARVEST_DURATION: Duration = Duration::from_secs(4);
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Counts from the last harvest. Packaging takes about as long as a harvest.
const LIST_TIMEOUT: Duration = Duration::from_mins(2);

/// Creates clips from many clients at once, and waits until all are harvested and ready.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::SlowJobs(HARVEST_DURATION), folder).await?;
    let competition: CompetitionId = "bench-burst".parse()?;
    let started = Instant::now();
    let replies = futures_util::future::try_join_all(
        (0..CLIENTS).map(|client| run_client(service, &competition, client, started)),
    );
    let (mut timings, mut keys) = (Timings::default(), Vec::new());
    for (clip, duration) in replies.await?.into_iter().flatten() {
        timings.add(duration);
        let id = clip["clip"].as_str().unwrap_or_default();
        keys.push(ClipKey { competition: competition.clone(), clip: id.parse()? });
    }
    wait_until_harvested(service, keys.len()).await?;
    let until_harvested = started.elapsed();
    let mut polls = tokio::time::interval(POLL_INTERVAL);
    loop {
        let listed = count_listed(service, &competition).await?;
        if listed == keys.len() {
            break;
        }
        if started.elapsed() > until_harvested + LIST_TIMEOUT {
            return Err(BenchError::unexpected("number of listed clips", &listed));
        }
        polls.tick().await;
    }
    let until_ready = started.elapsed();
    let ideal = HARVEST_DURATION * CLIPS / CONCURRENT_JOBS;
    let compare_to_ideal = |duration: Duration| {
        let ratio = duration.as_secs_f64() / ideal.as_secs_f64();
        format!("{}, ratio {ratio:.3}", format_milliseconds(duration))
    };
    table.add_heading(format!(
        "{CLIPS} clips in {} s from {CLIENTS} clients, through the throttle of the API; \
         {CONCURRENT_JOBS} concurrent harvest jobs of {} s",
        BURST_DURATION.as_secs(),
        HARVEST_DURATION.as_secs()
    ));
    let what = format!("  reply to POST /api/clip, {} of {CLIPS} accepted", keys.len());
    table.add(what, timings, "");
    let what = format!("  time until all are harvested, ideal {} s", ideal.as_secs());
    table.add(what, compare_to_ideal(until_harvested), "ratio under 1.1");
    let what = format!("  time until all are ready, ideal {} s", ideal.as_secs());
    table.add(what, compare_to_ideal(until_ready), "");
    let overtaken = count_overtaken(service, &keys).await?;
    let what = "  clips whose harvest job started at least 1 s after that of a newer clip";
    table.add(what, format!("{overtaken} of {CLIPS}"), "none");
    Ok(())
}

/// Creates every `CLIENTS`th clip, each at its share of the burst's duration.
async fn run_client(
    service: &Service,
    competition: &CompetitionId,
    client: u32,
    started: Instant,
) -> Result<Vec<(Value, Duration)>, BenchError> {
    let mut replies = Vec::new();
    for number in (client..CLIPS).step_by(CLIENTS as usize) {
        let at = started + BURST_DURATION * number / CLIPS;
        tokio::time::sleep_until(at.into()).await;
        // Two segments: harvesting more of them would use processor time that is measured.
        let start = make_window(number as usize)?.start();
        let window = Window::new(start, start + TimeDelta::seconds(4))?;
        replies.push(harvest::create_clip(service, competition, window).await?);
    }
    Ok(replies)
}

async fn count_listed(service: &Service, competition: &CompetitionId) -> Result<usize, BenchError> {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let mut query = vec![("limit", "100")];
        if !cursor.is_empty() {
            query.push(("cursor", &cursor));
        }
        let (page, _) = service.api.list_clips(competition.as_str(), &query).await?;
        count += page["clips"].as_array().map_or(0, Vec::len);
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return Ok(count),
        }
    }
}

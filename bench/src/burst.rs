//! Measures the harvest queue: clips are created faster than they are harvested.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_mediapackage::types::{HarvestJob, Status};
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{Attempt, ClipKey, CompetitionId, Window};
use serde_json::Value;

use crate::error::BenchError;
use crate::harvest;
use crate::stack::{Background, Service, make_window};
use crate::table::Table;
use crate::timings::{Timings, format_milliseconds};

const CLIPS: u32 = 500;
const CLIENTS: u32 = 32;
/// The period in which the clips are created.
const BURST_DURATION: Duration = Duration::from_secs(10);
const HARVEST_DURATION: Duration = Duration::from_secs(2);
/// How many harvest jobs MediaPackage runs at once.
const CONCURRENT_JOBS: u32 = 10;
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
    let mut polls = tokio::time::interval(POLL_INTERVAL);
    // A call of ListHarvestJobs counts towards MediaPackage's rate, so none is made while clips wait.
    while service.library.count_queued(None).await? > 0 || !all_are_harvested(service).await? {
        polls.tick().await;
    }
    let until_harvested = started.elapsed();
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

/// Whether every clip is harvested. A failed harvest job is an error.
async fn all_are_harvested(service: &Service) -> Result<bool, BenchError> {
    let jobs = list_harvest_jobs(service).await?;
    let with_status =
        |status: Status| jobs.iter().filter(move |job| job.status.as_ref() == Some(&status));
    if let Some(failed) = with_status(Status::Failed).next() {
        let id = failed.id.as_deref().unwrap_or_default();
        return Err(BenchError::unexpected("failed harvest job", &id));
    }
    Ok(with_status(Status::Succeeded).count() == CLIPS as usize)
}

async fn list_harvest_jobs(service: &Service) -> Result<Vec<HarvestJob>, BenchError> {
    let client = aws_sdk_mediapackage::Client::new(&service.stack.sdk);
    let jobs = client.list_harvest_jobs().into_paginator().items().send().try_collect().await;
    jobs.map_err(|error| BenchError::MediaPackage(Box::new(error.into())))
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

/// Counts the clips whose harvest job was created later than the job of a newer clip.
///
/// MediaPackage gives the creation time of a job in whole seconds, so clips that were overtaken
/// within the same second are not counted.
async fn count_overtaken(service: &Service, keys: &[ClipKey]) -> Result<usize, BenchError> {
    let jobs = list_harvest_jobs(service).await?;
    let mut job_times: BTreeMap<_, _> = jobs.into_iter().filter_map(read_creation_time).collect();
    let mut clips: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    for key in keys {
        let row = service.library.find(key).await?;
        let row = row.ok_or_else(|| BenchError::unexpected("clip without a row", key))?;
        let job_time = job_times.remove(key);
        let job_time =
            job_time.ok_or_else(|| BenchError::unexpected("clip without a harvest job", key))?;
        clips.push((row.created_at, job_time));
    }
    clips.sort_unstable();
    let mut earliest_newer = DateTime::<Utc>::MAX_UTC;
    Ok(clips
        .into_iter()
        .rev()
        .filter(|(_, job_time)| {
            let is_overtaken = *job_time > earliest_newer;
            earliest_newer = earliest_newer.min(*job_time);
            is_overtaken
        })
        .count())
}

/// The clip of a harvest job and the creation time of the job.
fn read_creation_time(job: HarvestJob) -> Option<(ClipKey, DateTime<Utc>)> {
    let created = DateTime::parse_from_rfc3339(&job.created_at?).ok()?;
    Some((job.id?.parse::<Attempt>().ok()?.clip, created.to_utc()))
}

//! Waits for the harvest queue, and checks that it started its clips in order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_mediapackage::types::{HarvestJob, Status};
use chrono::{DateTime, Utc};
use matchcut::clip::{Attempt, ClipKey};

use crate::error::BenchError;
use crate::stack::Service;

/// How many harvest jobs MediaPackage runs at once.
pub(crate) const CONCURRENT_JOBS: u32 = 10;
const POLL_INTERVAL: Duration = Duration::from_millis(500);
const REPORT_PERIOD: Duration = Duration::from_secs(30);

/// Waits until the harvest queue is empty and all clips are harvested. A failed harvest job is an
/// error.
pub(crate) async fn wait_until_harvested(
    service: &Service,
    clips: usize,
) -> Result<(), BenchError> {
    let mut polls = tokio::time::interval(POLL_INTERVAL);
    let mut reported = Instant::now();
    // A call of ListHarvestJobs counts towards MediaPackage's rate, so none is made while clips wait.
    loop {
        polls.tick().await;
        let queued = service.library.count_queued(None).await?;
        if queued == 0 && all_are_harvested(service, clips).await? {
            return Ok(());
        }
        if reported.elapsed() > REPORT_PERIOD {
            eprintln!("{queued} of {clips} clips are queued");
            reported = Instant::now();
        }
    }
}

async fn all_are_harvested(service: &Service, clips: usize) -> Result<bool, BenchError> {
    let jobs = list_harvest_jobs(service).await?;
    let with_status =
        |status: Status| jobs.iter().filter(move |job| job.status.as_ref() == Some(&status));
    if let Some(failed) = with_status(Status::Failed).next() {
        let id = failed.id.as_deref().unwrap_or_default();
        return Err(BenchError::unexpected("failed harvest job", &id));
    }
    Ok(with_status(Status::Succeeded).count() == clips)
}

async fn list_harvest_jobs(service: &Service) -> Result<Vec<HarvestJob>, BenchError> {
    let client = aws_sdk_mediapackage::Client::new(&service.stack.sdk);
    let jobs = client.list_harvest_jobs().into_paginator().items().send().try_collect().await;
    jobs.map_err(|error| BenchError::MediaPackage(Box::new(error.into())))
}

/// Counts the clips whose harvest job was created later than the job of a newer clip.
///
/// MediaPackage gives the creation time of a job in whole seconds, so clips that were overtaken
/// within the same second are not counted.
pub(crate) async fn count_overtaken(
    service: &Service,
    keys: &[ClipKey],
) -> Result<usize, BenchError> {
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

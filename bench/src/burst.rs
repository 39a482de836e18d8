//! Operators who cut faster than AWS harvests.

use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_mediapackage::types::HarvestJob;
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{Attempt, ClipKey, CompetitionId, Window};
use serde_json::Value;

use crate::error::BenchError;
use crate::harvest;
use crate::stack::{Background, Service, window};
use crate::table::Table;
use crate::timings::{Timings, milliseconds};

const CLIPS: usize = 500;
const CLIENTS: usize = 32;
/// In which the clips are cut.
const SPELL: Duration = Duration::from_secs(10);
/// How long a harvest takes, and how many MediaPackage does at once.
const HARVEST: Duration = Duration::from_secs(2);
const JOBS: u32 = 10;

/// Cuts clips from many clients at once, and waits until all are ready.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Slow(HARVEST), folder).await?;
    let competition: CompetitionId = "bench-burst".parse()?;
    let begun = Instant::now();
    let replies = futures_util::future::try_join_all(
        (0..CLIENTS).map(|client| cut(service, &competition, client, begun)),
    );
    let (mut timings, mut keys) = (Timings::default(), Vec::new());
    for (clip, took) in replies.await?.into_iter().flatten() {
        timings.add(took);
        let part = |name: &str| clip[name].as_str().unwrap_or_default();
        keys.push(ClipKey { competition: competition.clone(), clip: part("clip").parse()? });
    }
    let mut polls = tokio::time::interval(Duration::from_millis(200));
    while !harvested(service).await? {
        polls.tick().await;
    }
    let took = begun.elapsed();
    while listed(service, &competition).await? < CLIPS {
        polls.tick().await;
    }
    let until_ready = begun.elapsed();
    let ideal = HARVEST * u32::try_from(CLIPS).unwrap_or(u32::MAX) / JOBS;
    let ratio = took.as_secs_f64() / ideal.as_secs_f64();
    table.heading(format!(
        "{CLIPS} clips in {} s from {CLIENTS} clients; {JOBS} harvests at once, {} s each",
        SPELL.as_secs(),
        HARVEST.as_secs()
    ));
    table.add(
        format!("  reply to POST /api/clip, {} of {CLIPS} accepted", keys.len()),
        timings,
        "",
    );
    table.add(
        "  time until all are harvested : ideal",
        format!("{}, ratio {ratio:.3}", milliseconds(took)),
        "ratio under 1.1",
    );
    table.add("  time until all are ready", milliseconds(until_ready), "");
    table.add("  first come, first served", in_order(service, &keys).await?.to_string(), "true");
    Ok(())
}

/// What one client does: every so often, it cuts a clip.
async fn cut(
    service: &Service,
    competition: &CompetitionId,
    client: usize,
    begun: Instant,
) -> Result<Vec<(Value, Duration)>, BenchError> {
    let mut replies = Vec::new();
    for number in (client..CLIPS).step_by(CLIENTS) {
        let share = u32::try_from(number).unwrap_or(u32::MAX);
        let at = begun + SPELL * share / u32::try_from(CLIPS).unwrap_or(u32::MAX);
        tokio::time::sleep_until(at.into()).await;
        // Two segments: the cores are for what is measured.
        let start = window(number)?.start();
        let two = Window::new(start, start + TimeDelta::seconds(4))?;
        replies.push(harvest::cut(service, competition, two).await?);
    }
    Ok(replies)
}

/// Whether every clip has been harvested.
async fn harvested(service: &Service) -> Result<bool, BenchError> {
    let client = aws_sdk_mediapackage::Client::new(&service.stack.sdk);
    let list = client.list_harvest_jobs().include_status("SUCCEEDED");
    let mut jobs = list.into_paginator().items().send();
    let mut count = 0;
    while let Some(job) = jobs.next().await {
        job.map_err(|error| BenchError::MediaPackage(Box::new(error.into())))?;
        count += 1;
    }
    Ok(count == CLIPS)
}

async fn listed(service: &Service, competition: &CompetitionId) -> Result<usize, BenchError> {
    let (mut count, mut cursor) = (0, String::new());
    loop {
        let mut query = vec![("limit", "100")];
        if !cursor.is_empty() {
            query.push(("cursor", &cursor));
        }
        let (page, _) = service.api.page(competition.as_str(), &query).await?;
        count += page["clips"].as_array().map_or(0, Vec::len);
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return Ok(count),
        }
    }
}

/// Whether no clip that came later was harvested in an earlier second.
async fn in_order(service: &Service, keys: &[ClipKey]) -> Result<bool, BenchError> {
    let client = aws_sdk_mediapackage::Client::new(&service.stack.sdk);
    let mut jobs = client.list_harvest_jobs().into_paginator().items().send();
    let mut harvests: Vec<(DateTime<Utc>, String)> = Vec::new();
    while let Some(job) = jobs.next().await {
        let job = job.map_err(|error| BenchError::MediaPackage(Box::new(error.into())))?;
        if let Some((clip, made)) = of(job)
            && keys.contains(&clip)
            && let Some(row) = service.library.find(&clip).await?
        {
            harvests.push((row.created_at, made));
        }
    }
    harvests.sort();
    Ok(harvests.len() == keys.len() && harvests.is_sorted_by_key(|(_, made)| made.clone()))
}

/// The clip of a harvest job, and when that was made.
fn of(job: HarvestJob) -> Option<(ClipKey, String)> {
    Some((job.id?.parse::<Attempt>().ok()?.clip, job.created_at?))
}

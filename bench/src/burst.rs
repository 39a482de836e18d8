//! Operators who cut faster than AWS harvests.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_mediapackage::types::{HarvestJob, Status};
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
/// An ingest takes as long as a harvest; whatever is not listed by then never will be.
const PATIENCE: Duration = Duration::from_mins(2);

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
    let until_harvested = begun.elapsed();
    loop {
        let listed = listed(service, &competition).await?;
        if listed == CLIPS {
            break;
        }
        if until_harvested + PATIENCE < begun.elapsed() {
            return Err(BenchError::unexpected("a list that stays incomplete", &listed));
        }
        polls.tick().await;
    }
    let until_ready = begun.elapsed();
    let ideal = HARVEST * u32::try_from(CLIPS).unwrap_or(u32::MAX) / JOBS;
    let against_ideal = |took: Duration| {
        let ratio = took.as_secs_f64() / ideal.as_secs_f64();
        format!("{}, ratio {ratio:.3}", milliseconds(took))
    };
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
    let what = "  time until all are harvested : ideal of their harvests";
    table.add(what, against_ideal(until_harvested), "ratio under 1.1");
    let what = "  time until all are ready : the same ideal";
    table.add(what, against_ideal(until_ready), "");
    let overtaken = overtaken(service, &keys).await?;
    let what = "  clips harvested in a later second than one that came after them";
    table.add(what, format!("{overtaken} of {CLIPS}"), "none");
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

/// Whether every clip has been harvested; an error if one cannot be any more.
async fn harvested(service: &Service) -> Result<bool, BenchError> {
    let jobs = jobs(service).await?;
    let having = |status: Status| jobs.iter().filter(move |it| it.status.as_ref() == Some(&status));
    if let Some(failed) = having(Status::Failed).next() {
        let id = failed.id.as_deref().unwrap_or_default();
        return Err(BenchError::unexpected("a harvest that failed", &id));
    }
    Ok(having(Status::Succeeded).count() == CLIPS)
}

async fn jobs(service: &Service) -> Result<Vec<HarvestJob>, BenchError> {
    let client = aws_sdk_mediapackage::Client::new(&service.stack.sdk);
    let jobs = client.list_harvest_jobs().into_paginator().items().send().try_collect().await;
    jobs.map_err(|error| BenchError::MediaPackage(Box::new(error.into())))
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

/// How many clips were harvested later than one that came after them.
///
/// When a harvest was asked for, MediaPackage tells to the second, so others may have been that
/// overtook within one.
async fn overtaken(service: &Service, keys: &[ClipKey]) -> Result<usize, BenchError> {
    let mut made: BTreeMap<_, _> = jobs(service).await?.into_iter().filter_map(of).collect();
    let mut harvests: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    for key in keys {
        let row = service.library.find(key).await?;
        let row = row.ok_or_else(|| BenchError::unexpected("no row of a clip", key))?;
        let made = made.remove(key);
        let made = made.ok_or_else(|| BenchError::unexpected("no harvest of a clip", key))?;
        harvests.push((row.created_at, made));
    }
    harvests.sort_unstable();
    let mut earliest = DateTime::<Utc>::MAX_UTC;
    Ok(harvests
        .into_iter()
        .rev()
        .filter(|(_, made)| {
            let overtaken = earliest < *made;
            earliest = earliest.min(*made);
            overtaken
        })
        .count())
}

/// The clip of a harvest job, and when that was made.
fn of(job: HarvestJob) -> Option<(ClipKey, DateTime<Utc>)> {
    let made = DateTime::parse_from_rfc3339(&job.created_at?).ok()?;
    Some((job.id?.parse::<Attempt>().ok()?.clip, made.to_utc()))
}

//! Measures clips that end in the future: the time from their last segment to their harvest job.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use futures_util::future::try_join_all;
use matchcut::clip::{ClipKey, CompetitionId, Status, Window, floor_second};
use matchcut::live::{Channels, LiveEndpoint};

use crate::error::BenchError;
use crate::harvest;
use crate::rows::write_new_clip;
use crate::stack::{Background, Service};
use crate::table::Table;
use crate::timings::Timings;

const CLIPS: i32 = 10;
/// How many hours before its end a clip is created. With 0, it is created some seconds before.
const HOURS_AHEAD: [i64; 3] = [0, 2, 4];
const GROUPS: i32 = 3;
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const HARVEST_TIMEOUT: Duration = Duration::from_mins(2);

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Live, folder).await?;
    let competition = &"bench-due".parse()?;
    let all = HOURS_AHEAD.iter().zip(0..).flat_map(|(hours, group)| {
        // The groups alternate, so that no clip waits for one of the ten harvest jobs.
        let position = move |number| number * GROUPS + group;
        (0..CLIPS).map(move |number| measure_clip(service, competition, *hours, position(number)))
    });
    let delays = try_join_all(all).await?;
    table.add_heading(format!(
        "{} clips that end in the future: last segment published to harvest job created",
        delays.len()
    ));
    for (hours, delays) in HOURS_AHEAD.iter().zip(delays.chunks(CLIPS.unsigned_abs() as usize)) {
        let mut timings = Timings::default();
        for delay in delays {
            timings.add(*delay);
        }
        let what = match hours {
            0 => "  created some seconds before their end".to_owned(),
            hours => format!("  created {hours} hours before their end"),
        };
        table.add(what, timings, "under 2 s");
    }
    Ok(())
}

/// Creates a clip that ends some seconds in the future. Returns the time from its last segment to
/// its harvest job.
async fn measure_clip(
    service: &Service,
    competition: &CompetitionId,
    hours: i64,
    position: i32,
) -> Result<Duration, BenchError> {
    let variables = &service.stack.variables;
    let channels: Channels = variables.parsed("CHANNELS")?;
    let live = LiveEndpoint::from_variables(variables)?;
    // Steps of 1.3 s spread the ends over all positions in a 2 s segment.
    let end = Utc::now() + TimeDelta::seconds(12) + TimeDelta::milliseconds(1300) * position;
    let window = Window::new(end - TimeDelta::seconds(8), end)?;
    let key = match hours {
        0 => create_clip(service, competition, window).await?,
        // No message was sent then, so the sweep sends one.
        hours => {
            let created_at = floor_second(window.end() - TimeDelta::hours(hours));
            write_new_clip(service, competition, window, Status::Scheduled, created_at).await?
        }
    };
    let mut published = None;
    let mut polls = tokio::time::interval(POLL_INTERVAL);
    let started = Instant::now();
    while started.elapsed() < HARVEST_TIMEOUT {
        polls.tick().await;
        if published.is_none() {
            let on_air = live.live_timeline(channels.default_channel()).await;
            let is_published = on_air.is_ok_and(|on_air| on_air.end() >= window.end());
            published = is_published.then(Instant::now);
        } else if has_job(service, &key).await? {
            return Ok(published.map(|instant| instant.elapsed()).unwrap_or_default());
        }
    }
    Err(BenchError::Timeout { what: "a harvest job of a clip that ends in the future" })
}

async fn create_clip(
    service: &Service,
    competition: &CompetitionId,
    window: Window,
) -> Result<ClipKey, BenchError> {
    let (clip, _) = harvest::create_clip(service, competition, window).await?;
    let field = |name: &str| clip[name].as_str().unwrap_or_default();
    if field("status") != "scheduled" {
        return Err(BenchError::unexpected("status of a clip that ends in the future", &clip));
    }
    Ok(ClipKey { competition: competition.clone(), clip: field("clip").parse()? })
}

/// Whether the harvest job of a clip has been created. The row says so after MediaPackage has.
async fn has_job(service: &Service, key: &ClipKey) -> Result<bool, BenchError> {
    let clip = service.library.find(key).await?;
    let clip = clip.ok_or_else(|| BenchError::unexpected("clip without a row", key))?;
    match clip.failure {
        Some(failure) => Err(BenchError::unexpected("failed clip", &failure.message)),
        None => Ok(!matches!(clip.status, Status::Scheduled | Status::Queued)),
    }
}

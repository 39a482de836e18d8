//! Measures clips that end in the future: the time from their last segment to their harvest job.

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use futures_util::future::try_join_all;
use matchcut::clip::{Attempt, ClipKey, CompetitionId, Window};
use matchcut::harvest::{HarvestJobs, HarvestState};
use matchcut::live::{Channels, LiveEndpoint};

use crate::error::BenchError;
use crate::harvest;
use crate::stack::{Background, Service};
use crate::table::Table;
use crate::timings::Timings;

const CLIPS: i32 = 20;
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const HARVEST_TIMEOUT: Duration = Duration::from_mins(2);

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Live, folder).await?;
    let competition = &"bench-due".parse()?;
    let clips = (0..CLIPS).map(|number| measure_clip(service, competition, number));
    let mut delays = Timings::default();
    for delay in try_join_all(clips).await? {
        delays.add(delay);
    }
    table.add_heading(format!("{CLIPS} clips that end in the future"));
    table.add("  last segment published to harvest job created", delays, "under 2 s");
    Ok(())
}

/// Creates a clip that ends some seconds in the future. Returns the time from its last segment to
/// its harvest job.
async fn measure_clip(
    service: &Service,
    competition: &CompetitionId,
    number: i32,
) -> Result<Duration, BenchError> {
    let variables = &service.stack.variables;
    let channels: Channels = variables.parsed("CHANNELS")?;
    let live = LiveEndpoint::from_variables(variables)?;
    let harvester = HarvestJobs::from_variables(&service.stack.sdk, variables)?;
    // Steps of 1.3 s spread the ends over all positions in a 2 s segment.
    let end = Utc::now() + TimeDelta::seconds(10) + TimeDelta::milliseconds(1300) * number;
    let window = Window::new(end - TimeDelta::seconds(8), end)?;
    let (clip, _) = harvest::create_clip(service, competition, window).await?;
    let field = |name: &str| clip[name].as_str().unwrap_or_default();
    let key = ClipKey { competition: competition.clone(), clip: field("clip").parse()? };
    let attempt = Attempt { clip: key, number: 1 };
    if field("status") != "scheduled" {
        return Err(BenchError::unexpected("status of a clip that ends in the future", &clip));
    }
    let mut published = None;
    let mut polls = tokio::time::interval(POLL_INTERVAL);
    let started = Instant::now();
    while started.elapsed() < HARVEST_TIMEOUT {
        polls.tick().await;
        if published.is_none() {
            let on_air = live.live_timeline(channels.default_channel()).await;
            let is_published = on_air.is_ok_and(|on_air| on_air.end() >= window.end());
            published = is_published.then(Instant::now);
        } else if harvester.describe(&attempt).await? != HarvestState::NotFound {
            return Ok(published.map(|instant| instant.elapsed()).unwrap_or_default());
        }
    }
    Err(BenchError::Timeout { what: "a harvest job of a clip that ends in the future" })
}

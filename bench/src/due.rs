//! Clips that end in the future: how soon after their last segment their harvest is asked for.

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
const POLL: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_mins(2);

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Live, folder).await?;
    let competition = &"bench-due".parse()?;
    let clips = (0..CLIPS).map(|number| wait(service, competition, number));
    let mut waits = Timings::default();
    for wait in try_join_all(clips).await? {
        waits.add(wait);
    }
    table.heading(format!("{CLIPS} clips whose end has yet to air"));
    table.add("  last segment published to harvest asked for", waits, "under 2 s");
    Ok(())
}

/// Cuts a clip that ends some seconds ahead; from its last segment to its harvest job.
async fn wait(
    service: &Service,
    competition: &CompetitionId,
    number: i32,
) -> Result<Duration, BenchError> {
    let variables = &service.stack.variables;
    let channels: Channels = variables.parsed("CHANNELS")?;
    let live = LiveEndpoint::from_variables(variables)?;
    let harvester = HarvestJobs::from_variables(&service.stack.sdk, variables)?;
    // Ends lie anywhere in a segment.
    let end = Utc::now() + TimeDelta::seconds(10) + TimeDelta::milliseconds(1300) * number;
    let window = Window::new(end - TimeDelta::seconds(8), end)?;
    let (clip, _) = harvest::cut(service, competition, window).await?;
    let part = |name: &str| clip[name].as_str().unwrap_or_default();
    let key = ClipKey { competition: competition.clone(), clip: part("clip").parse()? };
    let attempt = Attempt { clip: key, number: 1 };
    if part("status") != "scheduled" {
        return Err(BenchError::unexpected("a clip that is not scheduled", &clip));
    }
    let mut aired = None;
    let mut polls = tokio::time::interval(POLL);
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        polls.tick().await;
        if aired.is_none() {
            let on_air = live.live_timeline(channels.default_channel()).await;
            let there = on_air.is_ok_and(|on_air| window.end() <= on_air.end());
            aired = there.then(Instant::now);
        } else if harvester.describe(&attempt).await? != HarvestState::NotFound {
            return Ok(aired.map(|aired| aired.elapsed()).unwrap_or_default());
        }
    }
    Err(BenchError::Late { what: "a harvest" })
}

//! Measures the functions that run between the end of a harvest job and a listed clip.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aws_lambda_events::encodings::Body;
use matchcut::api::Route as _;
use matchcut::asset::{Assets, PackagingState};
use matchcut::clip::{Attempt, CompetitionId, Window};
use matchcut::lambda::EventHandler as _;
use matchcut::live::Channels;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::BenchError;
use crate::events;
use crate::harvest::{self, with_timeout};
use crate::stack::{Background, Service, make_window};
use crate::table::Table;
use crate::timings::{Timings, time};

const CLIPS: usize = 100;
/// The number of clips in each competition. All of them are on the first page.
const CLIPS_PER_COMPETITION: usize = 50;

/// Harvests and packages real clips, one at a time, and runs each function when its event is due.
/// Nothing else runs at that time, except that MediaPackage starts to package the asset.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Off, folder).await?;
    let mut timings = FunctionTimings::default();
    for number in 0..CLIPS {
        let competition = format!("bench-asset-{}", number / CLIPS_PER_COMPETITION);
        timings.measure_clip(service, &competition.parse()?, make_window(number)?).await?;
    }
    table.add_heading(format!(
        "harvest done to clip listed, {CLIPS} clips, without packaging and event delivery"
    ));
    table.add("  all functions", timings.total, "p99 under 100 ms");
    table.add("    harvest-complete", timings.harvest_complete, "");
    table.add("    asset-playable, one run for each format", timings.asset_playable, "");
    table.add("    list-clips", timings.list_clips, "");
    Ok(())
}

#[derive(Debug, Default)]
struct FunctionTimings {
    total: Timings,
    harvest_complete: Timings,
    asset_playable: Timings,
    list_clips: Timings,
}

impl FunctionTimings {
    async fn measure_clip(
        &mut self,
        service: &Service,
        competition: &CompetitionId,
        window: Window,
    ) -> Result<(), BenchError> {
        let functions = &service.stack.functions;
        let (attempt, harvest_complete) = harvest_clip(service, competition, window).await?;
        let asset_playable = make_ready(service, &attempt).await?;

        let path = format!("/api/competitions/{competition}/clips");
        let parameters = json!({ "competitionId": competition });
        let event = parse_event(events::build_http_request("GET", &path, &parameters, None))?;
        let (reply, list_clips) = time(Box::pin(functions.list_clips.handle(event))).await;
        match &reply.body {
            Some(Body::Text(list)) if list.contains(attempt.clip.clip.as_str()) => {}
            body => {
                let list = format!("{body:?}");
                return Err(BenchError::unexpected("list without the ready clip", &list));
            }
        }

        self.total.add(harvest_complete + asset_playable + list_clips);
        self.harvest_complete.add(harvest_complete);
        self.asset_playable.add(asset_playable);
        self.list_clips.add(list_clips);
        Ok(())
    }
}

/// Creates a clip, waits for its harvest, and runs `harvest-complete` on its event. Returns the duration
/// of that function.
pub(crate) async fn harvest_clip(
    service: &Service,
    competition: &CompetitionId,
    window: Window,
) -> Result<(Attempt, Duration), BenchError> {
    let (clip, _) = harvest::create_clip(service, competition, window).await?;
    let attempt = harvest::wait_for_harvest(service, &clip).await?;
    let endpoint = read_endpoint(service)?;
    let event = events::build_harvest_job_notification(&attempt, window, &endpoint);
    let event = parse_event(event)?;
    let functions = &service.stack.functions;
    let (result, harvest_complete) = time(functions.harvest_complete.handle(event)).await;
    result?;
    Ok((attempt, harvest_complete))
}

/// Runs `asset-playable` for each format of an attempt, when its asset is playable. Returns how long the
/// function took.
pub(crate) async fn make_ready(
    service: &Service,
    attempt: &Attempt,
) -> Result<Duration, BenchError> {
    let mut total = Duration::ZERO;
    for configuration in wait_until_playable(service, attempt).await?.into_keys() {
        let event = parse_event(events::build_input_notification(attempt, &configuration))?;
        let (result, duration) = time(service.stack.functions.asset_playable.handle(event)).await;
        result?;
        total += duration;
    }
    Ok(total)
}

/// Waits until the asset of an attempt is playable. Returns its packaging configurations.
async fn wait_until_playable(
    service: &Service,
    attempt: &Attempt,
) -> Result<BTreeMap<String, PackagingState>, BenchError> {
    let publisher = Assets::from_variables(&service.stack.sdk, &service.stack.variables)?;
    with_timeout("a playable asset", async {
        loop {
            match publisher.describe_packaging(attempt).await? {
                Some(states) if states.values().all(|state| *state == PackagingState::Playable) => {
                    return Ok(states);
                }
                Some(states) if states.values().all(|state| *state != PackagingState::Failed) => {}
                state => return Err(BenchError::unexpected("asset", &format!("{state:?}"))),
            }
        }
    })
    .await
}

/// The id of the origin endpoint that clips are harvested from.
pub(crate) fn read_endpoint(service: &Service) -> Result<String, BenchError> {
    let channels: Channels = service.stack.variables.parsed("CHANNELS")?;
    Ok(channels.default_channel().origin_endpoint_id.clone())
}

pub(crate) fn parse_event<T: DeserializeOwned>(event: Value) -> Result<T, BenchError> {
    T::deserialize(event).map_err(|error| BenchError::unexpected("event", &error))
}

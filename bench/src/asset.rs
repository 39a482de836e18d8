//! From a harvest that is done to a clip that is listed: what our own functions take of that.

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
use crate::harvest::{self, within_a_minute};
use crate::stack::{Background, Service, window};
use crate::table::Table;
use crate::timings::{Timings, timed};

const CLIPS: usize = 100;
/// The clips of a competition, all of which are on the first page.
const PAGE: usize = 50;

/// Harvests and ingests clips for real, one at a time, and runs each function when its event is
/// due: nothing else goes on then but the start of the ingest.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Still, folder).await?;
    let mut share = Share::default();
    for number in 0..CLIPS {
        let competition = format!("bench-asset-{}", number / PAGE);
        share.measure(service, &competition.parse()?, window(number)?).await?;
    }
    table.heading(format!(
        "harvest done to listed as ready, of {CLIPS} clips, without ingest and delivery of events"
    ));
    table.add("  our own share", share.total, "p99 under 100 ms");
    table.add("    harvest-complete", share.harvest_complete, "");
    table.add("    asset-playable, once for each format", share.asset_playable, "");
    table.add("    list-clips", share.list_clips, "");
    Ok(())
}

#[derive(Debug, Default)]
struct Share {
    total: Timings,
    harvest_complete: Timings,
    asset_playable: Timings,
    list_clips: Timings,
}

impl Share {
    async fn measure(
        &mut self,
        service: &Service,
        competition: &CompetitionId,
        window: Window,
    ) -> Result<(), BenchError> {
        let functions = &service.stack.functions;
        let (clip, _) = harvest::cut(service, competition, window).await?;
        let attempt = harvest::done(service, &clip).await?;

        let endpoint = endpoint(service)?;
        let event = read(events::harvested(&attempt, window, &endpoint))?;
        let (done, harvest_complete) = timed(functions.harvest_complete.handle(event)).await;
        done?;

        let mut asset_playable = Duration::ZERO;
        for configuration in ingest(service, &attempt).await?.into_keys() {
            let event = read(events::playable(&attempt, &configuration))?;
            let (done, took) = timed(functions.asset_playable.handle(event)).await;
            done?;
            asset_playable += took;
        }

        let path = format!("/api/competitions/{competition}/clips");
        let parameters = json!({ "competitionId": competition });
        let event = read(events::request("GET", &path, &parameters, None))?;
        let (reply, list_clips) = timed(Box::pin(functions.list_clips.handle(event))).await;
        match &reply.body {
            Some(Body::Text(list)) if list.contains(attempt.clip.clip.as_str()) => {}
            body => {
                let list = format!("{body:?}");
                return Err(BenchError::unexpected("a list without the clip that is ready", &list));
            }
        }

        self.total.add(harvest_complete + asset_playable + list_clips);
        self.harvest_complete.add(harvest_complete);
        self.asset_playable.add(asset_playable);
        self.list_clips.add(list_clips);
        Ok(())
    }
}

/// Waits until a clip's asset is playable; its packaging configurations.
async fn ingest(
    service: &Service,
    attempt: &Attempt,
) -> Result<BTreeMap<String, PackagingState>, BenchError> {
    let publisher = Assets::from_variables(&service.stack.sdk, &service.stack.variables)?;
    within_a_minute("an ingest", async {
        loop {
            match publisher.describe_packaging(attempt).await? {
                Some(states) if states.values().all(|it| *it == PackagingState::Playable) => {
                    return Ok(states);
                }
                Some(states) if states.values().all(|it| *it != PackagingState::Failed) => {}
                state => return Err(BenchError::unexpected("an ingest", &format!("{state:?}"))),
            }
        }
    })
    .await
}

/// The endpoint that clips are harvested from.
fn endpoint(service: &Service) -> Result<String, BenchError> {
    let channels: Channels = service.stack.variables.parsed("CHANNELS")?;
    Ok(channels.default_channel().origin_endpoint_id.clone())
}

fn read<T: DeserializeOwned>(event: Value) -> Result<T, BenchError> {
    T::deserialize(event).map_err(|error| BenchError::unexpected("an event", &error))
}

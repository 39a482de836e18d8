//! The functions of the product, started as API Gateway, EventBridge and the scheduler would.

use std::pin::Pin;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::Utc;
use matchcut::asset::{AssetPlayable, HarvestComplete, HarvestNotice, InputNotice};
use matchcut::clip::CreateClip;
use matchcut::config::{ConfigError, Variables};
use matchcut::error;
use matchcut::library::{Sweep, Swept};
use matchcut::viewer::{GrantPlayback, ListClips, ShowClip, show_health};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::notifications::Subscriber;

/// Every function, built the way its `main` builds it.
#[derive(Clone, Debug)]
pub struct Functions {
    pub create_clip: CreateClip,
    pub list_clips: ListClips,
    pub show_clip: ShowClip,
    pub grant_playback: GrantPlayback,
    pub harvest_complete: HarvestComplete,
    pub asset_playable: AssetPlayable,
    pub sweep: Sweep,
}

impl Functions {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            create_clip: CreateClip::new(sdk, variables)?,
            list_clips: ListClips::new(sdk, variables)?,
            show_clip: ShowClip::new(sdk, variables)?,
            grant_playback: GrantPlayback::new(sdk, variables)?,
            harvest_complete: HarvestComplete::new(sdk, variables)?,
            asset_playable: AssetPlayable::new(sdk, variables)?,
            sweep: Sweep::new(sdk, variables)?,
        })
    }

    /// Runs the function of an operation of the contract; `None` if there is none of that name.
    pub(crate) async fn answer(
        &self,
        operation: &str,
        event: ApiGatewayV2httpRequest,
    ) -> Option<ApiGatewayV2httpResponse> {
        Some(match operation {
            "create-clip" => self.create_clip.handle(event).await,
            "list-clips" => self.list_clips.handle(event).await,
            "show-clip" => self.show_clip.handle(event).await,
            "grant-playback" => self.grant_playback.handle(event).await,
            "show-health" => show_health(event),
            _ => return None,
        })
    }

    /// Runs the sweep on its schedule, for as long as the process lives.
    pub(crate) async fn sweep_every(&self, interval: Duration) {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match self.sweep.run(Utc::now()).await {
                Ok(Swept { moved: 0, .. }) => {}
                Ok(swept) => tracing::info!("the sweep moved {} clips on", swept.moved),
                Err(failure) => tracing::error!("{}", error::chain(&failure)),
            }
        }
    }
}

impl Subscriber for Functions {
    fn receive<'a>(
        &'a self,
        event: &'a Value,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async move {
            match event["detail-type"].as_str() {
                Some("MediaPackage HarvestJob Notification") => {
                    let event: EventBridgeEvent<HarvestNotice> = read(event)?;
                    let done = self.harvest_complete.handle(event.detail).await;
                    done.map_err(|failure| error::chain(&failure))
                }
                Some("MediaPackage Input Notification") => {
                    let event: EventBridgeEvent<InputNotice> = read(event)?;
                    let done = self.asset_playable.handle(event).await;
                    done.map_err(|failure| error::chain(&failure))
                }
                _ => Ok(()),
            }
        })
    }
}

fn read<T: DeserializeOwned>(event: &Value) -> Result<T, String> {
    T::deserialize(event).map_err(|error| error.to_string())
}

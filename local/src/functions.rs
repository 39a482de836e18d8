//! The functions of the product, started as API Gateway, EventBridge and the scheduler would.

use std::pin::Pin;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::dynamodb::Event as DynamoDbEvent;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use chrono::Utc;
use matchcut::asset::{AssetPlayable, HarvestComplete, HarvestNotice, InputNotice};
use matchcut::clip::CreateClip;
use matchcut::config::{ConfigError, Variables};
use matchcut::error;
use matchcut::library::{Sweep, Swept};
use matchcut::notice::{AnnounceClip, DeliverWebhook};
use matchcut::upload::{
    CompleteUpload, CreateUpload, JobNotice, ListUploadParts, TranscodeComplete, TranscodeUpload,
};
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
    pub create_upload: CreateUpload,
    pub list_upload_parts: ListUploadParts,
    pub complete_upload: CompleteUpload,
    pub transcode_upload: TranscodeUpload,
    pub transcode_complete: TranscodeComplete,
    pub announce_clip: AnnounceClip,
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
            create_upload: CreateUpload::new(sdk, variables)?,
            list_upload_parts: ListUploadParts::new(sdk, variables)?,
            complete_upload: CompleteUpload::new(sdk, variables)?,
            transcode_upload: TranscodeUpload::new(sdk, variables)?,
            transcode_complete: TranscodeComplete::new(sdk, variables)?,
            announce_clip: AnnounceClip::new(sdk, variables)?,
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
            "create-upload" => self.create_upload.handle(event).await,
            "list-upload-parts" => self.list_upload_parts.handle(event).await,
            "complete-upload" => self.complete_upload.handle(event).await,
            "grant-playback" => self.grant_playback.handle(event).await,
            "show-health" => show_health(event),
            _ => return None,
        })
    }

    /// Runs `transcode-upload` on a batch of its queue.
    pub(crate) fn take_in(
        &self,
        batch: Value,
    ) -> impl Future<Output = Result<(), String>> + Send + use<> {
        let function = self.transcode_upload.clone();
        async move {
            let batch: SqsEvent = read(&batch)?;
            function.handle(batch).await.map_err(|failure| error::chain(&failure))
        }
    }

    /// Runs `announce-clip` on a batch of the table's stream.
    pub(crate) fn announce(
        &self,
        batch: Value,
    ) -> impl Future<Output = Result<(), String>> + Send + use<> {
        let function = self.announce_clip.clone();
        async move {
            let batch: DynamoDbEvent = read(&batch)?;
            function.handle(batch).await.map_err(|failure| error::chain(&failure))
        }
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
                Some("MediaConvert Job State Change") => {
                    let event: EventBridgeEvent<JobNotice> = read(event)?;
                    let done = self.transcode_complete.handle(event.detail).await;
                    done.map_err(|failure| error::chain(&failure))
                }
                _ => Ok(()),
            }
        })
    }
}

/// Runs a subscriber's `deliver-webhook` on a batch of its queue.
pub(crate) async fn deliver(function: DeliverWebhook, batch: Value) -> Result<(), String> {
    let batch: SqsEvent = read(&batch)?;
    function.handle(batch).await.map_err(|failure| error::chain(&failure))
}

fn read<T: DeserializeOwned>(event: &Value) -> Result<T, String> {
    T::deserialize(event).map_err(|error| error.to_string())
}

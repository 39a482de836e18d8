//! Lambda `asset-playable`: records that a format of a clip is playable, or that its ingest failed.

use aws_config::SdkConfig;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};

use super::packaging_groups::ConfigurationPrefix;
use crate::clip::{Attempt, Failure, FailureCode, Trigger};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::lambda::EventHandler;
use crate::library::{Advanced, Library, LibraryError};

/// The `detail` of a "MediaPackage Input Notification". Its fields depend on `event`.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/cloudwatch-events-example.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputNotification {
    event: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    packaging_configuration_id: Option<String>,
}

/// Handles "MediaPackage Input Notification" events.
#[derive(Clone, Debug)]
pub struct AssetPlayable {
    library: Library,
    prefix: ConfigurationPrefix,
}

#[derive(Debug, thiserror::Error)]
pub enum AssetPlayableError {
    #[error("could not record the packaging state of asset {asset}")]
    Record {
        asset: Attempt,
        #[source]
        source: LibraryError,
    },
}

impl From<AssetPlayableError> for Diagnostic {
    fn from(failure: AssetPlayableError) -> Self {
        error::diagnostic("Record", &failure)
    }
}

impl EventHandler for AssetPlayable {
    type Event = EventBridgeEvent<InputNotification>;
    type Output = ();
    type Error = AssetPlayableError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::with_asset_expiry(sdk, variables)?,
            prefix: ConfigurationPrefix::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    async fn handle(&self, event: Self::Event) -> Result<(), AssetPlayableError> {
        let asset = event.resources.iter().flatten().find_map(|arn| parse_asset_id(arn));
        self.record(asset.unwrap_or_default(), event.detail, Utc::now()).await
    }
}

impl AssetPlayable {
    async fn record(
        &self,
        asset: &str,
        notification: InputNotification,
        now: DateTime<Utc>,
    ) -> Result<(), AssetPlayableError> {
        let event = notification.event.as_str();
        // Live channels send events of the same detail type.
        let Ok(attempt) = asset.parse::<Attempt>() else {
            tracing::debug!("ignored {event}: {asset:?} is not the asset of a clip");
            return Ok(());
        };
        let key = &attempt.clip;
        let trigger = match (event, notification.packaging_configuration_id) {
            ("VodAssetPlayable", Some(id)) => {
                Trigger::Playable { configuration: self.prefix.strip(id) }
            }
            ("IngestError", _) => Trigger::Failed(Failure {
                code: FailureCode::IngestFailed,
                message: match notification.message {
                    Some(message) => format!("MediaPackage could not ingest the clip: {message}"),
                    None => "MediaPackage could not ingest the clip and gave no reason".to_owned(),
                },
            }),
            (event, _) => {
                tracing::debug!(clip.id = %key, "ignored {event} of asset {attempt}");
                return Ok(());
            }
        };
        let advanced = self.library.advance(&attempt, &trigger, now).await;
        let advanced = advanced
            .map_err(|source| AssetPlayableError::Record { asset: attempt.clone(), source })?;
        if advanced == Advanced::NotFound {
            tracing::debug!(clip.id = %key, "found no clip for asset {attempt}");
        }
        Ok(())
    }
}

/// Parses the id from the ARN of an asset: `arn:aws:mediapackage-vod:<region>:<account>:assets/<id>`.
fn parse_asset_id(arn: &str) -> Option<&str> {
    arn.split_once(":assets/").map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_captured_event_is_parsed() {
        let event: EventBridgeEvent<InputNotification> = serde_json::from_str(
            r#"{"version":"0","id":"1","account":"1","detail-type":"MediaPackage Input Notification","source":"aws.mediapackage","time":"2022-10-12T10:22:41Z","region":"eu-north-1",
            "resources":["arn:aws:mediapackage-vod:eu-north-1:1:packaging-configurations/DASH","arn:aws:mediapackage-vod:eu-north-1:1:assets/ASSET"],
            "detail":{"event":"VodAssetPlayable","message":"Asset 'ASSET' is now playable for PackagingConfiguration 'DASH'",
            "packaging_configuration_id":"DASH","manifest_urls":["https://x.egress.mediapackage-vod.eu-north-1.amazonaws.com/out/v1/a/index.mpd"]}}"#,
        )
        .unwrap();
        let asset = event.resources.iter().flatten().find_map(|arn| parse_asset_id(arn));
        assert_eq!(asset, Some("ASSET"));
        assert_eq!(event.detail.event, "VodAssetPlayable");
        assert_eq!(event.detail.packaging_configuration_id.as_deref(), Some("DASH"));
    }
}

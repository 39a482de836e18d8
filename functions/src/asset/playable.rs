//! "MediaPackage Input Notification": a format of a clip can be played, or its ingest failed.

use aws_config::SdkConfig;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::clip::Attempt;
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::{Advanced, Failure, FailureCode, Library, LibraryError, Trigger};

/// The `detail` of the event; which fields it has depends on `event`.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/cloudwatch-events-example.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputNotice {
    event: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    packaging_configuration_id: Option<String>,
}

/// Everything `asset-playable` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct AssetPlayable {
    library: Library,
}

#[derive(Debug, thiserror::Error)]
pub enum AssetPlayableError {
    #[error("the ingest of an asset was not recorded")]
    Record(#[source] LibraryError),
}

impl From<AssetPlayableError> for Diagnostic {
    fn from(failure: AssetPlayableError) -> Self {
        error::diagnostic("Record", &failure)
    }
}

impl AssetPlayable {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { library: Library::from_variables(sdk, variables)? })
    }

    /// Opens the connection that the first event will need.
    pub async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    pub async fn handle(
        &self,
        event: EventBridgeEvent<InputNotice>,
    ) -> Result<(), AssetPlayableError> {
        let asset = event.resources.iter().flatten().find_map(|arn| asset_id(arn));
        self.record(asset.unwrap_or_default(), event.detail, Utc::now()).await
    }

    async fn record(
        &self,
        asset: &str,
        notice: InputNotice,
        now: DateTime<Utc>,
    ) -> Result<(), AssetPlayableError> {
        // Live channels report under the same detail type.
        let Ok(attempt) = asset.parse::<Attempt>() else {
            tracing::debug!("{} of {asset:?} is not about one of our assets", notice.event);
            return Ok(());
        };
        let trigger = match (notice.event.as_str(), notice.packaging_configuration_id) {
            ("VodAssetPlayable", Some(configuration)) => Trigger::Playable { configuration },
            ("IngestError", _) => Trigger::Failed(Failure {
                code: FailureCode::IngestFailed,
                message: match notice.message {
                    Some(message) => format!("MediaPackage could not package the clip: {message}"),
                    None => "MediaPackage could not package the clip and gave no reason".to_owned(),
                },
            }),
            (event, _) => {
                tracing::debug!("{event} of asset {attempt} changes nothing");
                return Ok(());
            }
        };
        let advanced = self.library.advance(&attempt, &trigger, now).await;
        if advanced.map_err(AssetPlayableError::Record)? == Advanced::Unknown {
            tracing::debug!("asset {attempt} belongs to no clip");
        }
        Ok(())
    }
}

/// The id at the end of an asset's ARN: `arn:aws:mediapackage-vod:<region>:<account>:assets/<id>`.
fn asset_id(arn: &str) -> Option<&str> {
    arn.split_once(":assets/").map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_captured_event_is_read() {
        let event: EventBridgeEvent<InputNotice> = serde_json::from_str(
            r#"{"version":"0","id":"1","account":"1","detail-type":"MediaPackage Input Notification","source":"aws.mediapackage","time":"2022-10-12T10:22:41Z","region":"eu-north-1",
            "resources":["arn:aws:mediapackage-vod:eu-north-1:1:packaging-configurations/DASH","arn:aws:mediapackage-vod:eu-north-1:1:assets/ASSET"],
            "detail":{"event":"VodAssetPlayable","message":"Asset 'ASSET' is now playable for PackagingConfiguration 'DASH'",
            "packaging_configuration_id":"DASH","manifest_urls":["https://x.egress.mediapackage-vod.eu-north-1.amazonaws.com/out/v1/a/index.mpd"]}}"#,
        )
        .unwrap();
        let asset = event.resources.iter().flatten().find_map(|arn| asset_id(arn));
        assert_eq!(asset, Some("ASSET"));
        assert_eq!(event.detail.event, "VodAssetPlayable");
        assert_eq!(event.detail.packaging_configuration_id.as_deref(), Some("DASH"));
    }
}

//! Reads, starts and stops MediaLive channels.

use aws_config::SdkConfig;
use aws_sdk_medialive::Error as SdkError;
use aws_sdk_medialive::types::ChannelState as SdkState;
use chrono::{DateTime, Utc};

use crate::live::ChannelState;

/// Most alerts that are shown of a channel.
const MAX_ALERTS: i32 = 20;

/// The MediaLive channels.
#[derive(Clone, Debug)]
pub(super) struct MediaLive {
    client: aws_sdk_medialive::Client,
}

/// Something that is wrong with a channel, in the words of MediaLive.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Alert {
    pub(super) message: String,
    pub(super) since: Option<DateTime<Utc>>,
}

/// What a request to start or to stop a channel did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ControlOutcome {
    /// MediaLive accepted the request. The channel is in this state now.
    Accepted(ChannelState),
    /// The channel is in a state in which MediaLive does not accept the request.
    Conflict,
}

#[derive(Debug, thiserror::Error)]
#[error("{operation} failed for MediaLive channel {id}")]
pub(super) struct MediaLiveError {
    operation: &'static str,
    id: String,
    #[source]
    source: Box<SdkError>,
}

impl MediaLive {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self { client: aws_sdk_medialive::Client::new(sdk) }
    }

    pub(super) async fn describe(&self, id: &str) -> Result<ChannelState, MediaLiveError> {
        let described = self.client.describe_channel().channel_id(id).send().await;
        let described = described.map_err(|error| failed("DescribeChannel", id, error))?;
        Ok(convert_state(described.state()))
    }

    /// The active alerts, in the order of MediaLive.
    pub(super) async fn alerts(&self, id: &str) -> Result<Vec<Alert>, MediaLiveError> {
        let list = self.client.list_alerts().channel_id(id).state_filter("SET");
        let listed = list.max_results(MAX_ALERTS).send().await;
        let listed = listed.map_err(|error| failed("ListAlerts", id, error))?;
        let alert = |alert: &aws_sdk_medialive::types::ChannelAlert| {
            let text = alert.message().filter(|text| !text.is_empty()).or(alert.alert_type());
            let since = alert.set_timestamp().and_then(|time| time.to_millis().ok());
            Some(Alert {
                message: text.filter(|text| !text.is_empty())?.to_owned(),
                since: since.and_then(DateTime::from_timestamp_millis),
            })
        };
        Ok(listed.alerts().iter().filter_map(alert).collect())
    }

    pub(super) async fn start(&self, id: &str) -> Result<ControlOutcome, MediaLiveError> {
        match self.client.start_channel().channel_id(id).send().await.map_err(SdkError::from) {
            Ok(started) => Ok(ControlOutcome::Accepted(convert_state(started.state()))),
            Err(SdkError::ConflictException(_)) => Ok(ControlOutcome::Conflict),
            Err(error) => Err(failed("StartChannel", id, error)),
        }
    }

    pub(super) async fn stop(&self, id: &str) -> Result<ControlOutcome, MediaLiveError> {
        match self.client.stop_channel().channel_id(id).send().await.map_err(SdkError::from) {
            Ok(stopped) => Ok(ControlOutcome::Accepted(convert_state(stopped.state()))),
            Err(SdkError::ConflictException(_)) => Ok(ControlOutcome::Conflict),
            Err(error) => Err(failed("StopChannel", id, error)),
        }
    }
}

fn failed(operation: &'static str, id: &str, source: impl Into<SdkError>) -> MediaLiveError {
    MediaLiveError { operation, id: id.to_owned(), source: Box::new(source.into()) }
}

fn convert_state(state: Option<&SdkState>) -> ChannelState {
    match state {
        Some(SdkState::Creating) => ChannelState::Creating,
        Some(SdkState::Idle) => ChannelState::Idle,
        Some(SdkState::Starting) => ChannelState::Starting,
        Some(SdkState::Running) => ChannelState::Running,
        Some(SdkState::Recovering) => ChannelState::Recovering,
        Some(SdkState::Stopping) => ChannelState::Stopping,
        Some(SdkState::Updating) => ChannelState::Updating,
        Some(SdkState::Deleting | SdkState::Deleted) => ChannelState::Deleting,
        Some(SdkState::CreateFailed | SdkState::UpdateFailed) => ChannelState::Failed,
        _ => ChannelState::Unknown,
    }
}

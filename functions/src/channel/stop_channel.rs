//! `POST /api/channels/{channelId}/stop`: stops the encoder of a channel.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::control::Control;
use super::monitor::Monitor;
use crate::api::{Problem, Reply, Request, Route};
use crate::config::{ConfigError, Variables};

/// The route of `stop-channel`.
#[derive(Clone, Debug)]
pub struct StopChannel {
    monitor: Monitor,
}

impl Route for StopChannel {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { monitor: Monitor::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.monitor.warm_up().await;
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        Control::Stop.answer(&self.monitor, request, now).await
    }
}

//! `GET /api/channels`: lists the live channels.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::json;

use super::monitor::Monitor;
use crate::api::{Problem, Reply, Request, Route};
use crate::config::{ConfigError, Variables};

/// The route of `list-channels`.
#[derive(Clone, Debug)]
pub struct ListChannels {
    monitor: Monitor,
}

impl Route for ListChannels {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { monitor: Monitor::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.monitor.warm_up().await;
    }

    async fn answer(&self, _: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let channels = self.monitor.channels.iter();
        let shown = join_all(channels.map(|channel| self.monitor.show(channel, now))).await;
        Ok(Reply::json(200, &json!({ "channels": shown })))
    }
}

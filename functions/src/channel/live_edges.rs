//! Writes the age of each live edge as a metric, for the alarm of a stalled stream.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::monitor::Monitor;
use crate::config::{ConfigError, Variables};
use crate::live::MAX_LIVE_EDGE_AGE;
use crate::metrics::{Metrics, Unit};

/// Measures the live edges of the channels.
#[derive(Clone, Debug)]
pub struct LiveEdges {
    monitor: Monitor,
    metrics: Metrics,
}

impl LiveEdges {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            monitor: Monitor::from_variables(sdk, variables)?,
            metrics: Metrics::from_variables(variables)?,
        })
    }

    /// Writes the metric of each channel that is on air or should be. A stalled stream is logged.
    ///
    /// The channels are measured one after another. MediaLive is only asked about channels whose live
    /// edge is old, so it is not throttled.
    pub async fn write_metrics(&self, now: DateTime<Utc>) {
        for channel in self.monitor.channels.iter() {
            let Some(age) = self.monitor.measure_live_edge(channel, now).await else { continue };
            let id = channel.id.to_string();
            if age > MAX_LIVE_EDGE_AGE {
                tracing::warn!(
                    channel.id = id,
                    "the stream of channel {id} is stalled: MediaLive runs, and the live edge has \
                     not moved for {} s",
                    age.num_seconds()
                );
            }
            let measured = [("LiveEdgeAgeSeconds", Unit::Seconds, age.as_seconds_f64())];
            self.metrics.put(&measured, &[("Channel", &id)]);
        }
    }
}

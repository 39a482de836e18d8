//! Writes metrics to the log in CloudWatch's embedded metric format, one line of JSON each.
//!
//! CloudWatch reads the metrics from the log, so they need no API call.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::config::{ConfigError, Variables};

/// Writes metrics, if the variable `METRICS_NAMESPACE` is set.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    namespace: Option<String>,
}

/// The unit of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Count,
    Seconds,
}

/// The name, unit and value of a metric.
pub type Metric = (&'static str, Unit, f64);

impl Metrics {
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let namespace = variables.optional::<String>("METRICS_NAMESPACE")?;
        Ok(Self { namespace: namespace.filter(|it| !it.is_empty()) })
    }

    /// Whether metrics are written. If not, there is no need to measure.
    pub fn is_enabled(&self) -> bool {
        self.namespace.is_some()
    }

    /// Writes metrics that share their dimensions.
    pub fn put(&self, measured: &[Metric], dimensions: &[(&'static str, &str)]) {
        if let Some(namespace) = &self.namespace {
            // CloudWatch only reads metrics from lines without a prefix, so this is not a log event.
            println!("{}", format_line(namespace, measured, dimensions, Utc::now()));
        }
    }
}

fn format_line(
    namespace: &str,
    measured: &[Metric],
    dimensions: &[(&'static str, &str)],
    now: DateTime<Utc>,
) -> Value {
    let format_unit = |unit| if unit == Unit::Count { "Count" } else { "Seconds" };
    let metrics: Vec<_> = measured
        .iter()
        .map(|(name, unit, _)| json!({ "Name": name, "Unit": format_unit(*unit) }))
        .collect();
    let names: Vec<_> = dimensions.iter().map(|(name, _)| name).collect();
    let values = measured.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value)));
    let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
    let mut line: Map<String, Value> = values.chain(dimensions).collect();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.timestamp_millis(),
            "CloudWatchMetrics": [
                { "Namespace": namespace, "Dimensions": [names], "Metrics": metrics },
            ],
        }),
    );
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_embedded_metric_format() {
        let measured =
            [("ClipsWaiting", Unit::Count, 2.0), ("OldestWaitingSeconds", Unit::Seconds, 7.5)];
        let now = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        assert_eq!(
            format_line("Matchcut/test", &measured, &[("Status", "queued")], now),
            json!({
                "_aws": {
                    "Timestamp": 1_580_736_658_000_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Matchcut/test",
                        "Dimensions": [["Status"]],
                        "Metrics": [
                            { "Name": "ClipsWaiting", "Unit": "Count" },
                            { "Name": "OldestWaitingSeconds", "Unit": "Seconds" },
                        ],
                    }],
                },
                "Status": "queued",
                "ClipsWaiting": 2.0,
                "OldestWaitingSeconds": 7.5,
            })
        );
    }
}

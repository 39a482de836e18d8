//! Metrics, as CloudWatch takes them from a function's log.
//!
//! A line of JSON in the embedded metric format; it costs no call.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::config::{ConfigError, Variables};

/// Where metrics go; nowhere without the variable `METRICS_NAMESPACE`.
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

/// A metric's name, unit and value.
pub type Measured = (&'static str, Unit, f64);

impl Metrics {
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let namespace = variables.optional::<String>("METRICS_NAMESPACE")?;
        Ok(Self { namespace: namespace.filter(|it| !it.is_empty()) })
    }

    /// Whether it is worth measuring anything.
    pub fn are_kept(&self) -> bool {
        self.namespace.is_some()
    }

    /// Writes metrics that share their dimensions.
    pub fn put(&self, measured: &[Measured], dimensions: &[(&'static str, &str)]) {
        if let Some(namespace) = &self.namespace {
            // The log takes whole lines, and this has to be one of its own.
            println!("{}", line(namespace, measured, dimensions, Utc::now()));
        }
    }
}

fn line(
    namespace: &str,
    measured: &[Measured],
    dimensions: &[(&'static str, &str)],
    now: DateTime<Utc>,
) -> Value {
    let unit = |unit| if unit == Unit::Count { "Count" } else { "Seconds" };
    let metrics: Vec<_> =
        measured.iter().map(|(name, of, _)| json!({ "Name": name, "Unit": unit(*of) })).collect();
    let names: Vec<_> = dimensions.iter().map(|(name, _)| name).collect();
    let values = measured.iter().map(|(name, _, value)| ((*name).to_owned(), json!(value)));
    let of = dimensions.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
    let mut line: Map<String, Value> = values.chain(of).collect();
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
    fn a_line_is_what_cloudwatch_reads() {
        let measured =
            [("ClipsWaiting", Unit::Count, 2.0), ("OldestWaitingSeconds", Unit::Seconds, 7.5)];
        let now = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        assert_eq!(
            line("Matchcut/test", &measured, &[("Status", "queued")], now),
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

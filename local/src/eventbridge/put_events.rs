//! PutEvents, and the rule that sends change events to the webhooks' queues.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::bus::envelope;
use crate::aws_protocol::{AwsError, read_json};
use crate::sqs::Queue;

/// The maximum number of entries of a request.
const MAX_ENTRIES: usize = 10;

/// Accepts the product's own events. EventBridge guarantees their delivery, so no fault loses them.
#[derive(Debug)]
pub(crate) struct PutEvents {
    /// The targets of the rule for "Clip State Changed".
    pub(crate) webhooks: Vec<Arc<Queue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutEventsRequest {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    event_bus_name: Option<String>,
    /// Seconds since 1970.
    time: Option<f64>,
}

impl PutEvents {
    pub(crate) fn answer(&self, operation: &str, body: &[u8]) -> Result<Value, AwsError> {
        if operation != "PutEvents" {
            return Err(AwsError::not_implemented(&format!("AWSEvents.{operation}")));
        }
        let PutEventsRequest { entries } = read_json(body).map_err(AwsError::validation)?;
        if !(1..=MAX_ENTRIES).contains(&entries.len()) {
            return Err(AwsError::validation(format!(
                "a request must have 1 to {MAX_ENTRIES} entries"
            )));
        }
        let mut failed = 0;
        let entries: Vec<Value> = entries
            .into_iter()
            .map(|entry| match self.put(entry) {
                Ok(id) => json!({ "EventId": id }),
                Err((code, message)) => {
                    failed += 1;
                    json!({ "ErrorCode": code, "ErrorMessage": message })
                }
            })
            .collect();
        Ok(json!({ "FailedEntryCount": failed, "Entries": entries }))
    }

    /// Delivers an event and returns its id, or an error code and its message.
    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html>
    fn put(&self, entry: Entry) -> Result<String, (&'static str, String)> {
        let missing = |name: &str| ("InvalidArgument", format!("Parameter {name} is not valid."));
        let source = entry.source.ok_or_else(|| missing("Source"))?;
        let detail_type = entry.detail_type.ok_or_else(|| missing("DetailType"))?;
        let detail = entry.detail.ok_or_else(|| missing("Detail"))?;
        let malformed = || ("MalformedDetail", "Detail is malformed.".to_owned());
        let detail: Value = serde_json::from_str(&detail).map_err(|_| malformed())?;
        if !detail.is_object() {
            return Err(malformed());
        }
        if source.starts_with("aws.") {
            let code = "NotAuthorizedForSourceException";
            return Err((code, "Not authorized for the source.".to_owned()));
        }
        if entry.event_bus_name.is_some_and(|name| name != "default") {
            return Err(missing("EventBusName"));
        }
        let mut event = envelope(&source, &detail_type, &entry.resources, &detail);
        if let Some(time) = entry.time.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        {
            let time = chrono::DateTime::UNIX_EPOCH + time;
            event["time"] = json!(time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if source == "matchcut" && detail_type == "Clip State Changed" {
            let fields = [&detail["competition"], &detail["clip"], &detail["status"]].map(text);
            let [competition, clip, status] = fields;
            let key = format!("{competition}_{clip}");
            tracing::info!(clip.id = key, "change event of clip {key}: {status}");
            for queue in &self.webhooks {
                let sent = queue.send(&event.to_string(), Duration::ZERO);
                sent.map_err(|error| ("InternalFailure", error.to_string()))?;
            }
        }
        Ok(text(&event["id"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_is_accepted_or_rejected_on_its_own() {
        let events = PutEvents { webhooks: Vec::new() };
        let good = json!({ "Source": "matchcut", "DetailType": "x", "Detail": "{}" });
        let with = |name: &str, value: Value| {
            let mut entry = good.clone();
            entry[name] = value;
            entry
        };
        let entries = json!({ "Entries": [
            good,
            with("Source", json!("aws.s3")),
            with("Detail", json!("[]")),
            with("EventBusName", json!("other")),
            with("Time", json!(1_580_736_780)),
        ]});
        let answer = events.answer("PutEvents", entries.to_string().as_bytes()).unwrap();
        assert_eq!(answer["FailedEntryCount"], 3);
        let codes = answer["Entries"].as_array().unwrap().iter().map(|it| it["ErrorCode"].as_str());
        let expected = [
            None,
            Some("NotAuthorizedForSourceException"),
            Some("MalformedDetail"),
            Some("InvalidArgument"),
            None,
        ];
        assert_eq!(codes.collect::<Vec<_>>(), expected);
        let many = json!({ "Entries": vec![good.clone(); 11] });
        assert!(events.answer("PutEvents", many.to_string().as_bytes()).is_err());
        assert!(events.answer("ListRules", b"{}").is_err());
    }
}

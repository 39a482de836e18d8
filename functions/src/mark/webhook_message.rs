//! Reads a mark from the body of a webhook message.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::MarkRequest;
use super::mark_request::{MAX_BEHIND_SECONDS, parse_number};
use crate::api::{Fields, Problem, ProblemKind};
use crate::clip::format_utc;

/// The fields of `data` that are no tags.
const END: &str = "end";
const CONFIDENCE: &str = "confidence";
const BEHIND: &str = "behindSeconds";

/// Reads the mark of a message with this id.
///
/// `type` is the label, `timestamp` the time, and `data` has the rest. The texts, numbers and booleans
/// of `data` become tags. A problem names the field of the message.
pub fn parse_webhook_message(id: &str, body: &[u8]) -> Result<MarkRequest, Problem> {
    let malformed = |detail: String| Problem::new(ProblemKind::MalformedBody, detail);
    let mut message: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| malformed(format!("The body is not a JSON object: {error}.")))?;
    let data = match message.remove("data") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(data)) => data,
        Some(_) => return Err(Problem::invalid_field("data", "This must be an object.")),
    };
    let label = message.remove("type").unwrap_or_default();
    let timestamp = Fields::from(message).time("timestamp")?.ok_or_else(|| {
        let detail = "This must be the time when it happened: an RFC 3339 time.";
        Problem::invalid_field("timestamp", detail)
    })?;
    let data = Fields::from(data);
    let behind = parse_number(&data, BEHIND, MAX_BEHIND_SECONDS).map_err(name_field)?;
    #[expect(clippy::cast_possible_truncation, reason = "at most an hour of milliseconds")]
    let behind = TimeDelta::milliseconds((behind.unwrap_or_default() * 1000.0).round() as i64);

    let mut fields = Map::new();
    fields.insert("label".to_owned(), label);
    fields.insert("at".to_owned(), json!(format_utc(timestamp - behind)));
    for name in [END, CONFIDENCE] {
        fields.extend(data.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    fields.insert("tags".to_owned(), Value::Object(read_tags(&data)));
    fields.insert("key".to_owned(), json!(id));
    MarkRequest::from_fields(&Fields::from(fields)).map_err(name_field)
}

/// The texts, numbers and booleans of `data`, as texts.
fn read_tags(data: &Fields) -> Map<String, Value> {
    let others = data.iter().filter(|(name, _)| ![END, CONFIDENCE, BEHIND].contains(name));
    let texts = others.filter_map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(is_true) => is_true.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((name.to_owned(), Value::String(text)))
    });
    texts.collect()
}

/// Names the field of the message instead of the field of the mark.
pub(super) fn name_field(problem: Problem) -> Problem {
    let field = problem.field.map(|field| match field.as_str() {
        "label" => "type".to_owned(),
        "at" => "timestamp".to_owned(),
        "key" => "webhook-id".to_owned(),
        "tags" => "data".to_owned(),
        END | CONFIDENCE | BEHIND => format!("data.{field}"),
        _ => field.strip_prefix("tags.").map_or(field.clone(), |tag| format!("data.{tag}")),
    });
    Problem { field, ..problem }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::mark::MarkTime;

    fn parse(message: &Value) -> Result<MarkRequest, Problem> {
        parse_webhook_message("msg_1", message.to_string().as_bytes())
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_message_is_read_as_a_mark() {
        let mark = parse(&json!({
            "type": "result", "timestamp": "2020-02-03T14:31:42.25+01:00", "id": "ignored",
            "data": {
                "event": "100 m", "heat": 3, "time": 9.58, "official": true, "wind": null,
                "splits": [1.89, 2.88], "athlete": { "name": "Bolt" },
                "end": "2020-02-03T13:31:50Z", "confidence": 0.5,
            },
        }));
        let mark = mark.unwrap();
        assert_eq!((mark.label.as_str(), mark.key.as_deref()), ("result", Some("msg_1")));
        assert_eq!(mark.at, MarkTime::At(time("2020-02-03T13:31:42.250Z")));
        assert_eq!(mark.end, Some(time("2020-02-03T13:31:50Z")));
        assert_eq!((mark.confidence, mark.source), (Some(0.5), None));
        let tags: Vec<_> =
            mark.tags.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let expected = [("event", "100 m"), ("heat", "3"), ("official", "true"), ("time", "9.58")];
        assert_eq!(tags, expected);
    }

    #[test]
    fn a_sender_can_say_how_late_its_time_is() {
        let timestamp = "2020-02-03T13:31:42.25Z";
        let mark = parse(
            &json!({ "type": "a", "timestamp": timestamp, "data": { "behindSeconds": 2.5 } }),
        );
        let mark = mark.unwrap();
        assert_eq!(mark.at, MarkTime::At(time("2020-02-03T13:31:39.750Z")));
        assert!(mark.tags.is_empty());
    }

    #[test]
    fn a_wrong_field_of_a_message_is_named() {
        let check = |message: Value, field: &str, detail: &str| {
            let problem = parse(&message).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{message}");
            assert!(problem.detail.contains(detail), "{message}: {}", problem.detail);
        };
        let with = |name: &str, value: Value| {
            let mut message = json!({ "type": "a", "timestamp": "2020-02-03T13:31:42Z" });
            message[name] = value;
            message
        };
        check(with("type", Value::Null), "type", "1 to 64");
        check(with("type", json!(7)), "type", "must be a text");
        check(with("timestamp", Value::Null), "timestamp", "when it happened");
        check(with("timestamp", json!("now")), "timestamp", "RFC 3339");
        check(with("data", json!([])), "data", "an object");
        check(with("data", json!({ "end": "now" })), "data.end", "RFC 3339");
        check(with("data", json!({ "end": "2020-02-03T13:31:42Z" })), "data.end", "after the time");
        check(with("data", json!({ "confidence": 2 })), "data.confidence", "0 to 1");
        check(with("data", json!({ "behindSeconds": -1 })), "data.behindSeconds", "0 to 3600");
        check(with("data", json!({ "a b": "c" })), "data", "letters, digits");
        check(with("data", json!({ "a": "x".repeat(201) })), "data.a", "At most 200");
        let long =
            parse_webhook_message(&"x".repeat(201), with("data", json!({})).to_string().as_bytes());
        assert_eq!(long.unwrap_err().field.as_deref(), Some("webhook-id"));
        for body in ["", "[]", "{", "7"] {
            let problem = parse_webhook_message("a", body.as_bytes()).unwrap_err();
            assert_eq!(problem.kind, ProblemKind::MalformedBody, "{body}");
        }
    }
}

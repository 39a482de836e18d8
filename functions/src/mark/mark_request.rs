//! Parses the body of `POST /api/channels/{channelId}/marks`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::api::{Fields, Problem};
use crate::clip::{Mark, MarkSource, floor_millisecond};
use crate::error::format_sentence;

/// The requested mark.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkRequest {
    pub at: MarkTime,
    pub end: Option<DateTime<Utc>>,
    pub label: String,
    pub tags: BTreeMap<String, String>,
    pub confidence: Option<f64>,
    /// `None`: the default source of the sender.
    pub source: Option<MarkSource>,
    pub key: Option<String>,
}

/// When a mark is, on the stream's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MarkTime {
    At(DateTime<Utc>),
    /// This long before the live edge.
    BehindLiveEdge(TimeDelta),
}

const FIELDS: &[&str] =
    &["at", "behindSeconds", "end", "label", "tags", "confidence", "source", "key"];

const NOW: &str = "now";
pub(super) const MAX_BEHIND_SECONDS: f64 = 3600.0;
const MAX_LABEL_LENGTH: usize = 64;
const MAX_TAGS: usize = 20;
const MAX_TAG_NAME_LENGTH: usize = 40;
const MAX_TAG_VALUE_LENGTH: usize = 200;
const MAX_KEY_LENGTH: usize = 200;

impl MarkRequest {
    /// Parses a body.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        Self::from_fields(&Fields::parse(body, FIELDS)?)
    }

    /// Reads the known fields.
    pub(super) fn from_fields(fields: &Fields) -> Result<Self, Problem> {
        let source = fields.text("source", MarkSource::MAX_LENGTH)?.map(str::parse).transpose();
        let request = Self {
            at: parse_at(fields)?,
            end: fields.time("end")?.map(floor_millisecond),
            label: parse_required_text(fields, "label", MAX_LABEL_LENGTH)?,
            tags: parse_tags(fields)?,
            confidence: parse_number(fields, "confidence", 1.0)?,
            source: source
                .map_err(|error| Problem::invalid_field("source", format_sentence(&error)))?,
            key: match fields.get("key") {
                None => None,
                Some(_) => Some(parse_required_text(fields, "key", MAX_KEY_LENGTH)?),
            },
        };
        if let MarkTime::At(at) = request.at {
            request.check_end(at)?;
        }
        Ok(request)
    }

    /// Checks the end of a mark at this time.
    pub fn check_end(&self, at: DateTime<Utc>) -> Result<(), Problem> {
        match self.end {
            Some(end) if end <= at => {
                Err(Problem::invalid_field("end", "This must be after the time of the mark."))
            }
            Some(end) if end > at + Mark::MAX_LENGTH => Err(Problem::invalid_field(
                "end",
                "This must be at most one hour after the time of the mark.",
            )),
            _ => Ok(()),
        }
    }
}

fn parse_at(fields: &Fields) -> Result<MarkTime, Problem> {
    let behind = parse_number(fields, "behindSeconds", MAX_BEHIND_SECONDS)?;
    let is_now = fields.get("at").is_none_or(|at| at.as_str() == Some(NOW));
    if is_now {
        #[expect(clippy::cast_possible_truncation, reason = "at most an hour of milliseconds")]
        let milliseconds = (behind.unwrap_or_default() * 1000.0).round() as i64;
        return Ok(MarkTime::BehindLiveEdge(TimeDelta::milliseconds(milliseconds)));
    }
    if behind.is_some() {
        let detail = "Give either a time in at, or behindSeconds, not both.";
        return Err(Problem::invalid_field("behindSeconds", detail));
    }
    let at = fields.time("at").map_err(|problem| {
        let detail = problem.detail.replacen("This is neither", "This is neither \"now\" nor", 1);
        Problem { detail, ..problem }
    })?;
    Ok(MarkTime::At(floor_millisecond(at.expect("the field is present"))))
}

/// A text of at least one character.
fn parse_required_text(fields: &Fields, name: &str, max_length: usize) -> Result<String, Problem> {
    match fields.text(name, max_length)? {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => {
            let detail = format!("This must be a text of 1 to {max_length} characters.");
            Err(Problem::invalid_field(name, detail))
        }
    }
}

/// A number from 0 to `max`.
pub(super) fn parse_number(fields: &Fields, name: &str, max: f64) -> Result<Option<f64>, Problem> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    let number = value.as_f64().filter(|number| (0.0..=max).contains(number));
    let invalid =
        || Problem::invalid_field(name, format!("This must be a number from 0 to {max}."));
    number.map(Some).ok_or_else(invalid)
}

fn parse_tags(fields: &Fields) -> Result<BTreeMap<String, String>, Problem> {
    let tags = match fields.get("tags") {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(tags)) => tags,
        Some(_) => {
            return Err(Problem::invalid_field("tags", "This must be an object of texts."));
        }
    };
    if tags.len() > MAX_TAGS {
        let detail = format!("There are {} tags. At most {MAX_TAGS} are allowed.", tags.len());
        return Err(Problem::invalid_field("tags", detail));
    }
    tags.iter().map(|(name, value)| parse_tag(name, value)).collect()
}

fn parse_tag(name: &str, value: &Value) -> Result<(String, String), Problem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=MAX_TAG_NAME_LENGTH).contains(&name.len()) || !name.bytes().all(allowed) {
        let detail = format!(
            "The name of a tag must have 1 to {MAX_TAG_NAME_LENGTH} letters, digits, hyphens and \
             underscores."
        );
        return Err(Problem::invalid_field("tags", detail));
    }
    let invalid = |detail: String| Problem::invalid_field(format!("tags.{name}"), detail);
    let Value::String(value) = value else {
        return Err(invalid("This must be a text.".to_owned()));
    };
    let length = value.chars().count();
    if length > MAX_TAG_VALUE_LENGTH {
        let limit = MAX_TAG_VALUE_LENGTH;
        return Err(invalid(format!("This has {length} characters. At most {limit} are allowed.")));
    }
    Ok((name.to_owned(), value.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(body: &Value) -> Result<MarkRequest, Problem> {
        MarkRequest::parse(body.to_string().as_bytes())
    }

    #[test]
    fn a_label_alone_marks_the_live_edge() {
        let request = parse(&json!({ "label": "goal" })).unwrap();
        assert_eq!(request.at, MarkTime::BehindLiveEdge(TimeDelta::zero()));
        assert_eq!((request.source, request.key, request.confidence), (None, None, None));
    }

    #[test]
    fn a_sender_can_say_how_far_it_is_behind() {
        let at = |body| parse(&body).unwrap().at;
        let behind = |milliseconds| MarkTime::BehindLiveEdge(TimeDelta::milliseconds(milliseconds));
        assert_eq!(at(json!({ "label": "a", "at": "now", "behindSeconds": 8.5 })), behind(8500));
        assert_eq!(at(json!({ "label": "a", "behindSeconds": 3600 })), behind(3_600_000));
    }

    #[test]
    fn digits_after_the_millisecond_are_ignored() {
        let body = json!({ "label": "a", "at": "2020-02-03T13:30:58.2509Z", "end": 1_580_736_660 });
        let request = parse(&body).unwrap();
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(request.at, MarkTime::At(time("2020-02-03T13:30:58.250Z")));
        assert_eq!(request.end, Some(time("2020-02-03T13:31:00Z")));
    }

    #[test]
    fn an_invalid_field_is_named_with_its_remedy() {
        let check = |field: &str, value: Value, named: &str, expected: &str| {
            let mut body = json!({ "label": "goal" });
            body[field] = value;
            let problem = parse(&body).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(named), "{body}");
            assert!(problem.detail.contains(expected), "{body}: {}", problem.detail);
        };
        let long = "x".repeat(65);
        check("label", json!(""), "label", "1 to 64 characters");
        check("label", Value::Null, "label", "1 to 64 characters");
        check("label", json!(long), "label", "65 characters. At most 64");
        check("label", json!(7), "label", "must be a text");
        check("at", json!("soon"), "at", "neither \"now\" nor an RFC 3339 time");
        check("at", json!(1_580_736_658_000_u64), "at", "milliseconds");
        check("at", json!(true), "at", "neither \"now\"");
        check("behindSeconds", json!(3601), "behindSeconds", "0 to 3600");
        check("behindSeconds", json!(-1), "behindSeconds", "0 to 3600");
        check("end", json!("later"), "end", "RFC 3339");
        check("confidence", json!(1.5), "confidence", "0 to 1");
        check("confidence", json!("high"), "confidence", "0 to 1");
        check("source", json!("Timing"), "source", "lowercase");
        check("key", json!(""), "key", "1 to 200 characters");
        check("key", json!("k".repeat(201)), "key", "At most 200");
        check("tags", json!(["a"]), "tags", "an object of texts");
        check("tags", json!({ "a b": "c" }), "tags", "letters, digits");
        check("tags", json!({ "a": 7 }), "tags.a", "must be a text");
        check("tags", json!({ "a": "b".repeat(201) }), "tags.a", "At most 200");
        let many: BTreeMap<_, _> = (0..21).map(|at| (at.to_string(), "x")).collect();
        check("tags", json!(many), "tags", "21 tags. At most 20");
        check("team", json!("goal"), "team", "Unknown field");
    }

    #[test]
    fn an_end_is_after_the_time_of_the_mark_and_at_most_an_hour_later() {
        let check = |end: &str, expected: Result<(), &str>| {
            let body = json!({ "label": "break", "at": "2020-02-03T13:30:00Z", "end": end });
            let parsed = parse(&body).map(|_| ()).map_err(|problem| problem.detail);
            assert_eq!(parsed, expected.map_err(str::to_owned), "{end}");
        };
        check("2020-02-03T13:30:00.001Z", Ok(()));
        check("2020-02-03T14:30:00Z", Ok(()));
        check("2020-02-03T13:30:00Z", Err("This must be after the time of the mark."));
        let late = "This must be at most one hour after the time of the mark.";
        check("2020-02-03T14:30:00.001Z", Err(late));
    }

    #[test]
    fn a_time_and_a_delay_exclude_each_other() {
        let body = json!({ "label": "a", "at": "2020-02-03T13:30:00Z", "behindSeconds": 1 });
        assert_eq!(parse(&body).unwrap_err().field.as_deref(), Some("behindSeconds"));
    }
}

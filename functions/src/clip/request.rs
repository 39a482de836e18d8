//! What the body of `POST /api/clip` asks for.

use serde_json::{Map, Value};

use super::moment::parse_moment;
use super::{CompetitionId, Window};
use crate::http::{Problem, ProblemKind, sentence};
use crate::live::ChannelId;

/// A clip as asked for; what is absent has a default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipRequest {
    pub competition: Option<CompetitionId>,
    pub channel: Option<ChannelId>,
    pub span: Span,
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
}

/// The stretch of the stream, in either of its forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span {
    Between(Window),
    /// So many seconds back from the live edge.
    Last(u32),
}

const FIELDS: &[&str] =
    &["competition", "channel", "start", "end", "lastSeconds", "title", "description", "tags"];
const DEFAULT_LAST_SECONDS: u32 = 60;
const LONGEST_TITLE: usize = 200;
const LONGEST_DESCRIPTION: usize = 2000;
const MOST_TAGS: usize = 20;
const LONGEST_TAG: usize = 50;

impl Default for Span {
    fn default() -> Self {
        Self::Last(DEFAULT_LAST_SECONDS)
    }
}

impl ClipRequest {
    /// Reads a body; an empty one asks for every default.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        if body.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let malformed = |detail: String| Problem::new(ProblemKind::MalformedBody, detail);
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| malformed(format!("The body is not JSON: {error}.")))?;
        let Value::Object(fields) = body else {
            return Err(malformed("The body is JSON, but not an object.".to_owned()));
        };
        if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(Problem::invalid_field(
                unknown,
                format!("There is no such field; a clip takes {}.", FIELDS.join(", ")),
            ));
        }
        Ok(Self {
            competition: text(&fields, "competition", 64)?
                .map(str::parse)
                .transpose()
                .map_err(|error| Problem::invalid_field("competition", sentence(&error)))?,
            channel: text(&fields, "channel", 64)?.map(ChannelId::from),
            span: span(&fields)?,
            title: text(&fields, "title", LONGEST_TITLE)?.unwrap_or_default().to_owned(),
            description: text(&fields, "description", LONGEST_DESCRIPTION)?
                .unwrap_or_default()
                .to_owned(),
            tags: tags(&fields)?,
        })
    }
}

/// A text field of at most so many characters; `null` counts as absent.
fn text<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
    longest: usize,
) -> Result<Option<&'a str>, Problem> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => bounded(text, name, longest).map(Some),
        Some(_) => Err(Problem::invalid_field(name, "This has to be a text.")),
    }
}

fn bounded<'a>(text: &'a str, name: &str, longest: usize) -> Result<&'a str, Problem> {
    let length = text.chars().count();
    if longest < length {
        return Err(Problem::invalid_field(
            name,
            format!("This has {length} characters; at most {longest} are taken."),
        ));
    }
    Ok(text)
}

fn tags(fields: &Map<String, Value>) -> Result<Vec<String>, Problem> {
    let tags = match fields.get("tags") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(tags)) => tags,
        Some(_) => return Err(Problem::invalid_field("tags", "This has to be a list of texts.")),
    };
    if MOST_TAGS < tags.len() {
        return Err(Problem::invalid_field(
            "tags",
            format!("There are {} tags; at most {MOST_TAGS} are taken.", tags.len()),
        ));
    }
    let mut kept: Vec<String> = Vec::with_capacity(tags.len());
    for (at, tag) in tags.iter().enumerate() {
        let name = format!("tags[{at}]");
        let Value::String(tag) = tag else {
            return Err(Problem::invalid_field(name, "This has to be a text."));
        };
        let tag = bounded(tag, &name, LONGEST_TAG)?;
        if tag.is_empty() {
            return Err(Problem::invalid_field(name, "A tag has at least one character."));
        }
        if !kept.iter().any(|known| known == tag) {
            kept.push(tag.to_owned());
        }
    }
    Ok(kept)
}

fn span(fields: &Map<String, Value>) -> Result<Span, Problem> {
    let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
    let (start, end) = match (given("start"), given("end"), given("lastSeconds")) {
        (None, None, None) => return Ok(Span::default()),
        (None, None, Some(seconds)) => {
            let longest = Window::LONGEST.num_seconds();
            return seconds
                .as_u64()
                .filter(|seconds| 0 < *seconds && *seconds <= longest.unsigned_abs())
                .and_then(|seconds| u32::try_from(seconds).ok())
                .map(Span::Last)
                .ok_or_else(|| {
                    let detail = format!("This has to be a whole number from 1 to {longest}.");
                    Problem::invalid_field("lastSeconds", detail)
                });
        }
        (_, _, Some(_)) => {
            return Err(Problem::invalid_field(
                "lastSeconds",
                "Give either start and end, or lastSeconds, but not both.",
            ));
        }
        (Some(start), Some(end), None) => (start, end),
        (None, Some(_), None) => {
            return Err(Problem::invalid_field("start", "An end needs a start."));
        }
        (Some(_), None, None) => {
            return Err(Problem::invalid_field("end", "A start needs an end."));
        }
    };
    let moment = |name: &str, value: &Value| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        parse_moment(&text).map_err(|error| Problem::invalid_field(name, sentence(&error)))
    };
    Window::new(moment("start", start)?, moment("end", end)?)
        .map(Span::Between)
        .map_err(|error| Problem::of_field(ProblemKind::InvalidWindow, "end", sentence(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: Result<&ClipRequest, (&str, &str)>) {
        let actual = ClipRequest::read(body.as_bytes())
            .map_err(|problem| (problem.field.unwrap_or_default(), problem.detail));
        let actual = match &actual {
            Ok(request) => Ok(request),
            Err((field, detail)) => Err((field.as_str(), detail.as_str())),
        };
        assert_eq!(actual, expected, "{body}");
    }

    #[test]
    fn an_empty_body_asks_for_the_last_minute() {
        for body in ["", " \n", "{}", r#"{"title":null}"#] {
            check(body, Ok(&ClipRequest::default()));
        }
        assert_eq!(ClipRequest::default().span, Span::Last(60));
    }

    #[test]
    fn both_forms_of_time_mean_the_same() {
        let rfc = r#"{"start":"2020-02-03T13:30:58Z","end":"2020-02-03T14:32:58+01:00"}"#;
        let epoch = r#"{"start":1580736658,"end":"1580736778"}"#;
        let request = ClipRequest::read(rfc.as_bytes()).unwrap();
        check(epoch, Ok(&request));
    }

    #[test]
    fn any_writing_comes_through() {
        let title = "🏃‍♀️ نهائي ١٠٠ متر";
        let body = serde_json::json!({ "title": title, "tags": ["gold", "gold", "ü"] }).to_string();
        let request = ClipRequest::read(body.as_bytes()).unwrap();
        assert_eq!((request.title.as_str(), request.tags.len()), (title, 2));
    }

    #[test]
    fn limits_count_characters_not_bytes() {
        let body = |count| serde_json::json!({ "title": "é".repeat(count) }).to_string();
        assert!(ClipRequest::read(body(200).as_bytes()).is_ok());
        check(&body(201), Err(("title", "This has 201 characters; at most 200 are taken.")));
    }

    #[test]
    fn a_fault_is_named_with_its_field() {
        check(r#"{"tags":["a",7]}"#, Err(("tags[1]", "This has to be a text.")));
        check(r#"{"tags":[""]}"#, Err(("tags[0]", "A tag has at least one character.")));
        check(r#"{"tags":"a"}"#, Err(("tags", "This has to be a list of texts.")));
        check(r#"{"title":7}"#, Err(("title", "This has to be a text.")));
        check(
            r#"{"lastSeconds":1.5}"#,
            Err(("lastSeconds", "This has to be a whole number from 1 to 86400.")),
        );
        check(
            r#"{"start":true,"end":1}"#,
            Err((
                "start",
                "This is neither an RFC 3339 time such as 2020-02-03T13:30:58Z nor epoch seconds.",
            )),
        );
    }
}

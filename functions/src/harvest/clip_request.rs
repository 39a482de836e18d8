//! Parses the body of `POST /api/clip`.

use serde::Deserialize as _;

use crate::api::{Fields, Problem, ProblemKind, parse_whole_number};
use crate::clip::{ChannelId, CompetitionId, Description, MAX_ANGLES, Precision, Window};
use crate::error::format_sentence;

/// The requested clip. An absent field has a default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipRequest {
    pub competition: Option<CompetitionId>,
    /// The first one is the main angle. Empty: the default channel.
    pub channels: Vec<ChannelId>,
    pub window: WindowRequest,
    pub precision: Option<Precision>,
    pub description: Description,
}

/// The window, in one of its two forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowRequest {
    Between(Window),
    /// This many seconds back from the live edge.
    LastSeconds(u32),
}

const FIELDS: &[&str] = &[
    "competition",
    "channel",
    "channels",
    "start",
    "end",
    "lastSeconds",
    "precision",
    "title",
    "description",
    "tags",
    "expiresAt",
    "listed",
    "publishAt",
];
const DEFAULT_LAST_SECONDS: u32 = 60;

impl Default for WindowRequest {
    fn default() -> Self {
        Self::LastSeconds(DEFAULT_LAST_SECONDS)
    }
}

impl ClipRequest {
    /// Parses a body. In an empty body, every field has its default.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let fields = Fields::parse(body, FIELDS)?;
        Ok(Self {
            competition: fields.competition()?,
            channels: parse_channels(&fields)?,
            window: parse_window(&fields)?,
            precision: parse_precision(&fields)?,
            description: fields.description()?,
        })
    }
}

/// Parses `channel` or `channels`.
fn parse_channels(fields: &Fields) -> Result<Vec<ChannelId>, Problem> {
    let channel = fields.text("channel", 64)?.map(ChannelId::from);
    let Some(channels) = fields.get("channels") else { return Ok(channel.into_iter().collect()) };
    if channel.is_some() {
        let detail = "Give either channel or channels, not both.";
        return Err(Problem::invalid_field("channels", detail));
    }
    let count = 2..=MAX_ANGLES;
    let Some(ids) = channels.as_array().filter(|ids| count.contains(&ids.len())) else {
        let detail = format!("This must be a list of 2 to {MAX_ANGLES} ids of channels.");
        return Err(Problem::invalid_field("channels", detail));
    };
    let mut parsed = Vec::with_capacity(ids.len());
    for (at, id) in ids.iter().enumerate() {
        let invalid = |detail| Problem::invalid_field(format!("channels[{at}]"), detail);
        let id = id.as_str().ok_or_else(|| invalid("This must be the id of a channel."))?;
        let id = ChannelId::from(id);
        if parsed.contains(&id) {
            return Err(invalid("Two angles are of this channel. Leave one out."));
        }
        parsed.push(id);
    }
    Ok(parsed)
}

fn parse_precision(fields: &Fields) -> Result<Option<Precision>, Problem> {
    let Some(value) = fields.get("precision") else { return Ok(None) };
    let precision = Precision::deserialize(value);
    precision
        .map(Some)
        .map_err(|_| Problem::invalid_field("precision", "This must be \"segment\" or \"frame\"."))
}

fn parse_window(fields: &Fields) -> Result<WindowRequest, Problem> {
    let given = |name: &str| fields.get(name);
    match (given("start"), given("end"), given("lastSeconds")) {
        (None, None, None) => return Ok(WindowRequest::default()),
        (None, None, Some(seconds)) => {
            let max_seconds = Window::MAX_LENGTH.num_seconds();
            return parse_whole_number(seconds)
                .filter(|seconds| (1..=max_seconds.unsigned_abs()).contains(seconds))
                .and_then(|seconds| u32::try_from(seconds).ok())
                .map(WindowRequest::LastSeconds)
                .ok_or_else(|| {
                    let detail = format!("This must be a whole number from 1 to {max_seconds}.");
                    Problem::invalid_field("lastSeconds", detail)
                });
        }
        (_, _, Some(_)) => {
            return Err(Problem::invalid_field(
                "lastSeconds",
                "Give either start and end, or lastSeconds, not both.",
            ));
        }
        (Some(_), Some(_), None) => {}
        (None, Some(_), None) => {
            return Err(Problem::invalid_field("start", "Give start as well as end."));
        }
        (Some(_), None, None) => {
            return Err(Problem::invalid_field("end", "Give end as well as start."));
        }
    }
    let time = |name| fields.time(name).map(|time| time.expect("both fields are present"));
    Window::new(time("start")?, time("end")?).map(WindowRequest::Between).map_err(|error| {
        Problem::for_field(ProblemKind::InvalidWindow, "end", format_sentence(&error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: Result<&ClipRequest, (&str, &str)>) {
        let actual = ClipRequest::parse(body.as_bytes())
            .map_err(|problem| (problem.field.unwrap_or_default(), problem.detail));
        let actual = match &actual {
            Ok(request) => Ok(request),
            Err((field, detail)) => Err((field.as_str(), detail.as_str())),
        };
        assert_eq!(actual, expected, "{body}");
    }

    #[test]
    fn an_empty_body_requests_the_last_minute() {
        for body in ["", " \n", "{}", r#"{"title":null}"#] {
            check(body, Ok(&ClipRequest::default()));
        }
        assert_eq!(ClipRequest::default().window, WindowRequest::LastSeconds(60));
    }

    #[test]
    fn both_forms_of_a_time_give_the_same_window() {
        let rfc = r#"{"start":"2020-02-03T13:30:58Z","end":"2020-02-03T14:32:58+01:00"}"#;
        let epoch = r#"{"start":1580736658,"end":"1580736778"}"#;
        let request = ClipRequest::parse(rfc.as_bytes()).unwrap();
        check(epoch, Ok(&request));
    }

    #[test]
    fn text_in_any_script_is_accepted() {
        let title = "🏃‍♀️ نهائي ١٠٠ متر";
        let body = serde_json::json!({ "title": title, "tags": ["gold", "gold", "ü"] }).to_string();
        let request = ClipRequest::parse(body.as_bytes()).unwrap();
        assert_eq!(
            (request.description.title.as_str(), request.description.tags.len()),
            (title, 2)
        );
    }

    #[test]
    fn limits_count_characters_not_bytes() {
        let body = |count| serde_json::json!({ "title": "é".repeat(count) }).to_string();
        assert!(ClipRequest::parse(body(200).as_bytes()).is_ok());
        check(&body(201), Err(("title", "This has 201 characters. At most 200 are allowed.")));
    }

    #[test]
    fn an_invalid_field_is_named() {
        check(r#"{"tags":["a",7]}"#, Err(("tags[1]", "This must be a text.")));
        check(r#"{"tags":[""]}"#, Err(("tags[0]", "A tag must have at least one character.")));
        check(r#"{"tags":"a"}"#, Err(("tags", "This must be a list of texts.")));
        check(
            r#"{"channel":"main","channels":["main","side"]}"#,
            Err(("channels", "Give either channel or channels, not both.")),
        );
        check(
            r#"{"channels":["main"]}"#,
            Err(("channels", "This must be a list of 2 to 8 ids of channels.")),
        );
        check(
            r#"{"channels":["main","side","main"]}"#,
            Err(("channels[2]", "Two angles are of this channel. Leave one out.")),
        );
        check(
            r#"{"channels":["main",7]}"#,
            Err(("channels[1]", "This must be the id of a channel.")),
        );
        check(r#"{"title":7}"#, Err(("title", "This must be a text.")));
        check(
            r#"{"lastSeconds":1.5}"#,
            Err(("lastSeconds", "This must be a whole number from 1 to 86400.")),
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

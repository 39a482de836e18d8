//! What the body of `POST /api/clip` asks for.

use super::{CompetitionId, Window};
use crate::fields::{Description, Fields, whole};
use crate::http::{Problem, ProblemKind, sentence};
use crate::live::ChannelId;

/// A clip as asked for; what is absent has a default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipRequest {
    pub competition: Option<CompetitionId>,
    pub channel: Option<ChannelId>,
    pub span: Span,
    pub about: Description,
}

/// The stretch of the stream, in either of its forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Span {
    Between(Window),
    /// So many seconds back from the live edge.
    Last(u32),
}

const FIELDS: &[&str] = &[
    "competition",
    "channel",
    "start",
    "end",
    "lastSeconds",
    "title",
    "description",
    "tags",
    "expiresAt",
];
const DEFAULT_LAST_SECONDS: u32 = 60;

impl Default for Span {
    fn default() -> Self {
        Self::Last(DEFAULT_LAST_SECONDS)
    }
}

impl ClipRequest {
    /// Reads a body; an empty one asks for every default.
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let fields = Fields::read(body, FIELDS)?;
        Ok(Self {
            competition: fields.competition()?,
            channel: fields.text("channel", 64)?.map(ChannelId::from),
            span: span(&fields)?,
            about: fields.description()?,
        })
    }
}

fn span(fields: &Fields) -> Result<Span, Problem> {
    let given = |name: &str| fields.get(name);
    match (given("start"), given("end"), given("lastSeconds")) {
        (None, None, None) => return Ok(Span::default()),
        (None, None, Some(seconds)) => {
            let longest = Window::LONGEST.num_seconds();
            return whole(seconds)
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
        (Some(_), Some(_), None) => {}
        (None, Some(_), None) => {
            return Err(Problem::invalid_field("start", "An end needs a start."));
        }
        (Some(_), None, None) => {
            return Err(Problem::invalid_field("end", "A start needs an end."));
        }
    }
    let moment = |name| fields.moment(name).map(|moment| moment.expect("both are given"));
    Window::new(moment("start")?, moment("end")?)
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
        assert_eq!((request.about.title.as_str(), request.about.tags.len()), (title, 2));
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

//! Captions that are announced with a file: parses them, and keeps those with a text of their own in
//! the upload bucket.

use futures_util::future::try_join_all;
use serde_json::{Map, Value};

use super::originals::call_failed;
use super::{OriginalError, Originals, object_key};
use crate::api::Problem;
use crate::clip::{CaptionsFormat, CaptionsSource, ClipKey, UploadedCaptions};
use crate::error::format_sentence;

/// Captions of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnouncedCaptions {
    pub captions: UploadedCaptions,
    /// The content of the file. `None` if the captions are in the video.
    pub text: Option<String>,
}

/// Most captions of a file.
const MAX_CAPTIONS: usize = 10;
/// Longest name, in characters.
const MAX_NAME_LENGTH: usize = 64;
/// Largest text, in bytes. The captions of a film of three hours have about 200 kB.
const MAX_TEXT_SIZE: usize = 1 << 20;

const FIELDS: [&str; 4] = ["language", "name", "text", "channel"];

/// Parses the field `captions`.
pub(super) fn parse_captions(value: Option<&Value>) -> Result<Vec<AnnouncedCaptions>, Problem> {
    let entries = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(Problem::invalid_field("captions", "This must be a list.")),
    };
    if entries.len() > MAX_CAPTIONS {
        let detail = format!("There are {}. At most {MAX_CAPTIONS} are allowed.", entries.len());
        return Err(Problem::invalid_field("captions", detail));
    }
    let mut parsed: Vec<AnnouncedCaptions> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let Value::Object(fields) = entry else {
            let detail = "This must be an object with a language, and with a text or a channel.";
            return Err(Problem::invalid_field(format!("captions[{at}]"), detail));
        };
        let captions = Entry { at, fields }.parse()?;
        for earlier in &parsed {
            let (new, known) = (&captions.captions, &earlier.captions);
            if new.name == known.name {
                let detail = "Two captions have this name. Give each a name of its own.";
                return Err(Problem::invalid_field(format!("captions[{at}].name"), detail));
            }
            if captions.text.is_none() && new.source == known.source {
                let detail = "Two captions are in this channel.";
                return Err(Problem::invalid_field(format!("captions[{at}].channel"), detail));
            }
        }
        parsed.push(captions);
    }
    Ok(parsed)
}

/// An object of the list.
struct Entry<'a> {
    at: usize,
    fields: &'a Map<String, Value>,
}

impl Entry<'_> {
    fn parse(&self) -> Result<AnnouncedCaptions, Problem> {
        if let Some(unknown) = self.fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            let detail = format!("Unknown field. The known fields are {}.", FIELDS.join(", "));
            return Err(self.invalid(unknown, &detail));
        }
        let language = self.text("language")?.unwrap_or_default().parse();
        let language: crate::clip::Language =
            language.map_err(|error| self.invalid("language", &format_sentence(&error)))?;
        let name = self.text("name")?.map_or_else(|| language.name(), str::to_owned);
        let is_name = (1..=MAX_NAME_LENGTH).contains(&name.chars().count())
            && name.trim() == name
            && !name.contains(|letter: char| letter.is_control() || letter == '"');
        if !is_name {
            let detail = format!(
                "A name has 1 to {MAX_NAME_LENGTH} characters, without quotation marks and without \
                 spaces around it."
            );
            return Err(self.invalid("name", &detail));
        }
        let (source, text) = match (self.text("text")?, self.text("channel")?) {
            (Some(text), None) => (CaptionsSource::File(self.check(text)?), Some(text.to_owned())),
            (None, Some(channel)) => (CaptionsSource::Channel(self.parse_channel(channel)?), None),
            (Some(_), Some(_)) => {
                return Err(self.invalid("channel", "Give either a text or a channel."));
            }
            (None, None) => {
                let detail = "Give the content of an .srt, .vtt or .ttml file, or a channel such as \
                              CC1 if the captions are in the video.";
                return Err(self.invalid("text", detail));
            }
        };
        Ok(AnnouncedCaptions { captions: UploadedCaptions { language, name, source }, text })
    }

    fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        match self.fields.get(name).filter(|value| !value.is_null()) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(name, "This must be a text.")),
        }
    }

    fn parse_channel(&self, channel: &str) -> Result<u8, Problem> {
        let number = channel.strip_prefix("CC").and_then(|number| number.parse().ok());
        number
            .filter(|number| (1..=4).contains(number))
            .ok_or_else(|| self.invalid("channel", "This must be CC1, CC2, CC3 or CC4."))
    }

    /// Checks that a text has captions. Returns its format.
    fn check(&self, text: &str) -> Result<CaptionsFormat, Problem> {
        if text.len() > MAX_TEXT_SIZE {
            let detail =
                format!("It has {} bytes. At most {MAX_TEXT_SIZE} are allowed.", text.len());
            return Err(self.invalid("text", &detail));
        }
        if text.contains('\u{FFFD}') || text.contains('\0') {
            let detail = "It has characters that were lost when the file was read. Save the file as \
                          UTF-8, and send it again.";
            return Err(self.invalid("text", detail));
        }
        find_format(text).ok_or_else(|| {
            let detail =
                "It has no captions. It must be the content of an .srt, .vtt or .ttml file.";
            self.invalid("text", detail)
        })
    }

    fn invalid(&self, name: &str, detail: &str) -> Problem {
        Problem::invalid_field(format!("captions[{}].{name}", self.at), detail)
    }
}

/// Finds the format of captions. `None` if there is not one caption.
///
/// SRT writes a comma before the milliseconds, WebVTT a dot.
fn find_format(text: &str) -> Option<CaptionsFormat> {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    let has_time = |mark: char| {
        let mut times = text.lines().filter_map(|line| line.split_once("-->"));
        times.any(|(start, _)| start.contains(mark) && start.contains(':'))
    };
    if text.starts_with("WEBVTT") {
        return has_time('.').then_some(CaptionsFormat::Webvtt);
    }
    if text.starts_with('<') {
        let root = text.contains("http://www.w3.org/ns/ttml") && text.contains("begin=");
        return root.then_some(CaptionsFormat::Ttml);
    }
    has_time(',').then_some(CaptionsFormat::Srt)
}

impl Originals {
    /// Writes the texts of captions. It is safe to call this again.
    pub(super) async fn write_captions(
        &self,
        clip: &ClipKey,
        captions: &[AnnouncedCaptions],
    ) -> Result<(), OriginalError> {
        let write = async |(at, it): (usize, &AnnouncedCaptions)| {
            let (CaptionsSource::File(format), Some(text)) = (it.captions.source, &it.text) else {
                return Ok(());
            };
            let key = object_key::format_captions(clip, at, format);
            let put = self.client.put_object().bucket(&self.bucket).key(&key);
            let put = put.content_type("text/plain; charset=utf-8");
            let put = put.body(text.clone().into_bytes().into()).send().await;
            put.map(drop).map_err(|error| call_failed("PutObject", &key, error))
        };
        try_join_all(captions.iter().enumerate().map(write)).await.map(drop)
    }

    /// Deletes the texts of captions. It is safe to call this again.
    pub(super) async fn delete_captions(
        &self,
        clip: &ClipKey,
        captions: &[UploadedCaptions],
    ) -> Result<(), OriginalError> {
        for (at, UploadedCaptions { source, .. }) in captions.iter().enumerate() {
            if let CaptionsSource::File(format) = source {
                self.delete(&object_key::format_captions(clip, at, *format)).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SRT: &str = "1\r\n00:00:01,000 --> 00:00:02,500\r\nTervetuloa\r\n";
    const TTML: &str = "<?xml version=\"1.0\"?><tt xmlns=\"http://www.w3.org/ns/ttml\"><body><div>\
                        <p begin=\"1s\" end=\"2s\">Hei</p></div></body></tt>";

    #[test]
    fn captions_are_a_text_or_a_channel() {
        let parsed = parse_captions(Some(&json!([
            { "language": "fin", "text": SRT },
            { "language": "en", "name": "English (SDH)", "text": "WEBVTT\n\n00:01.000 --> 00:02.000\nHi" },
            { "language": "sv", "text": TTML },
            { "language": "es", "channel": "CC3" },
        ])));
        let found: Vec<_> = parsed
            .unwrap()
            .into_iter()
            .map(|it| (it.captions.language.to_string(), it.captions.name, it.captions.source))
            .collect();
        let expected = [
            ("fi", "Suomi", CaptionsSource::File(CaptionsFormat::Srt)),
            ("en", "English (SDH)", CaptionsSource::File(CaptionsFormat::Webvtt)),
            ("sv", "Svenska", CaptionsSource::File(CaptionsFormat::Ttml)),
            ("es", "Español", CaptionsSource::Channel(3)),
        ];
        assert_eq!(found, expected.map(|(tag, name, source)| (tag.into(), name.into(), source)));
    }

    #[test]
    fn a_fault_is_named_with_its_field() {
        let valid = json!({ "language": "fi", "text": SRT });
        let with = |name: &str, value: Value| {
            let mut entry = valid.clone();
            entry[name] = value;
            json!([entry])
        };
        for (captions, field) in [
            (json!("fi"), "captions"),
            (json!(vec![valid.clone(); 11]), "captions"),
            (json!(["fi"]), "captions[0]"),
            (json!([valid, valid]), "captions[1].name"),
            (with("language", json!("Finnish")), "captions[0].language"),
            (with("language", Value::Null), "captions[0].language"),
            (with("name", json!("")), "captions[0].name"),
            (with("name", json!("a\"b")), "captions[0].name"),
            (with("text", Value::Null), "captions[0].text"),
            (with("text", json!("Tervetuloa")), "captions[0].text"),
            (with("text", json!("WEBVTT\n\nTervetuloa")), "captions[0].text"),
            (with("text", json!(SRT.replace("oa", "o\u{FFFD}"))), "captions[0].text"),
            (with("text", json!(SRT.repeat(30_000))), "captions[0].text"),
            (with("channel", json!("CC1")), "captions[0].channel"),
            (json!([{ "language": "fi", "channel": "CC5" }]), "captions[0].channel"),
            (with("file", json!("a.srt")), "captions[0].file"),
        ] {
            let problem = parse_captions(Some(&captions)).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{}", problem.detail);
        }
        let channel = |name: &str| json!({ "language": "fi", "name": name, "channel": "CC1" });
        let problem = parse_captions(Some(&json!([channel("a"), channel("b")]))).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("captions[1].channel"));
    }
}

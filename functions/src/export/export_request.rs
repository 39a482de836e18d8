//! Reads the body of `POST …/exports`.

use chrono::{DateTime, Utc};
use serde::Deserialize as _;
use serde_json::Value;

use crate::api::{Fields, Problem, parse_whole_number};
use crate::clip::ExportCaptions;

/// The lowest and the highest picture of an export, in pixels.
const MIN_HEIGHT: u64 = 128;
const MAX_HEIGHT: u64 = 2160;

const FIELDS: &[&str] =
    &["aspect", "crop", "start", "end", "height", "captions", "captionLanguage", "soundLanguage"];

/// The aspect ratio of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aspect {
    /// That of the clip's media.
    #[default]
    Source,
    Landscape,
    Portrait,
    Square,
    PortraitOfFeeds,
}

/// The requested export.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportRequest {
    pub aspect: Aspect,
    /// Where the crop lies: 0 to 1.
    pub crop: f64,
    pub start: Option<DateTime<Utc>>,
    pub end: Option<DateTime<Utc>>,
    pub height: Option<u32>,
    pub captions: ExportCaptions,
    /// The language of the burned-in captions, as the clip's manifest names it.
    pub caption_language: Option<String>,
    /// The language of the sound, as the clip's manifest names it. `None` for the default sound.
    pub sound_language: Option<String>,
}

/// Longest language tag, in characters.
const MAX_LANGUAGE_LENGTH: usize = 35;

impl Aspect {
    const ALL: [Self; 5] =
        [Self::Source, Self::Landscape, Self::Portrait, Self::Square, Self::PortraitOfFeeds];

    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Landscape => "16:9",
            Self::Portrait => "9:16",
            Self::Square => "1:1",
            Self::PortraitOfFeeds => "4:5",
        }
    }

    /// Width and height. `None` for the aspect ratio of the media.
    pub fn ratio(self) -> Option<(u32, u32)> {
        match self {
            Self::Source => None,
            Self::Landscape => Some((16, 9)),
            Self::Portrait => Some((9, 16)),
            Self::Square => Some((1, 1)),
            Self::PortraitOfFeeds => Some((4, 5)),
        }
    }
}

impl ExportRequest {
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let fields = Fields::parse(body, FIELDS)?;
        Ok(Self {
            aspect: parse_aspect(&fields)?,
            crop: parse_crop(&fields)?,
            start: fields.time("start")?,
            end: fields.time("end")?,
            height: parse_height(&fields)?,
            captions: parse_captions(&fields)?,
            caption_language: parse_caption_language(&fields)?,
            sound_language: fields.text("soundLanguage", MAX_LANGUAGE_LENGTH)?.map(str::to_owned),
        })
    }
}

fn parse_captions(fields: &Fields) -> Result<ExportCaptions, Problem> {
    let Some(value) = fields.get("captions") else { return Ok(ExportCaptions::default()) };
    ExportCaptions::deserialize(value).map_err(|_| {
        Problem::invalid_field("captions", "This must be one of none, burned-in, sidecar.")
    })
}

fn parse_caption_language(fields: &Fields) -> Result<Option<String>, Problem> {
    let language = fields.text("captionLanguage", MAX_LANGUAGE_LENGTH)?;
    if language.is_some() && parse_captions(fields)? != ExportCaptions::BurnedIn {
        let detail = "Only captions that are burned in are in one language. Leave this out, or ask \
                      for burned-in captions.";
        return Err(Problem::invalid_field("captionLanguage", detail));
    }
    Ok(language.map(str::to_owned))
}

fn parse_aspect(fields: &Fields) -> Result<Aspect, Problem> {
    let Some(value) = fields.get("aspect") else { return Ok(Aspect::default()) };
    let known = Aspect::ALL.into_iter().find(|it| value == it.name());
    known.ok_or_else(|| {
        let names = Aspect::ALL.map(Aspect::name).join(", ");
        Problem::invalid_field("aspect", format!("This must be one of {names}."))
    })
}

fn parse_crop(fields: &Fields) -> Result<f64, Problem> {
    let position = match fields.get("crop") {
        None => Some(0.5),
        Some(Value::String(text)) if text == "center" => Some(0.5),
        Some(value) => value.as_f64().filter(|position| (0.0..=1.0).contains(position)),
    };
    position.ok_or_else(|| {
        let detail = "This must be center or a number from 0 (left or top) to 1 (right or bottom).";
        Problem::invalid_field("crop", detail)
    })
}

fn parse_height(fields: &Fields) -> Result<Option<u32>, Problem> {
    let Some(value) = fields.get("height") else { return Ok(None) };
    let is_allowed =
        |height: &u64| (MIN_HEIGHT..=MAX_HEIGHT).contains(height) && height.is_multiple_of(2);
    let height = parse_whole_number(value).filter(is_allowed);
    let height = height.and_then(|height| u32::try_from(height).ok());
    height.map(Some).ok_or_else(|| {
        let detail = format!("This must be an even number from {MIN_HEIGHT} to {MAX_HEIGHT}.");
        Problem::invalid_field("height", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_field_is_named() {
        for (body, field) in [
            (r#"{"aspect":"2:1"}"#, "aspect"),
            (r#"{"aspect":916}"#, "aspect"),
            (r#"{"crop":"left"}"#, "crop"),
            (r#"{"crop":1.1}"#, "crop"),
            (r#"{"crop":-0.1}"#, "crop"),
            (r#"{"height":721}"#, "height"),
            (r#"{"height":126}"#, "height"),
            (r#"{"height":2162}"#, "height"),
            (r#"{"start":"soon"}"#, "start"),
            (r#"{"captions":"subtitles"}"#, "captions"),
            (r#"{"captions":true}"#, "captions"),
            (r#"{"captionLanguage":"fi"}"#, "captionLanguage"),
            (r#"{"captions":"sidecar","captionLanguage":"fi"}"#, "captionLanguage"),
            (r#"{"captions":"burned-in","captionLanguage":7}"#, "captionLanguage"),
            (r#"{"soundLanguage":7}"#, "soundLanguage"),
            (r#"{"subtitles":"none"}"#, "subtitles"),
        ] {
            let problem = ExportRequest::parse(body.as_bytes()).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
    }

    #[test]
    fn an_empty_body_is_the_whole_clip() {
        let request = ExportRequest::parse(b"").unwrap();
        let expected = ExportRequest {
            aspect: Aspect::Source,
            crop: 0.5,
            start: None,
            end: None,
            height: None,
            captions: ExportCaptions::None,
            caption_language: None,
            sound_language: None,
        };
        assert_eq!(request, expected);
        let nulls = br#"{"aspect":null,"crop":null,"start":null,"end":null,"height":null}"#;
        assert_eq!(ExportRequest::parse(nulls), Ok(request));
    }
}

//! Parses the body of `POST /api/uploads`.

use chrono::{DateTime, Utc};

use super::captions::{AnnouncedCaptions, parse_captions};
use crate::api::{Fields, Problem, parse_whole_number};
use crate::clip::{CompetitionId, Description, Language, LanguageError};
use crate::error::format_sentence;

/// The announced file.
#[derive(Clone, Debug, PartialEq)]
pub struct UploadRequest {
    pub competition: Option<CompetitionId>,
    pub description: Description,
    pub filename: String,
    /// The size in bytes.
    pub size: u64,
    pub content_type: String,
    /// When the recorded event happened.
    pub at: Option<DateTime<Utc>>,
    pub captions: Vec<AnnouncedCaptions>,
    /// The language of the sound that players start with.
    pub default_sound: Option<Language>,
}

/// Largest body in bytes. It has the texts of all captions. The event of a Lambda function has at most
/// 6 MB, in which each line break of the body takes four bytes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub(super) const MAX_BODY_SIZE: usize = 3 << 20;

const FIELDS: &[&str] = &[
    "competition",
    "title",
    "description",
    "tags",
    "expiresAt",
    "listed",
    "publishAt",
    "filename",
    "size",
    "contentType",
    "at",
    "captions",
    "defaultSound",
];
/// Longest file name, in characters.
pub(super) const MAX_FILENAME_LENGTH: usize = 255;
/// Longest media type, in characters.
const MAX_CONTENT_TYPE_LENGTH: usize = 100;
const DEFAULT_CONTENT_TYPE: &str = "application/octet-stream";

/// Largest file in bytes: 5 TiB, the largest object of S3.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
pub(super) const MAX_FILE_SIZE: u64 = 5 << 40;

impl UploadRequest {
    /// Parses a body.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let fields = Fields::parse(body, FIELDS)?;
        Ok(Self {
            competition: fields.competition()?,
            description: fields.description()?,
            filename: parse_filename(&fields)?,
            size: parse_size(&fields)?,
            content_type: parse_content_type(&fields)?,
            at: fields.time("at")?,
            captions: parse_captions(fields.get("captions"))?,
            default_sound: parse_default_sound(&fields)?,
        })
    }
}

fn parse_default_sound(fields: &Fields) -> Result<Option<Language>, Problem> {
    let language = fields.text("defaultSound", 35)?.map(str::parse).transpose();
    language.map_err(|error: LanguageError| {
        Problem::invalid_field("defaultSound", format_sentence(&error))
    })
}

fn parse_filename(fields: &Fields) -> Result<String, Problem> {
    let invalid = |detail: &str| Err(Problem::invalid_field("filename", detail));
    let Some(name) = fields.text("filename", MAX_FILENAME_LENGTH)? else {
        return invalid("Give the name of the file, such as final.mp4.");
    };
    if name.trim().is_empty() {
        return invalid("A file name must have at least one visible character.");
    }
    if name.chars().any(|letter| letter.is_control() || matches!(letter, '/' | '\\')) {
        return invalid(
            "A file name must not contain slashes or control characters. Leave out the folders.",
        );
    }
    Ok(name.to_owned())
}

fn parse_size(fields: &Fields) -> Result<u64, Problem> {
    let size = fields.get("size").and_then(parse_whole_number);
    size.filter(|size| (1..=MAX_FILE_SIZE).contains(size)).ok_or_else(|| {
        let detail = format!(
            "Give the size of the file in bytes, a whole number from 1 to {MAX_FILE_SIZE}."
        );
        Problem::invalid_field("size", detail)
    })
}

/// <https://www.rfc-editor.org/rfc/rfc6838#section-4.2>
fn parse_content_type(fields: &Fields) -> Result<String, Problem> {
    let Some(text) = fields.text("contentType", MAX_CONTENT_TYPE_LENGTH)? else {
        return Ok(DEFAULT_CONTENT_TYPE.to_owned());
    };
    let is_name = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.bytes().all(allowed)
    };
    match text.split_once('/') {
        Some((kind, subtype)) if is_name(kind) && is_name(subtype) => Ok(text.to_owned()),
        _ => {
            let detail = "This must be a media type such as video/mp4, without parameters.";
            Err(Problem::invalid_field("contentType", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_and_a_size_are_enough() {
        let request = UploadRequest::parse(br#"{"filename":"final.mp4","size":1}"#).unwrap();
        assert_eq!((request.filename.as_str(), request.size), ("final.mp4", 1));
        assert_eq!(request.content_type, "application/octet-stream");
        assert_eq!((request.at, request.competition, request.default_sound), (None, None, None));
        assert!(request.captions.is_empty());
    }

    #[test]
    fn a_fault_is_named_with_its_field() {
        for (body, field) in [
            (json!({ "size": 1 }), "filename"),
            (json!({ "filename": "", "size": 1 }), "filename"),
            (json!({ "filename": "../../etc/passwd", "size": 1 }), "filename"),
            (json!({ "filename": "a\\b.mp4", "size": 1 }), "filename"),
            (json!({ "filename": "a\u{0}b.mp4", "size": 1 }), "filename"),
            (json!({ "filename": "a\u{1b}[31m.mp4", "size": 1 }), "filename"),
            (json!({ "filename": "é".repeat(256), "size": 1 }), "filename"),
            (json!({ "filename": "a" }), "size"),
            (json!({ "filename": "a", "size": 0 }), "size"),
            (json!({ "filename": "a", "size": -1 }), "size"),
            (json!({ "filename": "a", "size": 1.5 }), "size"),
            (json!({ "filename": "a", "size": "1" }), "size"),
            (json!({ "filename": "a", "size": MAX_FILE_SIZE + 1 }), "size"),
            (json!({ "filename": "a", "size": 1, "contentType": "video" }), "contentType"),
            (json!({ "filename": "a", "size": 1, "contentType": "a/b\r\nx: y" }), "contentType"),
            (json!({ "filename": "a", "size": 1, "competition": "a b" }), "competition"),
            (json!({ "filename": "a", "size": 1, "at": "yesterday" }), "at"),
            (json!({ "filename": "a", "size": 1, "defaultSound": "Finnish" }), "defaultSound"),
            (json!({ "filename": "a", "size": 1, "captions": [{}] }), "captions[0].language"),
            (json!({ "filename": "a", "size": 1, "lastSeconds": 7 }), "lastSeconds"),
        ] {
            let problem = UploadRequest::parse(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
    }
}

//! Parses the body of `POST /api/uploads`.

use chrono::{DateTime, Utc};

use crate::api::{Fields, Problem, parse_whole_number};
use crate::clip::{CompetitionId, Description};

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
}

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
        })
    }
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
        assert_eq!((request.at, request.competition), (None, None));
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
            (json!({ "filename": "a", "size": 1, "lastSeconds": 7 }), "lastSeconds"),
        ] {
            let problem = UploadRequest::parse(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
    }
}

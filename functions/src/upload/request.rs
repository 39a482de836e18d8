//! What the body of `POST /api/uploads` asks for.

use chrono::{DateTime, Utc};

use crate::clip::CompetitionId;
use crate::fields::{Description, Fields, whole};
use crate::http::Problem;

/// A file as announced.
#[derive(Clone, Debug, PartialEq)]
pub struct UploadRequest {
    pub competition: Option<CompetitionId>,
    pub about: Description,
    pub filename: String,
    /// Bytes.
    pub size: u64,
    pub content_type: String,
    pub at: Option<DateTime<Utc>>,
}

const FIELDS: &[&str] = &[
    "competition",
    "title",
    "description",
    "tags",
    "expiresAt",
    "filename",
    "size",
    "contentType",
    "at",
];
pub(super) const LONGEST_FILENAME: usize = 255;
const LONGEST_CONTENT_TYPE: usize = 100;
const DEFAULT_CONTENT_TYPE: &str = "application/octet-stream";

/// The largest object of S3, 5 TiB.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
pub(super) const LARGEST_FILE: u64 = 5 << 40;

impl UploadRequest {
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let fields = Fields::read(body, FIELDS)?;
        Ok(Self {
            competition: fields.competition()?,
            about: fields.description()?,
            filename: filename(&fields)?,
            size: size(&fields)?,
            content_type: content_type(&fields)?,
            at: fields.moment("at")?,
        })
    }
}

fn filename(fields: &Fields) -> Result<String, Problem> {
    let invalid = |detail: &str| Err(Problem::invalid_field("filename", detail));
    let Some(name) = fields.text("filename", LONGEST_FILENAME)? else {
        return invalid("Give the name of the file, such as final.mp4.");
    };
    if name.trim().is_empty() {
        return invalid("A file name has at least one visible character.");
    }
    if name.chars().any(|letter| letter.is_control() || matches!(letter, '/' | '\\')) {
        return invalid("A file name has no slashes and no control characters; leave out folders.");
    }
    Ok(name.to_owned())
}

fn size(fields: &Fields) -> Result<u64, Problem> {
    let size = fields.get("size").and_then(whole);
    size.filter(|size| (1..=LARGEST_FILE).contains(size)).ok_or_else(|| {
        let detail =
            format!("Give the size of the file in bytes, a whole number from 1 to {LARGEST_FILE}.");
        Problem::invalid_field("size", detail)
    })
}

/// <https://www.rfc-editor.org/rfc/rfc6838#section-4.2>
fn content_type(fields: &Fields) -> Result<String, Problem> {
    let Some(text) = fields.text("contentType", LONGEST_CONTENT_TYPE)? else {
        return Ok(DEFAULT_CONTENT_TYPE.to_owned());
    };
    let is_name = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        !part.is_empty() && part.bytes().all(allowed)
    };
    match text.split_once('/') {
        Some((kind, subtype)) if is_name(kind) && is_name(subtype) => Ok(text.to_owned()),
        _ => {
            let detail = "This has to be a media type such as video/mp4, without parameters.";
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
        let request = UploadRequest::read(br#"{"filename":"final.mp4","size":1}"#).unwrap();
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
            (json!({ "filename": "a", "size": LARGEST_FILE + 1 }), "size"),
            (json!({ "filename": "a", "size": 1, "contentType": "video" }), "contentType"),
            (json!({ "filename": "a", "size": 1, "contentType": "a/b\r\nx: y" }), "contentType"),
            (json!({ "filename": "a", "size": 1, "competition": "a b" }), "competition"),
            (json!({ "filename": "a", "size": 1, "at": "yesterday" }), "at"),
            (json!({ "filename": "a", "size": 1, "lastSeconds": 7 }), "lastSeconds"),
        ] {
            let problem = UploadRequest::read(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
    }
}

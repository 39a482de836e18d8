//! The JSON of a mark, as replies show it.

use serde_json::{Map, Value, json};

use crate::clip::{Mark, format_utc};

/// Shows a mark. Absent fields are left out.
pub fn to_json(mark: &Mark) -> Value {
    let fields = [
        ("id", Some(json!(mark.id))),
        ("channel", Some(json!(mark.channel))),
        ("at", Some(json!(format_utc(mark.at)))),
        ("end", mark.end.map(|end| json!(format_utc(end)))),
        ("label", Some(json!(mark.label))),
        ("tags", Some(json!(mark.tags))),
        ("source", Some(json!(mark.source))),
        ("confidence", mark.confidence.map(|it| json!(it))),
        ("key", mark.key.as_ref().map(|it| json!(it))),
        ("createdBy", mark.created_by.as_ref().map(|it| json!(it))),
        ("receivedAt", Some(json!(format_utc(mark.received_at)))),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

//! Reads the records of the table's stream.

use aws_lambda_events::dynamodb::EventRecord;

use crate::clip::{Clip, Mark};

/// A change of a clip that is announced: of its status, of its attempt, which makes its media, or of whether
/// viewers' lists show it.
#[derive(Clone, Debug)]
pub struct ClipChange {
    pub clip: Clip,
    /// Whether the status has changed. A new row counts as a change of status.
    pub has_new_status: bool,
}

/// Reads a record. Records of deleted rows, of other changes and of idempotency records return
/// `None`.
pub fn read_clip_change(record: EventRecord) -> Option<ClipChange> {
    let change = record.change;
    if change.new_image.is_empty() || !is_clip(&change.new_image) {
        return None;
    }
    let old: Option<Clip> = serde_dynamo::from_item(change.old_image).ok();
    let clip: Clip = match serde_dynamo::from_item(change.new_image) {
        Ok(clip) => clip,
        Err(reason) => {
            // A retry would read the same row.
            tracing::error!("could not decode a row of the table's stream: {reason}");
            return None;
        }
    };
    let has_new_status = old.as_ref().is_none_or(|old| old.status != clip.status);
    let announced = |clip: &Clip| (clip.is_active(), clip.attempt);
    let is_announced = has_new_status || old.is_some_and(|old| announced(&old) != announced(&clip));
    is_announced.then_some(ClipChange { clip, has_new_status })
}

/// Reads the new or changed mark of a record. Records of other rows and of deleted marks return `None`.
pub fn read_mark(record: EventRecord) -> Option<Mark> {
    let image = record.change.new_image;
    let begins = |name: &str, prefix: &str| match image.get(name) {
        Some(serde_dynamo::AttributeValue::S(text)) => text.starts_with(prefix),
        _ => false,
    };
    if !begins("competition", "marks#") || !begins("clip", "at#") {
        return None;
    }
    let mark = serde_dynamo::from_item(image);
    // A retry would read the same row.
    mark.inspect_err(|reason| tracing::error!("could not decode a mark of the stream: {reason}"))
        .ok()
}

/// Whether a row is a clip. The partitions of other rows contain a `#`, which no competition does.
fn is_clip(image: &serde_dynamo::Item) -> bool {
    match image.get("competition") {
        Some(serde_dynamo::AttributeValue::S(partition)) => !partition.contains('#'),
        _ => false,
    }
}

//! Reads the records of the table's stream.

use aws_lambda_events::dynamodb::EventRecord;
use serde::Deserialize;

use crate::clip::{Clip, Status};

/// The part of the old row that decides whether the status has changed.
#[derive(Deserialize)]
struct OldRow {
    status: Status,
}

/// The clip of a record, if the record is a change of its status.
///
/// A new row counts as a change of status. Records of deleted rows, of other changes and of
/// idempotency records return `None`.
pub fn clip_with_new_status(record: EventRecord) -> Option<Clip> {
    let change = record.change;
    if change.new_image.is_empty() || !is_clip(&change.new_image) {
        return None;
    }
    let old = serde_dynamo::from_item::<_, OldRow>(change.old_image).ok();
    let clip: Clip = match serde_dynamo::from_item(change.new_image) {
        Ok(clip) => clip,
        Err(reason) => {
            // A retry would read the same row.
            tracing::error!("could not decode a row of the table's stream: {reason}");
            return None;
        }
    };
    old.is_none_or(|old| old.status != clip.status).then_some(clip)
}

/// Whether a row is a clip. The partitions of other rows contain a `#`, which no competition does.
fn is_clip(image: &serde_dynamo::Item) -> bool {
    match image.get("competition") {
        Some(serde_dynamo::AttributeValue::S(partition)) => !partition.contains('#'),
        _ => false,
    }
}

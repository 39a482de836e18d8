//! Converts clips to rows of the table and back.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::listed::{LISTED_AS, ListedClip};
use super::{
    ACTIVE_PARTITION, CHANGED_AT, INDEX_PARTITION_VALUE, LibraryError, PENDING_PARTITION,
    QUEUED_PARTITION,
};
use crate::clip::{Clip, ClipId, ClipKey, CompetitionId};
use crate::error;

pub(super) type Item = HashMap<String, AttributeValue>;

/// Encodes a clip: its fields, the partition of each sparse index that it belongs to, and the form in
/// which lists show it.
pub fn encode_row(clip: &Clip) -> Result<HashMap<String, AttributeValue>, LibraryError> {
    let mut item: Item = serde_dynamo::to_item(clip)
        .map_err(|source| LibraryError::Encode { clip: clip.key(), source })?;
    item.insert(CHANGED_AT.to_owned(), milliseconds(clip.updated_at));
    if let Some(listed) = ListedClip::from_clip(clip) {
        item.insert(ACTIVE_PARTITION.to_owned(), text(&clip.competition));
        item.insert(LISTED_AS.to_owned(), listed.encode());
    }
    if clip.next_check_at.is_some() {
        item.insert(PENDING_PARTITION.to_owned(), text(&INDEX_PARTITION_VALUE));
    }
    if clip.queued_at.is_some() {
        item.insert(QUEUED_PARTITION.to_owned(), text(&INDEX_PARTITION_VALUE));
    }
    Ok(item)
}

pub(super) fn decode(item: Item) -> Result<Clip, LibraryError> {
    serde_dynamo::from_item(item).map_err(LibraryError::Decode)
}

/// Decodes a row of a query. A row that cannot be decoded, because it was written by hand or by
/// another version, is logged and skipped, so that it does not hide the other rows.
pub(super) fn decode_or_log(item: Item) -> Option<Clip> {
    let attribute =
        |name| item.get(name).and_then(|it| it.as_s().ok()).cloned().unwrap_or_default();
    let key = format!("{}_{}", attribute("competition"), attribute("clip"));
    decode(item)
        .inspect_err(|failure| {
            tracing::error!(
                clip.id = %key,
                "could not decode the row of clip {key}: {}",
                error::chain(failure)
            );
        })
        .ok()
}

/// Decodes the key of a clip from a row of an index.
pub(super) fn decode_key(row: Item) -> Result<ClipKey, LibraryError> {
    #[derive(Deserialize)]
    struct Key {
        competition: CompetitionId,
        clip: ClipId,
    }
    let Key { competition, clip } = serde_dynamo::from_item(row).map_err(LibraryError::Decode)?;
    Ok(ClipKey { competition, clip })
}

/// Decodes a key as `decode_key` does. A key that cannot be decoded is logged and skipped.
pub(super) fn decode_key_or_log(row: Item) -> Option<ClipKey> {
    decode_key(row).inspect_err(|failure| tracing::error!("{}", error::chain(failure))).ok()
}

/// A time as the sort key of an index: milliseconds since 1970.
pub(super) fn milliseconds(time: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N(time.timestamp_millis().to_string())
}

pub(super) fn text(value: &impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Status;
    use crate::clip::transition::tests::clip;

    #[test]
    fn a_row_is_in_the_indexes_of_its_status_only() {
        for status in Status::ALL {
            let clip = clip(status);
            let item = encode_row(&clip).unwrap();
            let has = |attribute| item.contains_key(attribute);
            assert_eq!(has(ACTIVE_PARTITION), status == Status::Ready, "{status:?}");
            assert_eq!(has(LISTED_AS), status == Status::Ready, "{status:?}");
            assert_eq!(has(PENDING_PARTITION), status.is_pending(), "{status:?}");
            assert_eq!(has("nextCheckAt"), status.is_pending(), "{status:?}");
            assert_eq!(has(QUEUED_PARTITION), status == Status::Queued, "{status:?}");
            assert_eq!(has("queuedAt"), status == Status::Queued, "{status:?}");
            assert_eq!(item[CHANGED_AT], milliseconds(clip.updated_at), "{status:?}");
            assert_eq!(decode(item).unwrap(), clip);
        }
    }

    #[test]
    fn a_ready_clip_that_is_held_back_is_in_no_index_of_viewers() {
        let ready = clip(Status::Ready);
        let unlisted = Clip { listed: false, ..ready.clone() };
        let later = Clip { publish_at: Some(ready.created_at), ..ready };
        for clip in [unlisted, later] {
            let item = encode_row(&clip).unwrap();
            assert!(!item.contains_key(ACTIVE_PARTITION));
            assert_eq!(decode(item).unwrap(), clip);
        }
    }

    #[test]
    fn a_row_of_version_0_1_0_is_decoded() {
        let row = serde_json::json!({
            "competition": "100m-dash",
            "clip": "20200203133058_20200203133258_k7Qx2f",
            "status": "ready", "version": 7, "attempt": 1, "mediaAttempt": 1,
            "source": "live", "channel": "main",
            "requested": { "start": "2020-02-03T13:30:58Z", "end": "2020-02-03T13:32:58Z" },
            "title": "First race", "description": "", "tags": [],
            "manifests": { "hls": "/out/v1/a/b/c/index.m3u8" }, "playable": ["hls"],
            "createdAt": "2020-02-03T13:33:00.25Z", "updatedAt": "2020-02-03T13:33:41.087Z",
            "readyAt": "2020-02-03T13:33:41.087Z", "activeCompetition": "100m-dash",
        });
        let clip: Clip = serde_json::from_value(row).unwrap();
        assert!(clip.is_active());
        assert_eq!((clip.created_by.as_ref(), clip.deleted_from), (None, None));
        assert_eq!(
            encode_row(&clip).unwrap()[CHANGED_AT],
            AttributeValue::N("1580736821087".into())
        );
    }

    #[test]
    fn a_ready_clip_with_an_expiry_is_in_the_index_of_pending_clips() {
        let mut clip = clip(Status::Ready);
        clip.expires_at = Some(clip.created_at);
        clip.next_check_at = clip.next_check(clip.created_at);
        let item = encode_row(&clip).unwrap();
        assert!(item.contains_key(PENDING_PARTITION) && item.contains_key(ACTIVE_PARTITION));
    }
}

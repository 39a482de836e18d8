//! Pages of a competition's ready clips.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::listed::{LISTED_AS, ListedClip, ListedClipDecoder};
use super::rows::{Item, decode_key, decode_or_log, text};
use super::{ACTIVE_INDEX, ACTIVE_PARTITION, Library, LibraryError};
use crate::clip::{Clip, ClipId, ClipKey, CompetitionId, ceil_second, format_stamp};

/// Most rows that a page with a tag reads: as many as the largest page without one. DynamoDB would
/// read 1 MB, which costs 128 read units, for a tag that no clip has.
const MAX_READ: i32 = 101;

/// Most clips of one BatchGetItem call.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const MAX_BATCH: usize = 100;
/// Most calls for one batch. DynamoDB leaves clips out when it is throttled.
const MAX_BATCH_TRIES: usize = 5;

/// Selects clips of a competition.
#[derive(Clone, Debug)]
pub struct PageRequest {
    pub competition: CompetitionId,
    pub order: Order,
    /// Only clips that start at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only clips that start before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only clips with this tag.
    pub tag: Option<String>,
    /// Most clips of the page.
    pub limit: usize,
    pub cursor: Option<Cursor>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// The position in a list after which the next page starts: the key of the last clip read.
///
/// It is opaque to clients. Because it is a key and not an offset, every page costs the same, and a
/// clip that is added or deleted in between shifts no other clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(ClipKey);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor of this list")]
pub struct CursorError;

#[derive(Clone, Debug)]
pub struct Page {
    pub clips: Vec<ListedClip>,
    /// The cursor of the next page. `None` on the last page.
    pub next: Option<Cursor>,
}

impl Library {
    /// Reads one page with one Query, at a cost that does not depend on the size of the library.
    ///
    /// Clips whose rows an earlier version wrote are read with a BatchGetItem.
    ///
    /// With a tag, DynamoDB reads `MAX_READ` rows and filters. The page may then hold fewer clips
    /// than `limit`, even none, and still have a next page.
    pub async fn read_page(&self, request: &PageRequest) -> Result<Page, LibraryError> {
        let lowest = request.from.map_or_else(|| "0".to_owned(), first_id);
        let highest = request.to.map_or_else(|| ":".to_owned(), first_id);
        if lowest >= highest {
            return Ok(Page { clips: Vec::new(), next: None });
        }
        let start = request.cursor.as_ref().map(|Cursor(key)| key.clip.as_str());
        let start = match (start, request.order) {
            (None, _) => None,
            // DynamoDB refuses a start key outside of the range. If the cursor is past the end of
            // the range, the page is empty. If it is before the beginning, it is ignored.
            (Some(clip), Order::NewestFirst) if clip <= lowest.as_str() => return Ok(empty_page()),
            (Some(clip), Order::OldestFirst) if clip >= highest.as_str() => return Ok(empty_page()),
            (Some(clip), _) if clip < lowest.as_str() || clip > highest.as_str() => None,
            (Some(clip), _) => Some(index_key(&request.competition, clip)),
        };

        // Reads one clip more than the limit, to know whether there is a next page.
        let wanted = request.limit + 1;
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(ACTIVE_INDEX)
            .key_condition_expression("#competition = :competition AND clip BETWEEN :low AND :high")
            .expression_attribute_names("#competition", ACTIVE_PARTITION)
            .expression_attribute_values(":competition", text(&request.competition))
            .expression_attribute_values(":low", AttributeValue::S(lowest))
            .expression_attribute_values(":high", AttributeValue::S(highest))
            .projection_expression(format!("clip, {LISTED_AS}"))
            .scan_index_forward(request.order == Order::OldestFirst)
            .set_exclusive_start_key(start);
        query = match &request.tag {
            None => query.limit(i32::try_from(wanted).unwrap_or(i32::MAX)),
            Some(tag) => query
                .limit(MAX_READ)
                .filter_expression("contains(tags, :tag)")
                .expression_attribute_values(":tag", text(tag)),
        };
        let found = query.send().await.map_err(LibraryError::query_failed(ACTIVE_INDEX))?;

        let read_up_to = found.last_evaluated_key.map(decode_key).transpose()?.map(Cursor);
        let mut rows = found.items.unwrap_or_default();
        let next = if rows.len() < wanted {
            read_up_to
        } else {
            rows.truncate(request.limit);
            let last = rows.last().map(decode_clip_id);
            let key = |clip| ClipKey { competition: request.competition.clone(), clip };
            last.transpose()?.map(|clip| Cursor(key(clip)))
        };
        let clips = self.decode_page(&request.competition, &rows).await?;
        Ok(Page { clips, next })
    }

    /// Decodes rows of the index. Reads the row of each clip that has no known form for lists, and
    /// skips it if it has left the list or cannot be decoded.
    async fn decode_page(
        &self,
        competition: &CompetitionId,
        rows: &[Item],
    ) -> Result<Vec<ListedClip>, LibraryError> {
        let mut decoder = ListedClipDecoder::new();
        let mut clips: Vec<_> = rows.iter().map(|row| decoder.decode(row)).collect();
        let missing = (0..rows.len()).filter(|at| clips[*at].is_none());
        let missing: Vec<(usize, ClipId)> = missing
            .map(|at| Ok((at, decode_clip_id(&rows[at])?)))
            .collect::<Result<_, LibraryError>>()?;
        for batch in missing.chunks(MAX_BATCH) {
            let ids = batch.iter().map(|(_, clip)| clip.clone()).collect();
            let mut found = self.find_batch(competition, ids).await?;
            for (at, id) in batch {
                clips[*at] = found.remove(id).as_ref().and_then(ListedClip::from_clip);
            }
        }
        Ok(clips.into_iter().flatten().collect())
    }

    /// Reads up to 100 clips of a competition. Rows that cannot be decoded are logged and left out.
    async fn find_batch(
        &self,
        competition: &CompetitionId,
        clips: Vec<ClipId>,
    ) -> Result<HashMap<ClipId, Clip>, LibraryError> {
        let failed = |error: aws_sdk_dynamodb::Error| LibraryError::BatchGet {
            competition: competition.clone(),
            source: Box::new(error),
        };
        let keys = clips.iter().map(|clip| {
            let parts = [("competition", text(competition)), ("clip", text(clip))];
            parts.map(|(name, value)| (name.to_owned(), value)).into()
        });
        let keys = KeysAndAttributes::builder().set_keys(Some(keys.collect())).build();
        let keys = keys.map_err(|error| failed(error.into()))?;
        let mut left = Some(HashMap::from([(self.table.clone(), keys)]));
        let mut found = HashMap::new();
        for _ in 0..MAX_BATCH_TRIES {
            let read = self.client.batch_get_item().set_request_items(left).send().await;
            let read = read.map_err(|error| failed(error.into()))?;
            let rows = read.responses.unwrap_or_default().into_values().flatten();
            found.extend(rows.filter_map(decode_or_log).map(|clip| (clip.clip.clone(), clip)));
            left = read.unprocessed_keys.filter(|keys| !keys.is_empty());
            if left.is_none() {
                return Ok(found);
            }
        }
        Err(LibraryError::Unprocessed { competition: competition.clone() })
    }

    /// Opens the connection to DynamoDB. `list-clips` may use only Query, so this is a query.
    pub async fn warm_up_page_query(&self) {
        let query = self.client.query().table_name(&self.table).index_name(ACTIVE_INDEX);
        let _ = query
            .key_condition_expression("#competition = :competition")
            .expression_attribute_names("#competition", ACTIVE_PARTITION)
            .expression_attribute_values(":competition", AttributeValue::S("-".to_owned()))
            .limit(1)
            .send()
            .await;
    }
}

/// Decodes the clip's id in a row of the index.
fn decode_clip_id(row: &Item) -> Result<ClipId, LibraryError> {
    #[derive(Deserialize)]
    struct Key {
        clip: ClipId,
    }
    let id = row.get("clip").cloned().into_iter().map(|clip| ("clip".to_owned(), clip));
    let Key { clip } =
        serde_dynamo::from_item(id.collect::<Item>()).map_err(LibraryError::Decode)?;
    Ok(clip)
}

fn empty_page() -> Page {
    Page { clips: Vec::new(), next: None }
}

/// A text that sorts before the ids of all clips that start at `time` or later, and after the ids of
/// all clips that start before it.
fn first_id(time: DateTime<Utc>) -> String {
    format_stamp(ceil_second(time))
}

/// The key of a clip in the index of active clips.
fn index_key(competition: &CompetitionId, clip: &str) -> Item {
    Item::from([
        (ACTIVE_PARTITION.to_owned(), text(competition)),
        ("competition".to_owned(), text(competition)),
        ("clip".to_owned(), text(&clip)),
    ])
}

impl Cursor {
    pub fn competition(&self) -> &CompetitionId {
        &self.0.competition
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0.to_string()))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let key = std::str::from_utf8(&bytes).map_err(|_| CursorError)?;
        Ok(Self(key.parse().map_err(|_| CursorError)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_parses_back_and_a_forged_one_is_refused() {
        let key: ClipKey = "100m-dash_20200203133058_20200203133258_k7Qx2f".parse().unwrap();
        let cursor = Cursor(key);
        let text = cursor.to_string();
        assert_eq!(text.parse(), Ok(cursor));
        let shortened = &text[..text.len() - 3];
        for forged in ["", "x", "=", shortened, &format!("{text}AA"), "AAAA", "äö"] {
            assert_eq!(forged.parse::<Cursor>(), Err(CursorError), "{forged}");
        }
    }

    #[test]
    fn a_bound_lies_between_the_ids_of_neighboring_seconds() {
        let at = |milliseconds| DateTime::from_timestamp_millis(milliseconds).unwrap();
        assert_eq!(first_id(at(1_580_736_658_000)), "20200203133058");
        assert_eq!(first_id(at(1_580_736_658_001)), "20200203133059");
        assert!("20200203133058_20200203133258_k7Qx2f" > first_id(at(1_580_736_658_000)).as_str());
        assert!("20200203133058_20200203133258_k7Qx2f" < first_id(at(1_580_736_659_000)).as_str());
    }
}

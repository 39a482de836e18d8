//! Pages of a competition's ready clips.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

use super::{ACTIVE_INDEX, ACTIVE_PARTITION, Clip, Library, LibraryError, key_of, readable, text};
use crate::clip::{ClipKey, CompetitionId, ceil_second, stamp};

/// Which clips of a competition, and how many of them.
#[derive(Clone, Debug)]
pub struct PageRequest {
    pub competition: CompetitionId,
    pub order: Order,
    /// Clips that start at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Clips that start before this moment.
    pub to: Option<DateTime<Utc>>,
    pub tag: Option<String>,
    pub limit: usize,
    pub cursor: Option<Cursor>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// Where the next page starts: after a clip that was already given.
///
/// Opaque to clients. It binds only a place in the list of its competition, so a page costs the
/// same wherever it starts, and clips that come or go meanwhile move no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(ClipKey);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct CursorError;

#[derive(Clone, Debug)]
pub struct Page {
    pub clips: Vec<Clip>,
    /// Where to go on; absent on the last page.
    pub next: Option<Cursor>,
}

impl Library {
    /// One page, by one Query, at a cost that does not depend on the library's size.
    ///
    /// With a tag, DynamoDB reads on past clips that do not carry it, up to 1 MB: a page may
    /// then hold fewer clips than asked for, even none, and still have a next one.
    pub async fn page(&self, request: &PageRequest) -> Result<Page, LibraryError> {
        let lowest = request.from.map_or_else(|| "0".to_owned(), first_id);
        let highest = request.to.map_or_else(|| ":".to_owned(), first_id);
        if highest <= lowest {
            return Ok(Page { clips: Vec::new(), next: None });
        }
        let start = request.cursor.as_ref().map(|Cursor(key)| key.clip.as_str());
        let start = match (start, request.order) {
            (None, _) => None,
            // A cursor past the end of what is asked for has nothing after it; one before the
            // beginning changes nothing. DynamoDB refuses both.
            (Some(clip), Order::NewestFirst) if clip <= lowest.as_str() => return Ok(nothing()),
            (Some(clip), Order::OldestFirst) if highest.as_str() <= clip => return Ok(nothing()),
            (Some(clip), _) if clip < lowest.as_str() || highest.as_str() < clip => None,
            (Some(clip), _) => Some(index_key(&request.competition, clip)),
        };

        // One more than asked for tells whether there is a next page.
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
            .scan_index_forward(request.order == Order::OldestFirst)
            .set_exclusive_start_key(start);
        query = match &request.tag {
            None => query.limit(i32::try_from(wanted).unwrap_or(i32::MAX)),
            Some(tag) => query
                .filter_expression("contains(tags, :tag)")
                .expression_attribute_values(":tag", text(tag)),
        };
        let found = query.send().await.map_err(LibraryError::querying(ACTIVE_INDEX))?;

        let read_up_to = found.last_evaluated_key.map(cursor_of).transpose()?;
        let mut clips = found
            .items
            .unwrap_or_default()
            .into_iter()
            .take(wanted)
            .filter_map(readable)
            .collect::<Vec<Clip>>();
        let next = if clips.len() < wanted {
            read_up_to
        } else {
            clips.truncate(request.limit);
            clips.last().map(|clip| Cursor(clip.key()))
        };
        Ok(Page { clips, next })
    }

    /// Opens the connection to DynamoDB with the one action a reader of pages is allowed.
    pub async fn warm_up_pages(&self) {
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

fn nothing() -> Page {
    Page { clips: Vec::new(), next: None }
}

/// A text that sorts before the id of every clip that starts at `moment` or later, and after the
/// ids of all that start before it.
fn first_id(moment: DateTime<Utc>) -> String {
    stamp(ceil_second(moment))
}

/// The place of a clip in the index of active ones.
fn index_key(competition: &CompetitionId, clip: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([
        (ACTIVE_PARTITION.to_owned(), text(competition)),
        ("competition".to_owned(), text(competition)),
        ("clip".to_owned(), text(&clip)),
    ])
}

fn cursor_of(key: HashMap<String, AttributeValue>) -> Result<Cursor, LibraryError> {
    key_of(key).map(Cursor)
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
    fn cursors_come_back_as_they_were_and_forgeries_do_not() {
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
    fn bounds_lie_between_the_ids_of_neighboring_seconds() {
        let at = |milliseconds| DateTime::from_timestamp_millis(milliseconds).unwrap();
        assert_eq!(first_id(at(1_580_736_658_000)), "20200203133058");
        assert_eq!(first_id(at(1_580_736_658_001)), "20200203133059");
        assert!("20200203133058_20200203133258_k7Qx2f" > first_id(at(1_580_736_658_000)).as_str());
        assert!("20200203133058_20200203133258_k7Qx2f" < first_id(at(1_580_736_659_000)).as_str());
    }
}

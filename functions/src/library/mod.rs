//! The DynamoDB table of clips, and the only module that knows its shape.
//!
//! | key | partition | sort | holds |
//! | --- | --- | --- | --- |
//! | table | `competition` | `clip` | every clip |
//! | index `active` | `activeCompetition` | `clip` | ready clips, for viewers |
//! | index `unfinished` | `unfinished` | `nextCheckAt` | clips that something is to happen to by itself, for the sweep |
//! | index `waiting` | `waiting` | `queuedAt` | the names of clips that wait for a harvest, in line |
//! | table | `idempotency#<who>` | the key | which clip a request has made already; see [`Repeatable`] |
//!
//! The indexes are sparse: the attribute of their partition is there only while it applies.
//! `unfinished` and `waiting` are one partition each: clips in the making are counted in hundreds,
//! and DynamoDB takes a thousand writes a second to one.

mod clip;
mod idempotency;
mod page;
mod removal;
mod sweep;
mod transition;
mod unfinished;
mod waiting;

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, Utc};

pub use clip::{ActualBounds, Clip, ConfigurationId, Failure, FailureCode, Source, Status, Upload};
pub use idempotency::{Recorded, Repeatable};
pub use page::{Cursor, CursorError, Order, Page, PageRequest};
pub use removal::{Removal, RemovalError};
pub use sweep::{Sweep, SweepError, Swept};
pub use transition::{Edit, Trigger, after};

use crate::clip::{Attempt, ClipId, ClipKey, CompetitionId};
use crate::config::{ConfigError, Variables};
use crate::error;

/// The attribute only ready clips have: their competition again.
pub const ACTIVE_PARTITION: &str = "activeCompetition";
/// The index of ready clips.
pub const ACTIVE_INDEX: &str = "active";
/// The attribute only clips have that something is to happen to by itself.
pub const UNFINISHED_PARTITION: &str = "unfinished";
/// The index of those clips.
pub const UNFINISHED_INDEX: &str = "unfinished";
/// The attribute only queued clips have.
pub const WAITING_PARTITION: &str = "waiting";
/// The index of queued clips.
pub const WAITING_INDEX: &str = "waiting";
/// The one partition of either index.
const CLIPS: &str = "clip";

/// The library of clips.
#[derive(Clone, Debug)]
pub struct Library {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error("could not write clip {clip} into the library")]
    Put {
        clip: ClipKey,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not read clip {clip} from the library")]
    Get {
        clip: ClipKey,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not remove clip {clip} from the library")]
    Delete {
        clip: ClipKey,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not read the library's index {index}")]
    Query {
        index: &'static str,
        #[source]
        source: Box<aws_sdk_dynamodb::Error>,
    },
    #[error("could not read what a request has made before")]
    Recall(#[source] Box<aws_sdk_dynamodb::Error>),
    #[error("a row of the library is not a clip")]
    Decode(#[source] serde_dynamo::Error),
    #[error("clip {clip} could not be written as a row")]
    Encode {
        clip: ClipKey,
        #[source]
        source: serde_dynamo::Error,
    },
    #[error("clip {clip} kept changing while it was being moved to its next state")]
    Contended { clip: ClipKey },
}

impl LibraryError {
    /// Says of which index a query failed.
    fn querying<E>(index: &'static str) -> impl Fn(E) -> Self
    where
        aws_sdk_dynamodb::Error: From<E>,
    {
        move |error| Self::Query { index, source: Box::new(error.into()) }
    }
}

/// What a trigger did to a clip.
#[derive(Clone, Debug, PartialEq)]
pub enum Advanced {
    To(Box<Clip>),
    /// The clip was past that point already.
    Unchanged(Box<Clip>),
    /// The library has no such clip.
    Unknown,
}

impl Library {
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    pub fn from_variables(
        sdk: &aws_config::SdkConfig,
        variables: &Variables,
    ) -> Result<Self, ConfigError> {
        let table = variables.required("CLIPS_TABLE")?;
        Ok(Self::new(aws_sdk_dynamodb::Client::new(sdk), table))
    }

    /// Writes a new clip; `false` if its id is taken.
    pub async fn create(&self, clip: &Clip) -> Result<bool, LibraryError> {
        self.put(clip, None).await
    }

    /// The clip as it is now, after every write that has been answered.
    pub async fn find(&self, key: &ClipKey) -> Result<Option<Clip>, LibraryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("competition", text(&key.competition))
            .key("clip", text(&key.clip))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LibraryError::Get {
                clip: key.clone(),
                source: Box::new(error.into()),
            })?;
        found.item.map(decode).transpose()
    }

    /// Tells the library something about a clip.
    ///
    /// Reads the clip, applies the transition and writes it on the condition that nobody wrote
    /// in between; whoever loses that race reads again. Told twice, late, or by two at once, the
    /// end is the same.
    pub async fn advance(
        &self,
        of: &Attempt,
        trigger: &Trigger,
        now: DateTime<Utc>,
    ) -> Result<Advanced, LibraryError> {
        // Writers of one clip are the few handlers of its few events.
        const MOST_RACES: usize = 16;
        let key = &of.clip;
        for _ in 0..MOST_RACES {
            let Some(clip) = self.find(key).await? else { return Ok(Advanced::Unknown) };
            let Some(next) = after(&clip, of.number, trigger.clone(), now) else {
                return Ok(Advanced::Unchanged(Box::new(clip)));
            };
            if self.put(&next, Some(clip.version)).await? {
                tracing::info!(
                    clip.id = %key,
                    clip.status = ?next.status,
                    "clip {key}: {}",
                    describe(&clip, &next)
                );
                return Ok(Advanced::To(Box::new(next)));
            }
        }
        Err(LibraryError::Contended { clip: key.clone() })
    }

    /// Changes what is said about a clip; `None` if the clip is not as it was read any more.
    pub async fn edit(
        &self,
        clip: &Clip,
        edit: &Edit,
        now: DateTime<Utc>,
    ) -> Result<Option<Clip>, LibraryError> {
        let Some(next) = after(clip, clip.attempt, Trigger::Edited(edit.clone()), now) else {
            return Ok(Some(clip.clone()));
        };
        Ok(self.put(&next, Some(clip.version)).await?.then_some(next))
    }

    /// Has the sweep look at an unfinished clip again at that time; `false` if it changed meanwhile.
    pub async fn postpone(
        &self,
        clip: &Clip,
        to: Option<DateTime<Utc>>,
    ) -> Result<bool, LibraryError> {
        let mut later = clip.clone();
        later.version += 1;
        later.next_check_at = to;
        self.put(&later, Some(clip.version)).await
    }

    /// Removes the row of a clip of which nothing is left; `false` if it changed meanwhile.
    pub async fn forget(&self, clip: &Clip) -> Result<bool, LibraryError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("competition", text(&clip.competition))
            .key("clip", text(&clip.clip))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", AttributeValue::N(clip.version.to_string()))
            .send()
            .await
            .map_err(aws_sdk_dynamodb::Error::from);
        match deleted {
            Ok(_) => Ok(true),
            Err(aws_sdk_dynamodb::Error::ConditionalCheckFailedException(_)) => Ok(false),
            Err(source) => Err(LibraryError::Delete { clip: clip.key(), source: Box::new(source) }),
        }
    }

    /// Opens the connection to DynamoDB before the first request needs it.
    ///
    /// Sends the very read a function is allowed, for a clip that cannot exist.
    pub async fn warm_up(&self) {
        let nothing = || AttributeValue::S("-".to_owned());
        let read = self.client.get_item().table_name(&self.table);
        let _ = read.key("competition", nothing()).key("clip", nothing()).send().await;
    }

    /// Writes a row on the condition that it still has version `expected`, or does not exist.
    async fn put(&self, clip: &Clip, expected: Option<u64>) -> Result<bool, LibraryError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(encode(clip)?));
        let put = match expected {
            None => put.condition_expression("attribute_not_exists(clip)"),
            Some(version) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", AttributeValue::N(version.to_string())),
        };
        let put = put
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error)) => match error.into_err() {
                PutItemError::ConditionalCheckFailedException(there) => {
                    there.item.map_or(Ok(false), |there| is_of(there, clip, expected))
                }
                error => {
                    Err(LibraryError::Put { clip: clip.key(), source: Box::new(error.into()) })
                }
            },
            Err(error) => {
                Err(LibraryError::Put { clip: clip.key(), source: Box::new(error.into()) })
            }
        }
    }
}

/// Whether a row is what was to be written: then it was, by a request whose answer got lost, and
/// which was sent again.
///
/// A new clip may have gone on by then. What others wrote over a change makes no difference to who
/// wrote it: they read again, and find it told.
fn is_of(
    row: HashMap<String, AttributeValue>,
    clip: &Clip,
    expected: Option<u64>,
) -> Result<bool, LibraryError> {
    let there = decode(row)?;
    Ok(match expected {
        None => there.created_at == clip.created_at,
        Some(_) => there == decode(encode(clip)?)?,
    })
}

/// The row of a clip: its fields, and the partitions of the sparse indexes it belongs to.
fn encode(clip: &Clip) -> Result<HashMap<String, AttributeValue>, LibraryError> {
    let mut item: HashMap<String, AttributeValue> = serde_dynamo::to_item(clip)
        .map_err(|source| LibraryError::Encode { clip: clip.key(), source })?;
    if clip.status == Status::Ready {
        item.insert(ACTIVE_PARTITION.to_owned(), text(&clip.competition));
    }
    if clip.next_check_at.is_some() {
        item.insert(UNFINISHED_PARTITION.to_owned(), AttributeValue::S(CLIPS.to_owned()));
    }
    if clip.queued_at.is_some() {
        item.insert(WAITING_PARTITION.to_owned(), AttributeValue::S(CLIPS.to_owned()));
    }
    Ok(item)
}

fn decode(item: HashMap<String, AttributeValue>) -> Result<Clip, LibraryError> {
    serde_dynamo::from_item(item).map_err(LibraryError::Decode)
}

/// A row as a clip. One that is none, written by hand or by another version, is logged and left
/// alone: it hides no other.
fn readable(item: HashMap<String, AttributeValue>) -> Option<Clip> {
    let part = |name| item.get(name).and_then(|it| it.as_s().ok()).cloned().unwrap_or_default();
    let (competition, clip) = (part("competition"), part("clip"));
    decode(item)
        .inspect_err(|failure| {
            tracing::error!("row {competition} {clip}: {}", error::chain(failure));
        })
        .ok()
}

/// A time as the indexes are sorted by it.
fn milliseconds(time: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N(time.timestamp_millis().to_string())
}

/// The clip that a row of an index is of.
fn key_of(row: HashMap<String, AttributeValue>) -> Result<ClipKey, LibraryError> {
    #[derive(serde::Deserialize)]
    struct Key {
        competition: CompetitionId,
        clip: ClipId,
    }
    let Key { competition, clip } = serde_dynamo::from_item(row).map_err(LibraryError::Decode)?;
    Ok(ClipKey { competition, clip })
}

fn text(value: &impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

fn describe(before: &Clip, after: &Clip) -> String {
    match (&after.failure, before.status == after.status) {
        (Some(failure), _) => format!("failed: {}", failure.message),
        (None, true) if after.status == Status::Transcoding => {
            let progress = after.upload().and_then(|upload| upload.progress);
            progress.map_or_else(
                || "transcoding".to_owned(),
                |percent| format!("transcoding, {percent} %"),
            )
        }
        (None, true) if after.status == Status::Uploading => "uploading in parts".to_owned(),
        (None, true) if after.playable == before.playable => "changed".to_owned(),
        (None, true) => {
            let playable: Vec<_> = after.playable.iter().map(String::as_str).collect();
            format!("playable as {}", playable.join(" and "))
        }
        (None, false) => after.status.name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_in_the_indexes_of_its_state_only() {
        for status in Status::ALL {
            let clip = transition::tests::clip(status);
            let item = encode(&clip).unwrap();
            let has = |attribute| item.contains_key(attribute);
            assert_eq!(has(ACTIVE_PARTITION), status == Status::Ready, "{status:?}");
            assert_eq!(has(UNFINISHED_PARTITION), status.is_unfinished(), "{status:?}");
            assert_eq!(has("nextCheckAt"), status.is_unfinished(), "{status:?}");
            assert_eq!(has(WAITING_PARTITION), status == Status::Queued, "{status:?}");
            assert_eq!(has("queuedAt"), status == Status::Queued, "{status:?}");
            assert_eq!(decode(item).unwrap(), clip);
        }
    }

    #[test]
    fn a_ready_clip_that_expires_is_looked_at_then() {
        let mut clip = transition::tests::clip(Status::Ready);
        clip.expires_at = Some(clip.created_at);
        clip.next_check_at = clip.next_check(clip.created_at);
        let item = encode(&clip).unwrap();
        assert!(item.contains_key(UNFINISHED_PARTITION) && item.contains_key(ACTIVE_PARTITION));
    }
}

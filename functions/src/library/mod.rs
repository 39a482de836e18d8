//! The table of clips. No other module knows the shape of its rows.
//!
//! | key | partition | sort | rows |
//! | --- | --- | --- | --- |
//! | table | `competition` | `clip` | all clips |
//! | index `listed` | `activeCompetition` | `clip` | ready clips that are not held back, for viewers; see [`ListedClip`] |
//! | index `changes` | `competition` | `changedAt` | all clips, for operators; see [`ChangesCursor`] |
//! | index `unfinished` | `unfinished` | `nextCheckAt` | pending clips, for the sweep; clips with an expiry, too |
//! | index `waiting` | `waiting` | `queuedAt` | the keys of queued clips, for the harvest queue |
//! | table | `channel#<channel>` | `state` | what was observed of a channel; see [`ChannelRecord`] |
//! | table | `marks#<channel>` | `at#<mark>` | a mark; see [`MarksRequest`] |
//! | table | `marks#<channel>` | `key#<source>#<key>` | the mark that a source has sent with this key |
//! | table | `idempotency#<sender>` | idempotency key | the clip that a request has created; see [`IdempotentRequest`] |
//! | table | `rules#` | rule id | the rules |
//! | table | `rules#<channel>` | `state` | guards what rules make of a channel's marks; see [`RuleGuard`] |
//!
//! The indexes are sparse: a row has the key attributes of an index only while it belongs to the
//! index. `unfinished` and `waiting` have one partition each. DynamoDB accepts 1,000 writes a
//! second to a partition, and there are only hundreds of clips in progress.

mod changes;
mod changes_cursor;
mod channel_record;
mod error;
mod idempotency;
mod listed;
mod marks;
mod page;
mod pending;
mod queued;
mod rows;
mod rule_clips;
mod rules;
mod stream;
mod transaction;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, TimeDelta, Utc};

pub use changes::{Changes, ChangesRequest};
pub use changes_cursor::{
    ChangePosition, ChangesCursor, ChangesCursorError, ChangesPage, ChangesScan, ScannedChanges,
};
pub use channel_record::ChannelRecord;
pub use error::LibraryError;
pub use idempotency::{IdempotencyRecord, IdempotentRequest};
pub use listed::{LISTED_AS, ListedClip};
pub use marks::{CreatedMark, MarksPage, MarksRequest};
pub use page::{Cursor, CursorError, Order, Page, PageRequest};
pub use rule_clips::{MAX_RULE_WRITES, RuleGuard, RuleWrite};
pub use rules::MAX_RULES;
pub use stream::{ClipChange, read_clip_change, read_mark};

pub use self::rows::encode_row;
use self::rows::{Item, decode, decode_or_log, text};
use crate::clip::{
    Attempt, Clip, ClipKey, Edit, FileSettings, FilesStatus, Source, Status, Trigger, apply_trigger,
};
use crate::config::{ConfigError, Variables};

/// The index of active clips: ready, and not held back from viewers.
///
/// It projects [`LISTED_AS`], and `tags` for filters, instead of whole rows.
pub const ACTIVE_INDEX: &str = "listed";
/// The partition of that index: the competition. Only active clips have this attribute.
pub const ACTIVE_PARTITION: &str = "activeCompetition";
/// The index of all clips by the time of their last change.
pub const CHANGES_INDEX: &str = "changes";
/// The sort key of that index: `updatedAt` in milliseconds since 1970. Only clips have it.
pub const CHANGED_AT: &str = "changedAt";
/// The index of pending clips.
pub const PENDING_INDEX: &str = "unfinished";
/// The partition of that index. Only clips with a next check have this attribute.
pub const PENDING_PARTITION: &str = "unfinished";
/// The index of queued clips.
pub const QUEUED_INDEX: &str = "waiting";
/// The partition of that index. Only queued clips have this attribute.
pub const QUEUED_PARTITION: &str = "waiting";
/// The value of both partition attributes, because each of the two indexes has one partition.
const INDEX_PARTITION_VALUE: &str = "clip";

/// Most tries of one change. A clip has few writers: the handlers of its few events.
const MAX_TRIES: usize = 16;

/// The library of clips.
#[derive(Clone, Debug)]
pub struct Library {
    client: aws_sdk_dynamodb::Client,
    table: String,
    /// How long a clip keeps its asset after it became ready. `None`: for good.
    asset_lifetime: Option<TimeDelta>,
    /// Which files a clip gets whose asset is created.
    files: FileSettings,
}

/// What a trigger did to a clip.
#[derive(Clone, Debug, PartialEq)]
pub enum Advanced {
    Changed(Box<Clip>),
    /// The clip was already past that trigger.
    Unchanged(Box<Clip>),
    /// The library has no such clip.
    NotFound,
}

impl Library {
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), asset_lifetime: None, files: FileSettings::default() }
    }

    pub fn from_variables(
        sdk: &aws_config::SdkConfig,
        variables: &Variables,
    ) -> Result<Self, ConfigError> {
        let table = variables.required("CLIPS_TABLE")?;
        Ok(Self::new(aws_sdk_dynamodb::Client::new(sdk), table))
    }

    /// The library of a function in which clips get their assets and become ready: they keep their
    /// assets for the days of a setting, and get the files of another.
    pub fn with_asset_expiry(
        sdk: &aws_config::SdkConfig,
        variables: &Variables,
    ) -> Result<Self, ConfigError> {
        let days: Option<u32> = variables.optional("ASSET_EXPIRY_DAYS")?;
        let asset_lifetime = days.map(|days| TimeDelta::days(days.into()));
        let files = variables.optional("CLIP_FILES")?.unwrap_or_default();
        Ok(Self { asset_lifetime, files, ..Self::from_variables(sdk, variables)? })
    }

    /// Writes a new clip. Returns `false` if its id is taken.
    pub async fn create(&self, clip: &Clip) -> Result<bool, LibraryError> {
        self.put(clip, None).await
    }

    /// Reads a clip, strongly consistent: the result contains every acknowledged write.
    pub async fn find(&self, key: &ClipKey) -> Result<Option<Clip>, LibraryError> {
        self.read_row(key).await?.map(decode).transpose()
    }

    /// Reads a clip as `find` does. If the row cannot be decoded, logs the error and returns `None`, so
    /// that the row does not stop the work on other clips.
    pub async fn find_or_skip(&self, key: &ClipKey) -> Result<Option<Clip>, LibraryError> {
        Ok(self.read_row(key).await?.and_then(decode_or_log))
    }

    async fn read_row(&self, key: &ClipKey) -> Result<Option<Item>, LibraryError> {
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
        Ok(found.item)
    }

    /// Applies a trigger to a clip.
    ///
    /// Reads the clip, applies the transition and writes the clip on the condition that its version
    /// has not changed. If another writer was faster, reads again and retries. A trigger that
    /// arrives twice, late or at the same time as another ends in the same state.
    pub async fn advance(
        &self,
        attempt: &Attempt,
        trigger: &Trigger,
        now: DateTime<Utc>,
    ) -> Result<Advanced, LibraryError> {
        let key = &attempt.clip;
        for _ in 0..MAX_TRIES {
            let Some(clip) = self.find(key).await? else { return Ok(Advanced::NotFound) };
            let now = time_of_write(now);
            let Some(mut next) = apply_trigger(&clip, attempt.number, trigger.clone(), now) else {
                return Ok(Advanced::Unchanged(Box::new(clip)));
            };
            next.plan_files(&clip, &self.files);
            if let Some(lifetime) = self.asset_lifetime {
                next.set_asset_expiry(lifetime, now);
            }
            if self.replace(&clip, &next).await? {
                return Ok(Advanced::Changed(Box::new(next)));
            }
        }
        Err(LibraryError::Contended { clip: key.clone() })
    }

    /// Applies a trigger to a clip, only if the clip has not changed since it was read. Returns
    /// `None` if it has changed.
    ///
    /// This is for triggers that follow from fields of the clip that an operator may change.
    pub async fn apply(
        &self,
        clip: &Clip,
        trigger: &Trigger,
        now: DateTime<Utc>,
    ) -> Result<Option<Clip>, LibraryError> {
        let now = time_of_write(now);
        let Some(next) = apply_trigger(clip, clip.attempt, trigger.clone(), now) else {
            return Ok(Some(clip.clone()));
        };
        Ok(self.replace(clip, &next).await?.then_some(next))
    }

    /// Changes the editable fields of a clip. Returns `None` if the clip has changed since it was
    /// read.
    pub async fn edit(
        &self,
        clip: &Clip,
        edit: &Edit,
        now: DateTime<Utc>,
    ) -> Result<Option<Clip>, LibraryError> {
        self.apply(clip, &Trigger::Edited(edit.clone()), now).await
    }

    /// Writes the next version of a clip, and logs the change. Returns `false` if another writer was
    /// faster.
    async fn replace(&self, clip: &Clip, next: &Clip) -> Result<bool, LibraryError> {
        let is_written = self.put(next, Some(clip.version)).await?;
        if is_written {
            let key = clip.key();
            tracing::info!(
                clip.id = %key,
                clip.status = next.status.as_str(),
                "clip {key}: {}",
                describe_change(clip, next)
            );
        }
        Ok(is_written)
    }

    /// Sets the time of a clip's next check. Returns `false` if the clip has changed since it was
    /// read.
    pub async fn schedule_check(
        &self,
        clip: &Clip,
        next_check_at: Option<DateTime<Utc>>,
    ) -> Result<bool, LibraryError> {
        let next = Clip { version: clip.version + 1, next_check_at, ..clip.clone() };
        self.put(&next, Some(clip.version)).await
    }

    /// Deletes the row of a clip. Returns `false` if the clip has changed since it was read.
    pub async fn delete_row(&self, clip: &Clip) -> Result<bool, LibraryError> {
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
    /// Reads a clip that cannot exist, because every function with a connection may use GetItem.
    pub async fn warm_up(&self) {
        let nothing = || AttributeValue::S("-".to_owned());
        let read = self.client.get_item().table_name(&self.table);
        let _ = read.key("competition", nothing()).key("clip", nothing()).send().await;
    }

    /// Writes a row if it still has version `expected`. With `None`, writes it if it does not exist.
    ///
    /// Returns `false` if the condition failed.
    async fn put(&self, clip: &Clip, expected: Option<u64>) -> Result<bool, LibraryError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(encode_row(clip)?));
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
                PutItemError::ConditionalCheckFailedException(failure) => {
                    failure.item.map_or(Ok(false), |stored| is_own_write(stored, clip, expected))
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

/// The time that a change gets.
///
/// `now` is the time at which a function began to work, which can be a minute ago. The list of
/// changes relies on a time just before the write; see [`ChangesCursor`].
fn time_of_write(now: DateTime<Utc>) -> DateTime<Utc> {
    now.max(Utc::now())
}

/// Whether the stored row is the one that this write wanted to store.
///
/// This happens if the response of the write was lost and the SDK sent it again: the condition then
/// fails against the write's own row. A new clip is recognized by its creation time, because it may
/// have changed since. If another writer has already changed an existing clip, the caller reads
/// again and finds its own change applied.
fn is_own_write(stored: Item, clip: &Clip, expected: Option<u64>) -> Result<bool, LibraryError> {
    let stored = decode(stored)?;
    Ok(match expected {
        None => stored.created_at == clip.created_at,
        Some(_) => stored == decode(encode_row(clip)?)?,
    })
}

/// The change between two versions of a clip, for the log.
fn describe_change(before: &Clip, after: &Clip) -> String {
    match (&after.failure, before.status == after.status) {
        (Some(failure), _) => format!("failed: {}", failure.message),
        (None, true) if after.status == Status::Transcoding => {
            let progress = match &after.source {
                Source::Upload(upload) => upload.progress,
                Source::Reel(reel) => reel.progress,
                Source::Live { .. } => None,
            };
            progress.map_or_else(
                || "transcoding".to_owned(),
                |percent| format!("transcoding, {percent} %"),
            )
        }
        (None, true) if after.status == Status::Uploading => "uploading in parts".to_owned(),
        (None, true) if after.files != before.files => describe_files(after),
        (None, true) if after.playable == before.playable => "changed".to_owned(),
        (None, true) => {
            let playable: Vec<_> = after.playable.iter().map(String::as_str).collect();
            format!("playable as {}", playable.join(" and "))
        }
        (None, false) => after.status.as_str().to_owned(),
    }
}

/// The state of a clip's files, for the log.
fn describe_files(clip: &Clip) -> String {
    let Some(files) = &clip.files else { return "gets no files".to_owned() };
    match (files.status(), &files.failure) {
        (FilesStatus::Made, _) => "files made".to_owned(),
        (FilesStatus::Failed, Some(failure)) => format!("files failed: {failure}"),
        (_, Some(failure)) => format!("files will be tried again: {failure}"),
        (_, None) => "files in the making".to_owned(),
    }
}

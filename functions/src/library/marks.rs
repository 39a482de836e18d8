//! The marks of channels, and the keys that their sources have sent them with.
//!
//! A mark is written in one transaction with the row of its key, so neither exists without the other.
//! The row of the key stays when the mark is deleted: the same message does not bring it back. Both
//! rows expire, the row of the key a day after the mark.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::rows::{Item, text};
use super::transaction::to_item;
use super::{Library, LibraryError, MAX_TRIES};
use crate::clip::{ChannelId, Mark, MarkId, MarkSource};
use crate::error;

/// How much longer than its mark a key is known.
const KEY_LIFETIME: TimeDelta = TimeDelta::days(1);

/// What the library has after a mark was to be created.
#[derive(Clone, Debug, PartialEq)]
pub enum CreatedMark {
    New(Mark),
    /// The source has sent the key before, with this mark.
    Known(Mark),
    /// The source has sent the key before, and its mark was deleted or has expired.
    Gone,
}

/// Which marks of a channel are read.
#[derive(Clone, Debug)]
pub struct MarksRequest {
    pub channel: ChannelId,
    /// The first time. `None`: from the first mark on.
    pub from: Option<DateTime<Utc>>,
    /// The time before which marks are. `None`: to the last mark.
    pub to: Option<DateTime<Utc>>,
    /// Only marks after this one.
    pub after: Option<MarkId>,
    pub limit: usize,
}

/// Marks by time, the earliest first.
#[derive(Clone, Debug, PartialEq)]
pub struct MarksPage {
    pub marks: Vec<Mark>,
    /// The last mark of the page. `None` on the last page.
    pub next: Option<MarkId>,
}

/// The row of a key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyRow {
    #[serde(rename = "competition")]
    partition: String,
    #[serde(rename = "clip")]
    sort: String,
    mark: MarkId,
    expires_at_seconds: i64,
}

impl Library {
    /// Creates a mark, unless its source has sent its key before.
    ///
    /// A known mark does not change, but for one thing: if it has no end, it gets the end of this one.
    pub async fn create_mark(
        &self,
        mark: &Mark,
        now: DateTime<Utc>,
    ) -> Result<CreatedMark, LibraryError> {
        for _ in 0..MAX_TRIES {
            if self.put_mark(mark, now).await? {
                return Ok(CreatedMark::New(mark.clone()));
            }
            let Some(key) = &mark.key else { break };
            let found = self.find_mark_by_key(&mark.channel, &mark.source, key, now).await?;
            let known = match found {
                // The row of the key has expired or is being written.
                None => continue,
                Some(CreatedMark::Known(known)) => known,
                Some(other) => return Ok(other),
            };
            let Some(end) = mark.end.filter(|end| known.end.is_none() && *end > known.at) else {
                return Ok(CreatedMark::Known(known));
            };
            let expires_at = known.expires_at.max(mark.expires_at);
            if let Some(ended) = self.move_mark_end(&known, end, expires_at).await? {
                return Ok(CreatedMark::Known(ended));
            }
        }
        Err(LibraryError::ContendedMark { channel: mark.channel.clone() })
    }

    /// Finds the mark that a source has sent with a key. `None` if the source has not sent the key.
    pub async fn find_mark_by_key(
        &self,
        channel: &ChannelId,
        source: &MarkSource,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<CreatedMark>, LibraryError> {
        let Some(row) = self.read_mark_row(channel, &key_sort(source, key)).await? else {
            return Ok(None);
        };
        let row: KeyRow = serde_dynamo::from_item(row).map_err(LibraryError::Decode)?;
        // DynamoDB may delete an expired row days later.
        // <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>
        if row.expires_at_seconds <= now.timestamp() {
            return Ok(None);
        }
        let mark = self.read_mark_row(channel, &mark_sort(&row.mark)).await?;
        let mark: Option<Mark> =
            mark.map(serde_dynamo::from_item).transpose().map_err(LibraryError::Decode)?;
        let mark = mark.filter(|mark| mark.expires_at > now);
        Ok(Some(mark.map_or(CreatedMark::Gone, CreatedMark::Known)))
    }

    /// Deletes a mark. If there is no such mark, nothing changes.
    pub async fn delete_mark(&self, channel: &ChannelId, id: &MarkId) -> Result<(), LibraryError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("competition", text(&partition(channel)))
            .key("clip", text(&mark_sort(id)))
            .send()
            .await;
        deleted.map_err(|error| write_failed(channel, error))?;
        Ok(())
    }

    /// Reads one page of marks, strongly consistent. Marks that have expired are left out.
    pub async fn list_marks(
        &self,
        request: &MarksRequest,
        now: DateTime<Utc>,
    ) -> Result<MarksPage, LibraryError> {
        let Some((lowest, highest)) = sort_range(request) else {
            return Ok(MarksPage { marks: Vec::new(), next: None });
        };
        let mut marks = Vec::new();
        let mut start = None;
        // Reads one mark more than the limit, to know whether there is a next page.
        while marks.len() <= request.limit {
            let wanted = request.limit + 1 - marks.len();
            let found = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("competition = :channel AND clip BETWEEN :low AND :high")
                .filter_expression("expiresAtSeconds > :now")
                .expression_attribute_values(":channel", text(&partition(&request.channel)))
                .expression_attribute_values(":low", text(&lowest))
                .expression_attribute_values(":high", text(&highest))
                .expression_attribute_values(":now", seconds(now))
                .consistent_read(true)
                .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| read_failed(&request.channel, error))?;
            marks.extend(found.items.unwrap_or_default().into_iter().filter_map(decode_or_log));
            start = found.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        let has_more = marks.len() > request.limit;
        marks.truncate(request.limit);
        let next = marks.last().filter(|_| has_more).map(|mark| mark.id.clone());
        Ok(MarksPage { marks, next })
    }

    /// Writes a new mark and the row of its key. Returns `false` if the source has sent the key, or if
    /// another writer is writing it.
    async fn put_mark(&self, mark: &Mark, now: DateTime<Utc>) -> Result<bool, LibraryError> {
        let row = self.put_of(encode(mark)?);
        let mut items = vec![to_item(row.condition_expression("attribute_not_exists(clip)"))];
        if let Some(key) = &mark.key {
            let row = KeyRow {
                partition: partition(&mark.channel),
                sort: key_sort(&mark.source, key),
                mark: mark.id.clone(),
                expires_at_seconds: (mark.expires_at + KEY_LIFETIME).timestamp(),
            };
            let row = self.put_of(serde_dynamo::to_item(&row).map_err(LibraryError::EncodeMark)?);
            let row = row
                .condition_expression("attribute_not_exists(clip) OR expiresAtSeconds <= :now")
                .expression_attribute_values(":now", seconds(now));
            items.push(to_item(row));
        }
        self.write_all(items).await.map_err(|error| write_failed(&mark.channel, error))
    }

    /// Sets the end of a mark. Returns `None` if its end has changed since it was read.
    pub async fn move_mark_end(
        &self,
        mark: &Mark,
        end: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Option<Mark>, LibraryError> {
        let end = end.min(mark.at + Mark::MAX_LENGTH);
        let changed = Mark { end: Some(end), expires_at, ..mark.clone() };
        let (condition, known) = match mark.end {
            None => ("attribute_exists(clip) AND attribute_not_exists(#end)", None),
            Some(_) => ("#end = :known", Some(end_attribute(mark)?)),
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("competition", text(&partition(&mark.channel)))
            .key("clip", text(&mark_sort(&mark.id)))
            .update_expression("SET #end = :end, expiresAtSeconds = :expiry")
            .condition_expression(condition)
            .expression_attribute_names("#end", "end")
            .expression_attribute_values(":end", end_attribute(&changed)?)
            .expression_attribute_values(":expiry", seconds(expires_at))
            .return_values(ReturnValue::None);
        let update = match known {
            None => update,
            Some(known) => update.expression_attribute_values(":known", known),
        };
        match update.send().await {
            Ok(_) => Ok(Some(changed)),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(write_failed(&mark.channel, error)),
            },
        }
    }

    async fn read_mark_row(
        &self,
        channel: &ChannelId,
        sort: &str,
    ) -> Result<Option<Item>, LibraryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("competition", text(&partition(channel)))
            .key("clip", text(&sort))
            .consistent_read(true)
            .send()
            .await;
        Ok(found.map_err(|error| read_failed(channel, error))?.item)
    }
}

/// The lowest and the highest sort key of a request. `None` if no mark can be between them.
fn sort_range(request: &MarksRequest) -> Option<(String, String)> {
    // A stamp is lower than the ids of its own time, because ids continue after it.
    let sort = |time| format!("{MARK_PREFIX}{}", MarkId::format_stamp(time));
    let from = request.from.map_or_else(|| MARK_PREFIX.to_owned(), sort);
    // Lower than all longer keys, because ids have only letters, digits and underscores.
    let after = request.after.as_ref().map(|id| format!("{}!", mark_sort(id)));
    let lowest = after.map_or(from.clone(), |after| after.max(from));
    let highest = request.to.map_or_else(|| format!("{MARK_PREFIX}~"), sort);
    (lowest <= highest).then_some((lowest, highest))
}

/// What the sort keys of marks begin with.
const MARK_PREFIX: &str = "at#";

/// The partition of a channel's marks. It contains a `#`, which no competition does.
fn partition(channel: &ChannelId) -> String {
    format!("marks#{channel}")
}

fn mark_sort(id: &MarkId) -> String {
    format!("{MARK_PREFIX}{id}")
}

fn key_sort(source: &MarkSource, key: &str) -> String {
    format!("key#{source}#{key}")
}

fn seconds(time: DateTime<Utc>) -> AttributeValue {
    AttributeValue::N(time.timestamp().to_string())
}

fn encode(mark: &Mark) -> Result<Item, LibraryError> {
    let mut item: Item = serde_dynamo::to_item(mark).map_err(LibraryError::EncodeMark)?;
    item.insert("competition".to_owned(), text(&partition(&mark.channel)));
    item.insert("clip".to_owned(), text(&mark_sort(&mark.id)));
    Ok(item)
}

/// The end of a mark, as its row has it.
fn end_attribute(mark: &Mark) -> Result<AttributeValue, LibraryError> {
    serde_dynamo::to_attribute_value(mark.end).map_err(LibraryError::EncodeMark)
}

/// Decodes a row of a query. A row that cannot be decoded is logged and skipped.
fn decode_or_log(item: Item) -> Option<Mark> {
    let mark = serde_dynamo::from_item(item).map_err(LibraryError::Decode);
    mark.inspect_err(|failure| tracing::error!("{}", error::chain(failure))).ok()
}

fn read_failed<E>(channel: &ChannelId, error: E) -> LibraryError
where
    aws_sdk_dynamodb::Error: From<E>,
{
    LibraryError::ReadMarks { channel: channel.clone(), source: Box::new(error.into()) }
}

fn write_failed<E>(channel: &ChannelId, error: E) -> LibraryError
where
    aws_sdk_dynamodb::Error: From<E>,
{
    LibraryError::WriteMark { channel: channel.clone(), source: Box::new(error.into()) }
}

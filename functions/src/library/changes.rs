//! Reads the index `changes`: a competition's clips in every state, in the order of change.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::changes_cursor::{ChangePosition, ChangesPage, ChangesScan, ScannedChanges};
use super::rows::{Item, decode_or_log, milliseconds, text};
use super::{CHANGED_AT, CHANGES_INDEX, ChangesCursor, Library, LibraryError};
use crate::clip::{Clip, ClipId, CompetitionId};

/// Selects changes of a competition.
#[derive(Clone, Debug)]
pub struct ChangesRequest {
    pub competition: CompetitionId,
    /// `None`: the newest changes.
    pub cursor: Option<ChangesCursor>,
    /// Most clips of the reply.
    pub limit: usize,
}

/// Clips by the time of their last change.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The newest change first; if the request had a cursor of newer changes, the oldest first.
    pub clips: Vec<Clip>,
    /// The cursor of newer changes.
    pub cursor: ChangesCursor,
    /// The cursor of older changes. `None` if there are no older ones, or if the request was for
    /// newer ones.
    pub older: Option<ChangesCursor>,
    /// Whether there are more newer changes, which the next request gets at once.
    pub has_more: bool,
    /// Whether the cursor of the request was too old, so that these are the newest changes.
    pub is_reset: bool,
}

impl Library {
    /// Reads changes. Without a cursor, and with a cursor of older changes, this is one Query; see
    /// [`ChangesCursor`] for newer changes.
    pub async fn read_changes(
        &self,
        ChangesRequest { competition, cursor, limit }: &ChangesRequest,
        now: DateTime<Utc>,
    ) -> Result<Changes, LibraryError> {
        let limit = *limit;
        let is_reset = cursor.as_ref().is_some_and(|cursor| cursor.is_too_old(now));
        let cursor = cursor.as_ref().filter(|_| !is_reset);
        if let Some(cursor) = cursor.filter(|cursor| cursor.before().is_none()) {
            let scan = |scan| self.scan_changes(competition, scan);
            let ChangesPage { entries, cursor, has_more } =
                cursor.clone().read(limit, now, scan).await?;
            return Ok(Changes { clips: entries, cursor, older: None, has_more, is_reset });
        }
        let before = cursor.and_then(ChangesCursor::before);
        let found = self.read_changes_backwards(competition, before, limit).await?;
        let cursor = match cursor {
            Some(cursor) => cursor.to_newer(),
            None => ChangesCursor::new(competition.clone(), now),
        };
        let older = found.more_after.map(|position| cursor.to_older(position));
        Ok(Changes { clips: found.entries, cursor, older, has_more: false, is_reset })
    }

    /// Reads a part of the index, the oldest change first.
    async fn scan_changes(
        &self,
        competition: &CompetitionId,
        ChangesScan { from, to, after, limit }: ChangesScan,
    ) -> Result<ScannedChanges<Clip>, LibraryError> {
        let query = self.query_changes(competition, after.as_ref(), limit);
        let query = query.expression_attribute_values(":from", milliseconds(from));
        let query = match to {
            None => {
                query.key_condition_expression("competition = :competition AND changedAt >= :from")
            }
            Some(to) => query
                .key_condition_expression(
                    "competition = :competition AND changedAt BETWEEN :from AND :to",
                )
                .expression_attribute_values(":to", milliseconds(to)),
        };
        run(query, limit).await
    }

    /// Reads the changes before a position, the newest change first.
    async fn read_changes_backwards(
        &self,
        competition: &CompetitionId,
        before: Option<&ChangePosition>,
        limit: usize,
    ) -> Result<ScannedChanges<Clip>, LibraryError> {
        let query = self.query_changes(competition, before, limit);
        let query = query.key_condition_expression("competition = :competition");
        run(query.scan_index_forward(false), limit).await
    }

    fn query_changes(
        &self,
        competition: &CompetitionId,
        after: Option<&ChangePosition>,
        limit: usize,
    ) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(CHANGES_INDEX)
            .expression_attribute_values(":competition", text(competition))
            .set_exclusive_start_key(after.map(|position| index_key(competition, position)))
            // One entry more than the limit, to know whether there are more.
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
    }

    /// Opens the connection to DynamoDB. `list-changes` may use only Query, so this is a query.
    pub async fn warm_up_changes_query(&self) {
        let query = self.client.query().table_name(&self.table).index_name(CHANGES_INDEX);
        let _ = query
            .key_condition_expression("competition = :competition")
            .expression_attribute_values(":competition", AttributeValue::S("-".to_owned()))
            .limit(1)
            .send()
            .await;
    }
}

async fn run(
    query: QueryFluentBuilder,
    limit: usize,
) -> Result<ScannedChanges<Clip>, LibraryError> {
    let found = query.send().await.map_err(LibraryError::query_failed(CHANGES_INDEX))?;
    let mut rows = found.items.unwrap_or_default();
    let more_after = if rows.len() > limit {
        rows.truncate(limit);
        rows.last().map(decode_position).transpose()?
    } else {
        // DynamoDB reads at most 1 MB.
        found.last_evaluated_key.as_ref().map(decode_position).transpose()?
    };
    let count = rows.len();
    let entries = rows.into_iter().filter_map(decode_or_log).collect();
    Ok(ScannedChanges { entries, count, more_after })
}

/// Decodes the place of a row in the index.
fn decode_position(row: &Item) -> Result<ChangePosition, LibraryError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Key {
        clip: ClipId,
        changed_at: i64,
    }
    let Key { clip, changed_at } =
        serde_dynamo::from_item(row.clone()).map_err(LibraryError::Decode)?;
    let changed_at = DateTime::from_timestamp_millis(changed_at).unwrap_or_default();
    Ok(ChangePosition { changed_at, clip })
}

/// The key of an entry of the index.
fn index_key(
    competition: &CompetitionId,
    ChangePosition { changed_at, clip }: &ChangePosition,
) -> Item {
    Item::from([
        ("competition".to_owned(), text(competition)),
        ("clip".to_owned(), text(clip)),
        (CHANGED_AT.to_owned(), milliseconds(*changed_at)),
    ])
}

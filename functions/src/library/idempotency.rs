//! Requests that may be sent twice and make one clip.
//!
//! A record says which clip a request with an idempotency key has made. It is written in one
//! transaction with the clip's row, so there is never one without the other.
//! <https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07>

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Clip, Library, LibraryError, encode, text};
use crate::clip::{ClipId, ClipKey, CompetitionId};

/// How long a key is remembered: longer than anyone tries again.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A request that may come again: who sent it, with which key, and what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeatable {
    pub sender: String,
    pub key: String,
    /// The same for the same request, and no other.
    pub fingerprint: String,
}

/// The clip that a key has made, and what it was asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub clip: ClipKey,
    pub fingerprint: String,
}

/// A row of the table that is no clip: no competition has a `#` in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(rename = "competition")]
    partition: String,
    #[serde(rename = "clip")]
    key: String,
    made_competition: CompetitionId,
    made_clip: ClipId,
    fingerprint: String,
    /// DynamoDB removes the row some time after this.
    expires_at_seconds: i64,
}

impl Repeatable {
    fn partition(&self) -> String {
        format!("idempotency#{}", self.sender)
    }
}

impl Library {
    /// What a key has made, unless that is too long ago.
    pub async fn recorded(
        &self,
        request: &Repeatable,
        now: DateTime<Utc>,
    ) -> Result<Option<Recorded>, LibraryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("competition", text(&request.partition()))
            .key("clip", text(&request.key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LibraryError::Recall(Box::new(error.into())))?;
        let Some(item) = found.item else { return Ok(None) };
        let row: Row = serde_dynamo::from_item(item).map_err(LibraryError::Decode)?;
        // TTL may be days behind.
        // <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>
        let clip = ClipKey { competition: row.made_competition, clip: row.made_clip };
        let recorded = Recorded { clip, fingerprint: row.fingerprint };
        Ok((now.timestamp() < row.expires_at_seconds).then_some(recorded))
    }

    /// Writes a new clip and the record of the request that made it; `false` if the request has
    /// made one already, or the clip's id is taken.
    pub async fn create_once(
        &self,
        clip: &Clip,
        request: &Repeatable,
        now: DateTime<Utc>,
    ) -> Result<bool, LibraryError> {
        let row = Row {
            partition: request.partition(),
            key: request.key.clone(),
            made_competition: clip.competition.clone(),
            made_clip: clip.clip.clone(),
            fingerprint: request.fingerprint.clone(),
            expires_at_seconds: (now + LIFETIME).timestamp(),
        };
        let record: HashMap<String, AttributeValue> = serde_dynamo::to_item(&row)
            .map_err(|source| LibraryError::Encode { clip: clip.key(), source })?;
        let put = |item| Put::builder().table_name(&self.table).set_item(Some(item));
        let put_clip = put(encode(clip)?).condition_expression("attribute_not_exists(clip)");
        let put_record = put(record)
            .condition_expression("attribute_not_exists(clip) OR expiresAtSeconds <= :now")
            .expression_attribute_values(":now", AttributeValue::N(now.timestamp().to_string()));
        let items = [put_record, put_clip].map(|put| {
            let put = put.build().expect("table and item are set");
            TransactWriteItem::builder().put(put).build()
        });
        // The SDK sends a token with it: sent again after its answer got lost, it is no conflict.
        let written =
            self.client.transact_write_items().set_transact_items(Some(items.into())).send().await;
        match written {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled))
                    if canceled.cancellation_reasons().iter().any(|reason| {
                        matches!(
                            reason.code(),
                            Some("ConditionalCheckFailed" | "TransactionConflict")
                        )
                    }) =>
                {
                    Ok(false)
                }
                _ => Err(LibraryError::Put { clip: clip.key(), source: Box::new(error.into()) }),
            },
        }
    }
}

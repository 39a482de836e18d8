//! Idempotency records: which clip a request with an idempotency key has created.
//!
//! A record is written in one transaction with the rows of its clips, so none exists without the
//! others.
//! <https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07>

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::rows::{Item, encode_row, text};
use super::transaction::to_item;
use super::{Library, LibraryError};
use crate::clip::{Clip, ClipId, ClipKey, CompetitionId};

/// How long a record is valid. Clients retry a request within minutes.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    /// The `sub` claim of the token, so that operators cannot use each other's keys.
    pub sender: String,
    pub key: String,
    /// A digest of the route and the body. Two requests have the same fingerprint exactly if they
    /// ask for the same.
    pub fingerprint: String,
}

/// The clip that a request with a key has created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    pub clip: ClipKey,
    /// The fingerprint of that request.
    pub fingerprint: String,
}

/// The row of a record. Its partition contains a `#`, which no competition does.
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
    /// DynamoDB deletes the row some time after this.
    expires_at_seconds: i64,
}

impl IdempotentRequest {
    fn partition(&self) -> String {
        format!("idempotency#{}", self.sender)
    }
}

impl Library {
    /// Finds the record of a key, unless it has expired.
    pub async fn find_idempotency_record(
        &self,
        request: &IdempotentRequest,
        now: DateTime<Utc>,
    ) -> Result<Option<IdempotencyRecord>, LibraryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("competition", text(&request.partition()))
            .key("clip", text(&request.key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LibraryError::FindRecord(Box::new(error.into())))?;
        let Some(item) = found.item else { return Ok(None) };
        let row: Row = serde_dynamo::from_item(item).map_err(LibraryError::Decode)?;
        let clip = ClipKey { competition: row.made_competition, clip: row.made_clip };
        let record = IdempotencyRecord { clip, fingerprint: row.fingerprint };
        // DynamoDB may delete an expired row days later.
        // <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>
        Ok((now.timestamp() < row.expires_at_seconds).then_some(record))
    }

    /// Writes a new clip, others, and the record of their request if it has a key: all or nothing. The
    /// record names the first clip. Returns `false` if the request has already created a clip, or if an
    /// id is taken.
    pub async fn create_together(
        &self,
        clip: &Clip,
        others: &[Clip],
        request: Option<&IdempotentRequest>,
        now: DateTime<Utc>,
    ) -> Result<bool, LibraryError> {
        let mut items = Vec::with_capacity(2 + others.len());
        if let Some(request) = request {
            let now = now.timestamp();
            let record = self.put_of(encode_record(clip, request, now)?);
            let record = record
                .condition_expression("attribute_not_exists(clip) OR expiresAtSeconds <= :now")
                .expression_attribute_values(":now", AttributeValue::N(now.to_string()));
            items.push(to_item(record));
        }
        for clip in std::iter::once(clip).chain(others) {
            let row = self.put_of(encode_row(clip)?);
            items.push(to_item(row.condition_expression("attribute_not_exists(clip)")));
        }
        let written = self.write_all(items).await;
        written.map_err(|source| LibraryError::Put { clip: clip.key(), source: Box::new(source) })
    }
}

/// The row of the record that a request has created a clip.
fn encode_record(
    clip: &Clip,
    request: &IdempotentRequest,
    now_seconds: i64,
) -> Result<Item, LibraryError> {
    let row = Row {
        partition: request.partition(),
        key: request.key.clone(),
        made_competition: clip.competition.clone(),
        made_clip: clip.clip.clone(),
        fingerprint: request.fingerprint.clone(),
        expires_at_seconds: now_seconds + LIFETIME.num_seconds(),
    };
    serde_dynamo::to_item(&row).map_err(|source| LibraryError::Encode { clip: clip.key(), source })
}

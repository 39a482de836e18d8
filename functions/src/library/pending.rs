//! Pending clips, ordered by the time of their next check.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::rows::{decode_or_log, milliseconds, text};
use super::{INDEX_PARTITION_VALUE, Library, LibraryError, PENDING_INDEX, PENDING_PARTITION};
use crate::clip::{Clip, Status};

/// A pending clip is checked within a day. The index also holds ready and failed clips with an
/// expiry, which can be years away.
const COUNT_HORIZON: TimeDelta = TimeDelta::hours(25);

impl Library {
    /// The clips whose next check is due, the longest overdue first.
    pub async fn clips_to_check(
        &self,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Clip>, LibraryError> {
        let query = self.query_due(now).limit(i32::try_from(limit).unwrap_or(i32::MAX));
        read_clips(query, limit).await
    }

    /// The scheduled clips whose check is due, however many other clips are longer overdue.
    pub async fn scheduled_to_check(&self, now: DateTime<Utc>) -> Result<Vec<Clip>, LibraryError> {
        let query = self
            .query_due(now)
            .filter_expression("#status = :scheduled")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":scheduled", text(&Status::Scheduled.as_str()));
        read_clips(query, usize::MAX).await
    }

    /// Whether clips lose their assets at some age.
    pub fn replaces_assets(&self) -> bool {
        self.asset_lifetime.is_some()
    }

    /// The ready clips whose assets expire next.
    pub async fn next_assets_to_expire(&self, limit: usize) -> Result<Vec<Clip>, LibraryError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("#pending = :clips")
            .filter_expression("#status = :ready AND attribute_exists(assetExpiresAt)")
            .expression_attribute_names("#pending", PENDING_PARTITION)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":clips", text(&INDEX_PARTITION_VALUE))
            .expression_attribute_values(":ready", text(&Status::Ready.as_str()));
        read_clips(query, limit).await
    }

    fn query_due(&self, now: DateTime<Utc>) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("#pending = :clips AND nextCheckAt <= :now")
            .expression_attribute_names("#pending", PENDING_PARTITION)
            .expression_attribute_values(":clips", text(&INDEX_PARTITION_VALUE))
            .expression_attribute_values(":now", milliseconds(now))
    }

    /// The number of pending clips by status, without queued clips, which have their own index.
    pub async fn count_pending(
        &self,
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<Status, usize>, LibraryError> {
        #[derive(Deserialize)]
        struct Row {
            status: Status,
        }
        let pending = Status::ALL.into_iter().filter(|status| status.is_pending());
        let mut counts: BTreeMap<_, _> = pending.map(|status| (status, 0)).collect();
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("#pending = :clips AND nextCheckAt < :horizon")
            .projection_expression("#status")
            .expression_attribute_names("#pending", PENDING_PARTITION)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":clips", text(&INDEX_PARTITION_VALUE))
            .expression_attribute_values(":horizon", milliseconds(now + COUNT_HORIZON));
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(LibraryError::query_failed(PENDING_INDEX))?;
            for item in page.items.unwrap_or_default() {
                // `clips_to_check` logs a row that cannot be decoded.
                let row: Result<Row, _> = serde_dynamo::from_item(item);
                if let Some(count) = row.ok().and_then(|row| counts.get_mut(&row.status)) {
                    *count += 1;
                }
            }
        }
        Ok(counts)
    }
}

/// Reads the pages of a query until there are `limit` clips.
async fn read_clips(query: QueryFluentBuilder, limit: usize) -> Result<Vec<Clip>, LibraryError> {
    let mut pages = query.into_paginator().send();
    let mut clips = Vec::new();
    while clips.len() < limit
        && let Some(page) = pages.next().await
    {
        let page = page.map_err(LibraryError::query_failed(PENDING_INDEX))?;
        clips.extend(page.items.unwrap_or_default().into_iter().filter_map(decode_or_log));
    }
    clips.truncate(limit);
    Ok(clips)
}

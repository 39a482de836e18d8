//! Queued clips, ordered by the time they entered the harvest queue.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::Select;
use chrono::{DateTime, Utc};

use super::rows::{decode_key_or_log, milliseconds, text};
use super::{INDEX_PARTITION_VALUE, Library, LibraryError, QUEUED_INDEX, QUEUED_PARTITION};
use crate::clip::{Clip, ClipKey, Status};

/// Fewest rows that are read of the queue, so that a row without a key does not hide the next clip.
const MIN_READ: u32 = 10;

impl Library {
    /// The oldest queued clips, the first in the queue first.
    ///
    /// The index is eventually consistent: it may still contain a clip that has been started.
    pub async fn oldest_queued(&self, limit: u32) -> Result<Vec<ClipKey>, LibraryError> {
        let read = i32::try_from(limit.max(MIN_READ)).unwrap_or(i32::MAX);
        let found = self.query_queued().limit(read).send().await;
        let found = found.map_err(LibraryError::query_failed(QUEUED_INDEX))?;
        let keys = found.items.unwrap_or_default().into_iter().filter_map(decode_key_or_log);
        Ok(keys.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    /// The number of queued clips that are older than this one.
    pub async fn count_ahead_of(&self, clip: &Clip) -> Result<usize, LibraryError> {
        self.count_queued(clip.queued_at).await
    }

    /// The number of queued clips before each of these clips. A clip that is not queued, or that the
    /// index does not show yet, has none.
    ///
    /// Without a queued clip this reads nothing. With queued clips it reads the queue up to the last
    /// of them: 40 clips for half a read unit.
    pub async fn count_ahead_of_all(
        &self,
        clips: &[Clip],
    ) -> Result<HashMap<ClipKey, usize>, LibraryError> {
        let mut wanted: HashSet<ClipKey> =
            clips.iter().filter(|clip| clip.status == Status::Queued).map(Clip::key).collect();
        let mut ahead = HashMap::new();
        let mut count = 0;
        let mut pages = self.query_queued().into_paginator().send();
        while !wanted.is_empty()
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(LibraryError::query_failed(QUEUED_INDEX))?;
            for row in page.items.unwrap_or_default() {
                let Some(key) = decode_key_or_log(row) else { continue };
                if wanted.remove(&key) {
                    ahead.insert(key, count);
                }
                count += 1;
            }
        }
        Ok(ahead)
    }

    /// The number of queued clips; with `before`, only of those that were queued before then.
    pub async fn count_queued(&self, before: Option<DateTime<Utc>>) -> Result<usize, LibraryError> {
        let mut query = self.query_queued().select(Select::Count);
        if let Some(before) = before {
            query = query
                .key_condition_expression("#queued = :clips AND queuedAt < :before")
                .expression_attribute_values(":before", milliseconds(before));
        }
        let mut count = 0;
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(LibraryError::query_failed(QUEUED_INDEX))?;
            count += usize::try_from(page.count).unwrap_or(0);
        }
        Ok(count)
    }

    fn query_queued(&self) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(QUEUED_INDEX)
            .key_condition_expression("#queued = :clips")
            .expression_attribute_names("#queued", QUEUED_PARTITION)
            .expression_attribute_values(":clips", text(&INDEX_PARTITION_VALUE))
    }
}

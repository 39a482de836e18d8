//! The line of clips that wait for one of the account's harvest jobs.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use chrono::{DateTime, Utc};

use super::{
    CLIPS, Clip, Library, LibraryError, WAITING_INDEX, WAITING_PARTITION, key_of, milliseconds,
};
use crate::clip::ClipKey;

impl Library {
    /// The clips that have waited longest, the first of them first.
    ///
    /// The index may be a moment behind the table.
    pub async fn first_waiting(&self, most: u32) -> Result<Vec<ClipKey>, LibraryError> {
        let query = self.waiting().limit(i32::try_from(most).unwrap_or(i32::MAX));
        let found = query.send().await.map_err(LibraryError::querying(WAITING_INDEX))?;
        found.items.unwrap_or_default().into_iter().map(key_of).collect()
    }

    /// How many clips have waited longer than this one.
    pub async fn ahead_of(&self, clip: &Clip) -> Result<usize, LibraryError> {
        self.count_waiting(clip.queued_at).await
    }

    /// How many clips wait, of those who have since before a moment.
    pub(super) async fn count_waiting(
        &self,
        before: Option<DateTime<Utc>>,
    ) -> Result<usize, LibraryError> {
        let mut query = self.waiting().select(Select::Count);
        if let Some(before) = before {
            query = query
                .key_condition_expression("#waiting = :clips AND queuedAt < :before")
                .expression_attribute_values(":before", milliseconds(before));
        }
        let mut count = 0;
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(LibraryError::querying(WAITING_INDEX))?;
            count += usize::try_from(page.count).unwrap_or(0);
        }
        Ok(count)
    }

    fn waiting(&self) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name(WAITING_INDEX)
            .key_condition_expression("#waiting = :clips")
            .expression_attribute_names("#waiting", WAITING_PARTITION)
            .expression_attribute_values(":clips", AttributeValue::S(CLIPS.to_owned()))
    }
}

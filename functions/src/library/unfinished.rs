//! The clips that something is to happen to by itself, by when they should be looked at.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    CLIPS, Clip, Library, LibraryError, Status, UNFINISHED_INDEX, UNFINISHED_PARTITION,
    milliseconds, readable,
};

impl Library {
    /// The clips that should be looked at by now, the longest due first.
    pub(super) async fn due(
        &self,
        now: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<Clip>, LibraryError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(UNFINISHED_INDEX)
            .key_condition_expression("#unfinished = :clips AND nextCheckAt <= :now")
            .expression_attribute_names("#unfinished", UNFINISHED_PARTITION)
            .expression_attribute_values(":clips", AttributeValue::S(CLIPS.to_owned()))
            .expression_attribute_values(":now", milliseconds(now))
            .limit(i32::try_from(most).unwrap_or(i32::MAX));
        let mut pages = query.into_paginator().send();
        let mut due = Vec::new();
        while due.len() < most
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(LibraryError::querying(UNFINISHED_INDEX))?;
            due.extend(page.items.unwrap_or_default().into_iter().filter_map(readable));
        }
        due.truncate(most);
        Ok(due)
    }

    /// How many clips there are in each state that the sweep is to look at.
    ///
    /// Unfinished ones are looked at within a day; the ready and failed ones in the index expire
    /// some day.
    pub(super) async fn count_unfinished(
        &self,
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<Status, usize>, LibraryError> {
        #[derive(serde::Deserialize)]
        struct Row {
            status: Status,
        }
        let unfinished = Status::ALL.into_iter().filter(|status| status.is_unfinished());
        let mut counts: BTreeMap<_, _> = unfinished.map(|status| (status, 0)).collect();
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(UNFINISHED_INDEX)
            .key_condition_expression("#unfinished = :clips AND nextCheckAt < :soon")
            .projection_expression("#status")
            .expression_attribute_names("#unfinished", UNFINISHED_PARTITION)
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":clips", AttributeValue::S(CLIPS.to_owned()))
            .expression_attribute_values(":soon", milliseconds(now + TimeDelta::hours(25)));
        let mut pages = query.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(LibraryError::querying(UNFINISHED_INDEX))?;
            for item in page.items.unwrap_or_default() {
                let Row { status } = serde_dynamo::from_item(item).map_err(LibraryError::Decode)?;
                if let Some(count) = counts.get_mut(&status) {
                    *count += 1;
                }
            }
        }
        Ok(counts)
    }
}

//! What was observed of a channel: since when it is in its state, and its first segment.
//!
//! The row belongs to no index, and the change events skip it because its partition contains a `#`.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::rows::{Item, milliseconds, text};
use super::{Library, LibraryError};
use crate::clip::ChannelId;

/// The sort key of the row.
const SORT_KEY: &str = "state";

/// What was observed of a channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelRecord {
    /// The state, and the time since when the channel is in it.
    pub state: Option<(String, DateTime<Utc>)>,
    /// The URL of a manifest, and the start of its first segment.
    pub first_segment: Option<(String, DateTime<Utc>)>,
}

/// The row of a record. Times are in milliseconds since 1970.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    state: Option<String>,
    since: Option<i64>,
    manifest: Option<String>,
    first_segment: Option<i64>,
}

impl Library {
    /// Reads the record of a channel. A channel that was never observed has an empty one.
    pub async fn find_channel(&self, channel: &ChannelId) -> Result<ChannelRecord, LibraryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("competition", text(&partition(channel)))
            .key("clip", text(&SORT_KEY))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LibraryError::GetChannel {
                channel: channel.clone(),
                source: Box::new(error.into()),
            })?;
        found.item.map_or_else(|| Ok(ChannelRecord::default()), decode)
    }

    /// Records that a channel was in this state at a time. Returns the record after that.
    ///
    /// The record does not change if it has this state already, or if it has a state since a later
    /// time.
    pub async fn record_channel_state(
        &self,
        channel: &ChannelId,
        state: &str,
        observed_at: DateTime<Utc>,
    ) -> Result<ChannelRecord, LibraryError> {
        let update = self
            .update_channel(channel)
            .update_expression("SET #state = :state, since = :observed")
            .condition_expression(
                "attribute_not_exists(#state) OR (#state <> :state AND since < :observed)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(&state))
            .expression_attribute_values(":observed", milliseconds(observed_at));
        send(channel, update).await
    }

    /// Records the start of the first segment of a manifest. Returns the record after that.
    pub async fn record_first_segment(
        &self,
        channel: &ChannelId,
        manifest: &str,
        first_segment: DateTime<Utc>,
    ) -> Result<ChannelRecord, LibraryError> {
        let update = self
            .update_channel(channel)
            .update_expression("SET manifest = :manifest, firstSegment = :first")
            .expression_attribute_values(":manifest", text(&manifest))
            .expression_attribute_values(":first", milliseconds(first_segment));
        send(channel, update).await
    }

    fn update_channel(&self, channel: &ChannelId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("competition", text(&partition(channel)))
            .key("clip", text(&SORT_KEY))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

async fn send(
    channel: &ChannelId,
    update: UpdateItemFluentBuilder,
) -> Result<ChannelRecord, LibraryError> {
    let item = match update.send().await {
        Ok(updated) => updated.attributes,
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failure)) => failure.item.clone(),
            _ => {
                return Err(LibraryError::UpdateChannel {
                    channel: channel.clone(),
                    source: Box::new(error.into()),
                });
            }
        },
    };
    item.map_or_else(|| Ok(ChannelRecord::default()), decode)
}

/// The partition of a channel's row. It contains a `#`, which no competition does.
fn partition(channel: &ChannelId) -> String {
    format!("channel#{channel}")
}

fn decode(item: Item) -> Result<ChannelRecord, LibraryError> {
    let row: Row = serde_dynamo::from_item(item).map_err(LibraryError::Decode)?;
    let time = |milliseconds: Option<i64>| milliseconds.and_then(DateTime::from_timestamp_millis);
    Ok(ChannelRecord {
        state: row.state.zip(time(row.since)),
        first_segment: row.manifest.zip(time(row.first_segment)),
    })
}

//! The clips that rules make, and the guard of their writes.
//!
//! What a rule makes follows from all marks of a stretch, so two functions that have read different marks
//! must not write one after the other. Each channel has a row with a number. A write is a transaction that
//! succeeds only if the number is still the one that was read before the marks, and raises it.

use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use chrono::{DateTime, Utc};

use super::rows::{decode_or_log, encode_row, text};
use super::rules::{RULES_PARTITION, number};
use super::transaction::to_item;
use super::{Library, LibraryError};
use crate::clip::{ChannelId, Clip, CompetitionId, Rule, format_stamp};

/// The sort key of the row.
const SORT_KEY: &str = "state";

/// The guard of a channel: the number of writes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleGuard {
    channel: ChannelId,
    writes: u64,
}

/// A clip that a rule makes, changes or withdraws.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleWrite {
    pub clip: Clip,
    /// The version of the row that was read. `None`: the clip is new.
    pub expected: Option<u64>,
}

/// Most clips of one transaction. DynamoDB takes 100 items and 4 MB.
pub const MAX_RULE_WRITES: usize = 40;

impl Library {
    /// Reads the guard of a channel. The marks must be read after that.
    pub async fn read_rule_guard(&self, channel: &ChannelId) -> Result<RuleGuard, LibraryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("competition", text(&partition(channel)))
            .key("clip", text(&SORT_KEY))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LibraryError::ReadRules(Box::new(error.into())))?;
        let writes =
            found.item.as_ref().and_then(|row| row.get("writes")?.as_n().ok()?.parse().ok());
        Ok(RuleGuard { channel: channel.clone(), writes: writes.unwrap_or(0) })
    }

    /// Reads the clips that a rule has made in a competition whose ids begin with a time between two
    /// times, strongly consistent. Deleted ones are among them as long as they have a row.
    pub async fn find_clips_of_rule(
        &self,
        rule: &Rule,
        competition: &CompetitionId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Clip>, LibraryError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("competition = :competition AND clip BETWEEN :from AND :to")
            .filter_expression("suggestedBy.#rule = :rule")
            .expression_attribute_names("#rule", "rule")
            .expression_attribute_values(":competition", text(competition))
            .expression_attribute_values(":from", text(&format_stamp(from)))
            // Higher than all ids of this second: they continue with an underscore.
            .expression_attribute_values(":to", text(&format!("{}~", format_stamp(to))))
            .expression_attribute_values(":rule", text(&rule.id))
            .consistent_read(true);
        let mut pages = query.into_paginator().send();
        let mut clips = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LibraryError::ReadRules(Box::new(error.into())))?;
            clips.extend(page.items.unwrap_or_default().into_iter().filter_map(decode_or_log));
        }
        Ok(clips)
    }

    /// Writes clips of a rule, at most [`MAX_RULE_WRITES`]. Returns the guard for further writes, or `None`
    /// if the rule, one of the clips or what was made of the channel's marks has changed since the guard
    /// was read.
    pub async fn write_clips_of_rule(
        &self,
        rule: &Rule,
        guard: RuleGuard,
        writes: &[RuleWrite],
    ) -> Result<Option<RuleGuard>, LibraryError> {
        let mut items = vec![self.raise(&guard), self.check_rule(rule)];
        for RuleWrite { clip, expected } in writes {
            let put = self.put_of(encode_row(clip)?);
            let put = match expected {
                None => put.condition_expression("attribute_not_exists(clip)"),
                Some(version) => put
                    .condition_expression("#version = :version")
                    .expression_attribute_names("#version", "version")
                    .expression_attribute_values(":version", number(*version)),
            };
            items.push(to_item(put));
        }
        let is_written = self.write_all(items).await.map_err(|source| LibraryError::WriteRule {
            rule: rule.id.clone(),
            source: Box::new(source),
        })?;
        Ok(is_written.then(|| RuleGuard { writes: guard.writes + 1, ..guard }))
    }

    /// Raises the number of writes, if it is still the one that was read.
    fn raise(&self, guard: &RuleGuard) -> TransactWriteItem {
        let put = Put::builder()
            .table_name(&self.table)
            .item("competition", text(&partition(&guard.channel)))
            .item("clip", text(&SORT_KEY))
            .item("writes", number(guard.writes + 1));
        let put = match guard.writes {
            0 => put.condition_expression("attribute_not_exists(clip)"),
            writes => put
                .condition_expression("writes = :read")
                .expression_attribute_values(":read", number(writes)),
        };
        to_item(put)
    }

    /// Checks that the rule has not changed. Clips of an earlier version would not follow it.
    fn check_rule(&self, rule: &Rule) -> TransactWriteItem {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .key("competition", text(&RULES_PARTITION))
            .key("clip", text(&rule.id))
            .condition_expression("#version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(rule.version))
            .build()
            .expect("table, key and condition are set");
        TransactWriteItem::builder().condition_check(check).build()
    }
}

/// The partition of a channel's guard. It contains a `#`, which no competition does.
fn partition(channel: &ChannelId) -> String {
    format!("rules#{channel}")
}

//! The rules, one row each.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde::{Deserialize, Serialize};

use super::rows::{Item, text};
use super::{Library, LibraryError};
use crate::clip::{Rule, RuleId};
use crate::error;

/// The partition of all rules. It contains a `#`, which no competition does.
pub(super) const RULES_PARTITION: &str = "rules#";

/// Most rules of a deployment.
///
/// 100: each mark reads all rules, about 70 KB.
pub const MAX_RULES: usize = 100;

impl Library {
    /// Reads all rules by id, strongly consistent.
    pub async fn list_rules(&self) -> Result<Vec<Rule>, LibraryError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("competition = :rules")
            .expression_attribute_values(":rules", text(&RULES_PARTITION))
            .consistent_read(true);
        let mut pages = query.into_paginator().send();
        let mut rules = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LibraryError::ReadRules(Box::new(error.into())))?;
            rules.extend(page.items.unwrap_or_default().into_iter().filter_map(decode_or_log));
        }
        Ok(rules)
    }

    /// Reads a rule, strongly consistent.
    pub async fn find_rule(&self, id: &RuleId) -> Result<Option<Rule>, LibraryError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("competition", text(&RULES_PARTITION))
            .key("clip", text(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| LibraryError::ReadRules(Box::new(error.into())))?;
        found.item.map(decode).transpose()
    }

    /// Writes a rule if its row still has version `expected`, or with `None` if it has no row. Returns
    /// `false` if the condition failed.
    ///
    /// If the response of the write was lost and the SDK sent it again, the row that it finds is its own.
    pub async fn put_rule(&self, rule: &Rule, expected: Option<u64>) -> Result<bool, LibraryError> {
        let failed =
            |source| LibraryError::WriteRule { rule: rule.id.clone(), source: Box::new(source) };
        let put = self.client.put_item().table_name(&self.table).set_item(Some(encode(rule)?));
        let put = match expected {
            None => put.condition_expression("attribute_not_exists(clip)"),
            Some(version) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", number(version)),
        };
        let put = put
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failure)) => {
                let stored = failure.item.clone().and_then(|item| decode(item).ok());
                Ok(stored.as_ref() == Some(rule))
            }
            _ => Err(failed(error.into())),
        }
    }

    /// Deletes a rule if its row still has this version. Returns `false` if the condition failed.
    pub async fn delete_rule(&self, rule: &Rule) -> Result<bool, LibraryError> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("competition", text(&RULES_PARTITION))
            .key("clip", text(&rule.id))
            .condition_expression("attribute_not_exists(clip) OR #version = :version")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(rule.version))
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(LibraryError::WriteRule {
                    rule: rule.id.clone(),
                    source: Box::new(error.into()),
                }),
            },
        }
    }
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The row of a rule. The rule is one attribute, because it has a field `competition`, too.
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(rename = "competition")]
    partition: String,
    #[serde(rename = "clip")]
    sort: String,
    version: u64,
    rule: Rule,
}

fn encode(rule: &Rule) -> Result<Item, LibraryError> {
    let row = Row {
        partition: RULES_PARTITION.to_owned(),
        sort: rule.id.to_string(),
        version: rule.version,
        rule: rule.clone(),
    };
    serde_dynamo::to_item(row)
        .map_err(|source| LibraryError::EncodeRule { rule: rule.id.clone(), source })
}

fn decode(item: Item) -> Result<Rule, LibraryError> {
    let row: Row = serde_dynamo::from_item(item).map_err(LibraryError::Decode)?;
    Ok(row.rule)
}

/// Decodes a row of a query. A row that cannot be decoded is logged and skipped, so that it does not stop
/// the other rules.
fn decode_or_log(item: Item) -> Option<Rule> {
    decode(item).inspect_err(|failure| tracing::error!("{}", error::chain(failure))).ok()
}

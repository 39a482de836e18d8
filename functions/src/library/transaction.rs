//! Writes several rows in one transaction.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::Library;
use super::rows::Item;

impl Library {
    /// A put of a row into the table.
    pub(super) fn put_of(&self, item: Item) -> PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(item))
    }

    /// Writes all items or none. Returns `false` if a condition failed, or if another transaction was
    /// writing one of the rows.
    pub(super) async fn write_all(
        &self,
        items: Vec<TransactWriteItem>,
    ) -> Result<bool, aws_sdk_dynamodb::Error> {
        // The SDK sends a client request token, so a retry after a lost response does not conflict.
        let write = self.client.transact_write_items().set_transact_items(Some(items));
        let Err(error) = write.send().await else { return Ok(true) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled))
                if canceled.cancellation_reasons().iter().any(|reason| {
                    matches!(reason.code(), Some("ConditionalCheckFailed" | "TransactionConflict"))
                }) =>
            {
                Ok(false)
            }
            _ => Err(error.into()),
        }
    }
}

/// An item of a transaction.
pub(super) fn to_item(put: PutBuilder) -> TransactWriteItem {
    let put = put.build().expect("table and item are set");
    TransactWriteItem::builder().put(put).build()
}

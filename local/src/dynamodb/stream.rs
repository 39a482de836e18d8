//! The table's stream, which gives each change of a row to `announce-clip` and `apply-rules`, in order.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dynoxide::Database;
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::streams::{shard_id, stream_arn};
use serde_json::{Value, json};

use crate::account::TABLE;
use crate::records::Records;

/// The maximum number of records in a batch.
const MAX_BATCH: usize = 100;

/// The time between two reads of an empty stream. Lambda polls four times a second.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html>
const POLL_INTERVAL: Duration = Duration::from_millis(150);

/// The delay before a failed batch or a failed read is retried.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The table's stream.
///
/// A shard has at most two readers, so a third function would need another stream.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
#[derive(Clone)]
pub(crate) struct Stream {
    database: Database,
    /// The sequence number of the last record that each function has processed, by its name.
    positions: Arc<Records<String>>,
}

/// An event source mapping: the function that reads the stream, and the records that it gets.
#[derive(Clone, Copy)]
pub(crate) struct StreamReader {
    pub(crate) function: &'static str,
    /// Whether the function gets a record. Lambda counts other records as processed.
    pub(crate) filter: fn(&Value) -> bool,
}

/// A batch, and the sequence number of its last record.
struct Batch {
    event: Value,
    last: String,
}

impl Stream {
    pub(crate) fn open(database: Database, folder: &Path) -> io::Result<Self> {
        Ok(Self { database, positions: Arc::new(Records::open(folder)?) })
    }

    /// Passes each batch of a reader to `consume`, until the process ends. The reader continues at the
    /// position of an earlier process.
    ///
    /// A failed batch is retried until it succeeds. Later batches wait.
    pub(crate) async fn run<F>(
        self,
        StreamReader { function, filter }: StreamReader,
        consume: impl Fn(Value) -> F,
    ) where
        F: Future<Output = Result<(), String>>,
    {
        let mut iterator = None;
        loop {
            let (batch, next) = match self.read(function, filter, iterator.as_deref()) {
                Ok(read) => read,
                Err(error) => {
                    tracing::error!("could not read the table's stream; retrying: {error}");
                    tokio::time::sleep(RETRY_DELAY).await;
                    continue;
                }
            };
            let Some(Batch { event, last }) = batch else {
                iterator = next;
                tokio::time::sleep(POLL_INTERVAL).await;
                continue;
            };
            while event["Records"] != json!([])
                && let Err(error) = consume(event.clone()).await
            {
                tracing::warn!(
                    "{function} failed for a batch of the table's stream; retrying: {error}"
                );
                tokio::time::sleep(RETRY_DELAY).await;
            }
            if let Err(error) = self.store_position(function, last) {
                tracing::error!("could not store the position in the table's stream: {error}");
            }
            iterator = next;
        }
    }

    /// Reads the records at an iterator, or after the stored position, and returns the next iterator.
    fn read(
        &self,
        function: &str,
        filter: fn(&Value) -> bool,
        iterator: Option<&str>,
    ) -> dynoxide::Result<(Option<Batch>, Option<String>)> {
        let shard_iterator = match iterator {
            Some(iterator) => iterator.to_owned(),
            None => self.first_iterator(function)?,
        };
        let request = GetRecordsRequest { shard_iterator, limit: Some(MAX_BATCH) };
        let read = self.database.get_records(request)?;
        let batch = read.records.last().map(|last| Batch {
            last: last.dynamodb.sequence_number.clone(),
            event: json!({ "Records": filter_records(&json!(read.records), filter) }),
        });
        Ok((batch, read.next_shard_iterator))
    }

    fn first_iterator(&self, function: &str) -> dynoxide::Result<String> {
        let position = self.positions.get(function);
        let kind = if position.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let request = GetShardIteratorRequest {
            // Each table has one stream, whose label dynoxide ignores.
            stream_arn: stream_arn(TABLE, ""),
            shard_id: shard_id(TABLE),
            shard_iterator_type: kind.to_owned(),
            sequence_number: position,
        };
        Ok(self.database.get_shard_iterator(request)?.shard_iterator.unwrap_or_default())
    }

    fn store_position(&self, function: &str, last: String) -> io::Result<()> {
        let changed = self.positions.change(function, |position| position.clone_from(&last))?;
        match changed {
            Some(_) => Ok(()),
            None => self.positions.add(function, last, |_| Ok(())),
        }
    }
}

fn filter_records(records: &Value, filter: fn(&Value) -> bool) -> Vec<Value> {
    let records = records.as_array().into_iter().flatten();
    records.filter(|record| filter(record)).cloned().collect()
}

//! The table's stream, which gives each change of a row to `announce-clip`, in order.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use std::io;
use std::path::Path;
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

/// The record id of the stream's position. There is one reader.
const READER: &str = "announce-clip";

/// A reader of the stream, which continues at the position of an earlier process.
pub(crate) struct Stream {
    database: Database,
    /// The sequence number of the last record that the function has processed.
    position: Records<String>,
}

/// A batch, and the sequence number of its last record.
struct Batch {
    event: Value,
    last: String,
}

impl Stream {
    pub(crate) fn open(database: Database, folder: &Path) -> io::Result<Self> {
        Ok(Self { database, position: Records::open(folder)? })
    }

    /// Passes each batch to `consume`, until the process ends.
    ///
    /// A failed batch is retried until it succeeds. Later batches wait.
    pub(crate) async fn run<F>(self, consume: impl Fn(Value) -> F)
    where
        F: Future<Output = Result<(), String>>,
    {
        let mut iterator = None;
        loop {
            let (batch, next) = match self.read(iterator.as_deref()) {
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
            while let Err(error) = consume(event.clone()).await {
                tracing::warn!(
                    "announce-clip failed for a batch of the table's stream; retrying: {error}"
                );
                tokio::time::sleep(RETRY_DELAY).await;
            }
            if let Err(error) = self.store_position(last) {
                tracing::error!("could not store the position in the table's stream: {error}");
            }
            iterator = next;
        }
    }

    /// Reads the records at an iterator, or after the stored position, and returns the next iterator.
    fn read(&self, iterator: Option<&str>) -> dynoxide::Result<(Option<Batch>, Option<String>)> {
        let shard_iterator = match iterator {
            Some(iterator) => iterator.to_owned(),
            None => self.first_iterator()?,
        };
        let request = GetRecordsRequest { shard_iterator, limit: Some(MAX_BATCH) };
        let read = self.database.get_records(request)?;
        let batch = read.records.last().map(|last| Batch {
            last: last.dynamodb.sequence_number.clone(),
            event: json!({ "Records": read.records }),
        });
        Ok((batch, read.next_shard_iterator))
    }

    fn first_iterator(&self) -> dynoxide::Result<String> {
        let position = self.position.get(READER);
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

    fn store_position(&self, last: String) -> io::Result<()> {
        let changed = self.position.change(READER, |position| position.clone_from(&last))?;
        match changed {
            Some(_) => Ok(()),
            None => self.position.add(READER, last, |_| Ok(())),
        }
    }
}

//! The table's stream: each change of a row starts `announce-clip`, in the order of the changes.
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

/// How many records start a function at once.
const LARGEST_BATCH: usize = 100;

/// How often the stream is looked into; Lambda does so four times a second.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html>
const PERIOD: Duration = Duration::from_millis(150);

/// When a batch is given again whose function failed.
const PAUSE: Duration = Duration::from_secs(1);

/// The one position that is kept.
const READER: &str = "announce-clip";

/// A reader of the stream that goes on where an earlier process was.
pub(crate) struct Stream {
    database: Database,
    /// The sequence number of the last record that was done.
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

    /// Gives each batch to `consume`, for as long as the process lives.
    ///
    /// A batch that could not be done is given again before any other.
    pub(crate) async fn run<F>(self, consume: impl Fn(Value) -> F)
    where
        F: Future<Output = Result<(), String>>,
    {
        let mut iterator = None;
        loop {
            let (batch, next) = match self.read(iterator.as_deref()) {
                Ok(read) => read,
                Err(error) => {
                    tracing::error!("the table's stream cannot be read: {error}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let Some(Batch { event, last }) = batch else {
                iterator = next;
                tokio::time::sleep(PERIOD).await;
                continue;
            };
            while let Err(error) = consume(event.clone()).await {
                tracing::warn!("records of the table's stream are given again: {error}");
                tokio::time::sleep(PAUSE).await;
            }
            if let Err(error) = self.keep(last) {
                tracing::error!("the position in the table's stream could not be kept: {error}");
            }
            iterator = next;
        }
    }

    /// What is there after an iterator, or after the kept position, and the next iterator.
    fn read(&self, iterator: Option<&str>) -> dynoxide::Result<(Option<Batch>, Option<String>)> {
        let shard_iterator = match iterator {
            Some(iterator) => iterator.to_owned(),
            None => self.first_iterator()?,
        };
        let request = GetRecordsRequest { shard_iterator, limit: Some(LARGEST_BATCH) };
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
            // There is one stream for each table, whatever its label.
            stream_arn: stream_arn(TABLE, ""),
            shard_id: shard_id(TABLE),
            shard_iterator_type: kind.to_owned(),
            sequence_number: position,
        };
        Ok(self.database.get_shard_iterator(request)?.shard_iterator.unwrap_or_default())
    }

    fn keep(&self, last: String) -> io::Result<()> {
        let kept = self.position.change(READER, |position| position.clone_from(&last))?;
        match kept {
            Some(_) => Ok(()),
            None => self.position.add(READER, last, |_| Ok(())),
        }
    }
}

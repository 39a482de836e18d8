//! The fault `stale`: queries of indexes see rows as they were some seconds ago.
//!
//! DynamoDB's indexes are eventually consistent: a change of a row appears in them later than in the
//! table, and changes of different rows may appear in another order.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>
//!
//! The embedded DynamoDB updates its indexes at once. With this fault, queries of indexes therefore
//! go to a copy of the table, in memory. The copy follows the table's stream. Each change reaches it
//! after a random delay, but the changes of one row stay in order. Every other request goes to the
//! table itself.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use dynoxide::Database;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::scan::ScanRequest;
use dynoxide::streams::{shard_id, stream_arn};
use dynoxide::types::{AttributeValue, Item};
use tokio::time::{Instant, MissedTickBehavior};

use crate::account::TABLE;
use crate::faults::Faults;

/// The time between two readings of the table's stream.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// The copy of the table.
pub(crate) struct StaleCopy {
    table: Database,
    copy: Database,
    max_delay: Duration,
    random: fastrand::Rng,
    /// Where the next reading of the stream begins.
    iterator: String,
    /// Changes by the time at which they reach the copy.
    changes: BTreeMap<(Instant, u64), Change>,
    count: u64,
    /// When the last change of each row reaches the copy.
    last_due: HashMap<RowKey, Instant>,
}

type RowKey = (String, String);

enum Change {
    Put(Item),
    Delete(Item),
}

impl StaleCopy {
    /// Copies the rows of the table. The copy must have the table already, without rows.
    pub(crate) fn new(table: Database, copy: Database, faults: &Faults) -> dynoxide::Result<Self> {
        let request = GetShardIteratorRequest {
            stream_arn: stream_arn(TABLE, ""),
            shard_id: shard_id(TABLE),
            shard_iterator_type: "LATEST".to_owned(),
            sequence_number: None,
        };
        // Before the rows are read, so that no change is missed.
        let iterator = table.get_shard_iterator(request)?.shard_iterator.unwrap_or_default();
        let mut start = None;
        loop {
            let request = ScanRequest {
                table_name: TABLE.to_owned(),
                exclusive_start_key: start,
                ..ScanRequest::default()
            };
            let found = table.scan(request)?;
            for item in found.items.unwrap_or_default() {
                put(&copy, item)?;
            }
            start = found.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(Self {
            table,
            copy,
            max_delay: Duration::from_secs_f64(faults.stale),
            random: faults.random("stale indexes"),
            iterator,
            changes: BTreeMap::new(),
            count: 0,
            last_due: HashMap::new(),
        })
    }

    /// Follows the table until the process ends.
    pub(crate) async fn run(mut self) {
        let mut polls = tokio::time::interval(POLL_INTERVAL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let now = polls.tick().await;
            if let Err(error) = self.read_changes(now).and_then(|()| self.apply_changes(now)) {
                tracing::error!("the indexes could not follow the table: {error}");
            }
        }
    }

    fn read_changes(&mut self, now: Instant) -> dynoxide::Result<()> {
        loop {
            let shard_iterator = self.iterator.clone();
            let read = self.table.get_records(GetRecordsRequest { shard_iterator, limit: None })?;
            let is_last = read.records.is_empty();
            for record in read.records {
                self.schedule(record, now);
            }
            if let Some(next) = read.next_shard_iterator {
                self.iterator = next;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn schedule(&mut self, record: Record, now: Instant) {
        let key = row_key(&record.dynamodb.keys);
        let drawn = now + self.max_delay.mul_f64(self.random.f64());
        let due = self.last_due.get(&key).map_or(drawn, |last| drawn.max(*last));
        self.last_due.insert(key, due);
        let change = match record.dynamodb.new_image {
            Some(item) => Change::Put(item),
            None => Change::Delete(record.dynamodb.keys),
        };
        self.count += 1;
        self.changes.insert((due, self.count), change);
    }

    fn apply_changes(&mut self, now: Instant) -> dynoxide::Result<()> {
        while let Some(entry) = self.changes.first_entry()
            && entry.key().0 <= now
        {
            match entry.remove() {
                Change::Put(item) => put(&self.copy, item)?,
                Change::Delete(key) => {
                    let table_name = TABLE.to_owned();
                    let request = DeleteItemRequest { table_name, key, ..Default::default() };
                    self.copy.delete_item(request)?;
                }
            }
        }
        self.last_due.retain(|_, due| *due > now);
        Ok(())
    }
}

fn put(copy: &Database, item: Item) -> dynoxide::Result<()> {
    let table_name = TABLE.to_owned();
    copy.put_item(PutItemRequest { table_name, item, ..Default::default() }).map(drop)
}

fn row_key(keys: &Item) -> RowKey {
    let text = |name: &str| match keys.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    };
    (text("competition"), text("clip"))
}

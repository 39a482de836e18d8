//! The capacity of a partition of the table or of an index: 3,000 read units and 1,000 write units a
//! second. It holds for on-demand tables, too. A partition here is one value of the partition key.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>
//!
//! As on AWS, a call is answered if its partitions have any capacity left, and its units are subtracted
//! afterwards. The units are those that the embedded DynamoDB computes. A row that leaves an index
//! costs its partition nothing here, because a request does not say where it was.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Map, Value};

use super::table::index_partitions;
use crate::account::TABLE;
use crate::rate::Rate;

type Object = Map<String, Value>;

/// A partition of the table or of an index: the name of either, and a value of its partition key.
type Partition = (String, String);

/// The units that each partition has left.
#[derive(Debug)]
pub(crate) struct PartitionCapacity {
    read_units: f64,
    write_units: f64,
    reads: Mutex<HashMap<Partition, Rate>>,
    writes: Mutex<HashMap<Partition, Rate>>,
    /// The partition key of each index.
    indexes: HashMap<String, String>,
}

/// What a request reads or writes.
#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    is_write: bool,
    /// The keys or rows of the table.
    rows: Vec<Object>,
    /// The partition of an index that is queried.
    queried: Option<Partition>,
}

impl Call {
    /// Reads a request. `None` if it reads and writes no rows.
    pub(crate) fn parse(operation: &str, request: &Object) -> Option<Self> {
        let row = |of: &Object, name: &str| of.get(name).and_then(Value::as_object).cloned();
        let one = |is_write, name| {
            let rows = row(request, name).into_iter().collect();
            Some(Self { is_write, rows, queried: None })
        };
        match operation {
            "GetItem" => one(false, "Key"),
            "PutItem" => one(true, "Item"),
            "UpdateItem" | "DeleteItem" => one(true, "Key"),
            "Query" => {
                let partition = queried_partition(request)?;
                let index = request.get("IndexName").and_then(Value::as_str);
                let resource = index.unwrap_or(TABLE).to_owned();
                let queried = Some((resource, partition));
                Some(Self { is_write: false, rows: Vec::new(), queried })
            }
            "BatchGetItem" | "BatchWriteItem" | "TransactWriteItems" => {
                let mut rows = Vec::new();
                for name in ["RequestItems", "TransactItems"] {
                    request.get(name).into_iter().for_each(|value| collect_rows(value, &mut rows));
                }
                Some(Self { is_write: operation != "BatchGetItem", rows, queried: None })
            }
            _ => None,
        }
    }
}

/// Collects the keys and rows of a batch or of a transaction.
fn collect_rows(value: &Value, rows: &mut Vec<Object>) {
    match value {
        Value::Object(object) if object.contains_key("competition") => rows.push(object.clone()),
        Value::Object(object) => object.values().for_each(|value| collect_rows(value, rows)),
        Value::Array(values) => values.iter().for_each(|value| collect_rows(value, rows)),
        _ => {}
    }
}

/// The value that the partition key is compared with: the first comparison of a query.
fn queried_partition(request: &Object) -> Option<String> {
    let condition = request.get("KeyConditionExpression")?.as_str()?;
    let name = condition.split('=').nth(1)?.split_whitespace().next()?;
    text_of(request.get("ExpressionAttributeValues")?.get(name)?)
}

/// The text of an attribute of type S.
fn text_of(attribute: &Value) -> Option<String> {
    attribute.get("S")?.as_str().map(str::to_owned)
}

impl PartitionCapacity {
    pub(crate) fn new(read_units: u32, write_units: u32) -> Self {
        Self {
            read_units: read_units.into(),
            write_units: write_units.into(),
            reads: Mutex::default(),
            writes: Mutex::default(),
            indexes: index_partitions(),
        }
    }

    /// Whether a partition of the call has no units left.
    pub(crate) fn is_exhausted(&self, call: &Call) -> bool {
        let in_indexes = self.indexes.keys().flat_map(|index| self.partitions(call, index));
        let queried = call.queried.iter().cloned();
        queried
            .chain(self.partitions(call, TABLE))
            .chain(in_indexes)
            .any(|partition| self.with_rate(call.is_write, partition, Rate::is_empty))
    }

    /// Subtracts the consumed capacity in the answer to a call.
    pub(crate) fn subtract(&self, call: &Call, consumed: &Value) {
        if let Value::Array(each) = consumed {
            for consumed in each {
                self.subtract(call, consumed);
            }
            return;
        }
        let units = |of: &Value| of.get("CapacityUnits").and_then(Value::as_f64).unwrap_or(0.0);
        let subtract = |partitions: Vec<Partition>, units: f64| {
            #[expect(clippy::cast_precision_loss, reason = "a batch has at most 100 rows")]
            let share = units / partitions.len().max(1) as f64;
            for partition in partitions {
                self.with_rate(call.is_write, partition, |rate| rate.subtract(share));
            }
        };
        if let Some(partition) = &call.queried {
            return subtract(vec![partition.clone()], units(consumed));
        }
        let table = consumed.get("Table").unwrap_or(consumed);
        subtract(self.partitions(call, TABLE), units(table));
        let indexes = consumed.get("GlobalSecondaryIndexes").and_then(Value::as_object);
        for (index, of_index) in indexes.into_iter().flatten() {
            subtract(self.partitions(call, index), units(of_index));
        }
    }

    /// The partitions of the table or of an index that the call's rows are in. A read of rows does not
    /// touch an index.
    fn partitions(&self, call: &Call, resource: &str) -> Vec<Partition> {
        let key = match self.indexes.get(resource) {
            Some(_) if !call.is_write => return Vec::new(),
            Some(key) => key,
            None => "competition",
        };
        let values = call.rows.iter().filter_map(|row| text_of(row.get(key)?));
        values.map(|value| (resource.to_owned(), value)).collect()
    }

    fn with_rate<T>(&self, is_write: bool, partition: Partition, ask: impl Fn(&Rate) -> T) -> T {
        let (rates, units) = if is_write {
            (&self.writes, self.write_units)
        } else {
            (&self.reads, self.read_units)
        };
        let mut rates = rates.lock().expect("no thread panics while it holds the lock");
        ask(rates.entry(partition).or_insert_with(|| Rate::new(units, units)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(operation: &str, request: &Value) -> Call {
        Call::parse(operation, request.as_object().unwrap()).unwrap()
    }

    #[test]
    fn a_partition_without_units_is_exhausted_and_others_are_not() {
        let capacity = PartitionCapacity::new(3, 1);
        let query = |competition: &str| {
            parse(
                "Query",
                &json!({
                    "IndexName": "listed",
                    "KeyConditionExpression": "#competition = :competition AND clip >= :low",
                    "ExpressionAttributeValues": {
                        ":competition": { "S": competition }, ":low": { "S": "2020" },
                    },
                }),
            )
        };
        let put = |competition: &str| {
            let row = json!({
                "competition": { "S": competition }, "unfinished": { "S": "clip" },
            });
            parse("PutItem", &json!({ "Item": row }))
        };
        capacity.subtract(&query("a"), &json!({ "CapacityUnits": 300.0 }));
        assert!(capacity.is_exhausted(&query("a")));
        assert!(!capacity.is_exhausted(&query("b")) && !capacity.is_exhausted(&put("a")));

        let indexes = json!({ "unfinished": { "CapacityUnits": 200.0 } });
        let consumed = json!({
            "CapacityUnits": 200.0, "Table": { "CapacityUnits": 0.0 },
            "GlobalSecondaryIndexes": indexes,
        });
        capacity.subtract(&put("a"), &consumed);
        assert!(capacity.is_exhausted(&put("b")), "both rows are in one partition of the index");
        let get = json!({ "Key": { "competition": { "S": "a" } } });
        assert!(!capacity.is_exhausted(&parse("GetItem", &get)));
    }

    #[test]
    fn the_rows_of_batches_and_transactions_are_found() {
        let key = json!({ "competition": { "S": "a" }, "clip": { "S": "1" } });
        let keys = json!({ "RequestItems": { TABLE: { "Keys": [key, key] } } });
        assert_eq!(parse("BatchGetItem", &keys).rows.len(), 2);
        let puts =
            json!({ "TransactItems": [{ "Put": { "Item": key } }, { "Put": { "Item": key } }] });
        let puts = parse("TransactWriteItems", &puts);
        assert!(puts.is_write && puts.rows.len() == 2);
        assert_eq!(Call::parse("DescribeTable", &Object::new()), None);
    }
}

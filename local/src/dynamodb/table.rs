//! The table of clips, in an embedded DynamoDB.

use std::collections::HashMap;
use std::path::Path;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, CreateGlobalSecondaryIndexAction,
    DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndex, GlobalSecondaryIndexUpdate,
    KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use chrono::DateTime;
use dynoxide::Database;
use matchcut::library::{
    ACTIVE_INDEX, ACTIVE_PARTITION, CHANGED_AT, CHANGES_INDEX, LISTED_AS, PENDING_INDEX,
    PENDING_PARTITION, QUEUED_INDEX, QUEUED_PARTITION,
};
use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::account::TABLE;
use crate::server::ListenError;

#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("could not open the database of DynamoDB: {0}")]
    Open(String),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("could not create or update table {TABLE}")]
    Create(#[source] Box<aws_sdk_dynamodb::Error>),
}

/// An index of the stream's records. Without it, dynoxide scans all records of the stream at each
/// write and at each read.
const INDEX_STREAM: &str = "CREATE INDEX IF NOT EXISTS stream_records_in_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Opens the SQLite file of the embedded DynamoDB.
pub(super) fn open_database(file: &Path) -> Result<Database, TableError> {
    let database = Database::new(&file.to_string_lossy());
    let database = database.map_err(|error| TableError::Open(error.to_string()))?;
    Connection::open(file)
        .and_then(|sqlite| sqlite.execute_batch(INDEX_STREAM))
        .map_err(|error| TableError::Open(error.to_string()))?;
    Ok(database)
}

/// Serves DynamoDB until `stop` is cancelled.
pub(super) async fn serve(listener: TcpListener, database: Database, stop: CancellationToken) {
    let shutdown = stop.cancelled_owned();
    let served = dynoxide::server::serve_with_shutdown(listener, database, shutdown).await;
    if let Err(error) = served {
        tracing::error!("the DynamoDB server stopped: {error}");
    }
}

/// Creates the table with its indexes and its stream, unless it exists.
pub(super) async fn ensure_table(client: &aws_sdk_dynamodb::Client) -> Result<(), TableError> {
    let failed = |error: aws_sdk_dynamodb::Error| TableError::Create(Box::new(error));
    let tables = client.list_tables().send().await.map_err(|error| failed(error.into()))?;
    if tables.table_names().iter().any(|name| name == TABLE) {
        return update_table(client).await.map_err(failed);
    }
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes()))
        .set_key_schema(Some(keys("competition", "clip")))
        .set_global_secondary_indexes(Some(indexes()))
        .stream_specification(stream())
        .send()
        .await
        .map_err(|error| failed(error.into()))?;
    Ok(())
}

/// Adds the indexes and the stream that a table of an earlier version does not have, and deletes the
/// indexes that it has no more.
async fn update_table(client: &aws_sdk_dynamodb::Client) -> Result<(), aws_sdk_dynamodb::Error> {
    let described = client.describe_table().table_name(TABLE).send().await?;
    let Some(table) = described.table() else { return Ok(()) };
    let update = || client.update_table().table_name(TABLE);
    let known: Vec<_> =
        table.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    for index in indexes().into_iter().filter(|index| !known.contains(&index.index_name())) {
        if index.index_name() == CHANGES_INDEX {
            add_change_times(client).await?;
        }
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.index_name)
            .set_key_schema(Some(index.key_schema))
            .set_projection(index.projection)
            .build()?;
        // DynamoDB creates one index at a time.
        update()
            .set_attribute_definitions(Some(attributes()))
            .global_secondary_index_updates(
                GlobalSecondaryIndexUpdate::builder().create(create).build(),
            )
            .send()
            .await?;
    }
    let ours: Vec<_> = indexes().into_iter().map(|index| index.index_name).collect();
    for name in known.into_iter().filter(|name| !ours.iter().any(|index| index == name)) {
        let delete = DeleteGlobalSecondaryIndexAction::builder().index_name(name).build()?;
        update()
            .global_secondary_index_updates(
                GlobalSecondaryIndexUpdate::builder().delete(delete).build(),
            )
            .send()
            .await?;
    }
    if table.stream_specification().is_none() {
        update().stream_specification(stream()).send().await?;
    }
    Ok(())
}

/// Gives the clips of an earlier version the time of their last change, so that the index shows them.
async fn add_change_times(
    client: &aws_sdk_dynamodb::Client,
) -> Result<(), aws_sdk_dynamodb::Error> {
    let mut rows = client.scan().table_name(TABLE).into_paginator().items().send();
    while let Some(row) = rows.next().await {
        let mut row = row?;
        let updated_at = row.get("updatedAt").and_then(|value| value.as_s().ok());
        let updated_at = updated_at.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        // Idempotency records have no such time.
        let Some(updated_at) = updated_at else { continue };
        let changed_at = AttributeValue::N(updated_at.timestamp_millis().to_string());
        row.insert(CHANGED_AT.to_owned(), changed_at);
        client.put_item().table_name(TABLE).set_item(Some(row)).send().await?;
    }
    Ok(())
}

/// The keys of the table and of its indexes.
fn attributes() -> Vec<AttributeDefinition> {
    use ScalarAttributeType::{N, S};
    [
        ("competition", S),
        ("clip", S),
        (ACTIVE_PARTITION, S),
        (CHANGED_AT, N),
        (PENDING_PARTITION, S),
        ("nextCheckAt", N),
        (QUEUED_PARTITION, S),
        ("queuedAt", N),
    ]
    .map(|(name, kind)| attribute(name, kind))
    .into()
}

fn indexes() -> Vec<GlobalSecondaryIndex> {
    vec![
        listed_index(),
        index(CHANGES_INDEX, "competition", CHANGED_AT, ProjectionType::All),
        index(PENDING_INDEX, PENDING_PARTITION, "nextCheckAt", ProjectionType::All),
        index(QUEUED_INDEX, QUEUED_PARTITION, "queuedAt", ProjectionType::KeysOnly),
    ]
}

/// The partition key of each index.
pub(super) fn index_partitions() -> HashMap<String, String> {
    let partition = |index: GlobalSecondaryIndex| {
        let key = index.key_schema.into_iter().next().map(|key| key.attribute_name);
        (index.index_name, key.unwrap_or_default())
    };
    indexes().into_iter().map(partition).collect()
}

/// The index of active clips. It does not hold whole rows, because viewers read it.
fn listed_index() -> GlobalSecondaryIndex {
    let projection = Projection::builder().projection_type(ProjectionType::Include);
    let projection = projection.non_key_attributes(LISTED_AS).non_key_attributes("tags").build();
    let mut index = index(ACTIVE_INDEX, ACTIVE_PARTITION, "clip", ProjectionType::Include);
    index.projection = Some(projection);
    index
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
    attribute.build().expect("name and type are set")
}

fn stream() -> StreamSpecification {
    let stream = StreamSpecification::builder().stream_enabled(true);
    stream.stream_view_type(StreamViewType::NewAndOldImages).build().expect("enabled is set")
}

fn keys(partition: &str, sort: &str) -> Vec<KeySchemaElement> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .map(|(name, kind)| {
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            key.build().expect("name and type are set")
        })
        .into()
}

fn index(
    name: &str,
    partition: &str,
    sort: &str,
    projection: ProjectionType,
) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(keys(partition, sort)))
        .projection(Projection::builder().projection_type(projection).build())
        .build()
        .expect("name and keys are set")
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region};
    use aws_credential_types::Credentials;

    use super::*;
    use crate::server::{base_url, listen};

    fn text(text: &str) -> AttributeValue {
        AttributeValue::S(text.to_owned())
    }

    #[tokio::test]
    async fn a_table_of_an_earlier_version_gets_the_new_index_with_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let database = open_database(&folder.path().join("dynamodb.sqlite")).unwrap();
        let listener = listen(0).await.unwrap();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::from_keys("a", "b", None))
            .endpoint_url(base_url(&listener).unwrap())
            .build();
        tokio::spawn(serve(listener, database, CancellationToken::new()));
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        let is_key = |name: &str| name != CHANGED_AT;
        let old = attributes().into_iter().filter(|it| is_key(it.attribute_name()));
        let is_new = |index: &GlobalSecondaryIndex| {
            [ACTIVE_INDEX, CHANGES_INDEX].contains(&index.index_name())
        };
        let active = index("active", ACTIVE_PARTITION, "clip", ProjectionType::All);
        let indexes = indexes().into_iter().filter(|index| !is_new(index)).chain([active]);
        client
            .create_table()
            .table_name(TABLE)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(old.collect()))
            .set_key_schema(Some(keys("competition", "clip")))
            .set_global_secondary_indexes(Some(indexes.collect()))
            .send()
            .await
            .unwrap();
        let put = client.put_item().table_name(TABLE).item("clip", text("a"));
        let clip = put.item("competition", text("demo"));
        clip.item("updatedAt", text("2020-02-03T13:33:41.087Z")).send().await.unwrap();
        let put = client.put_item().table_name(TABLE).item("clip", text("key"));
        put.item("competition", text("idempotency#anna")).send().await.unwrap();

        for _ in 0..2 {
            ensure_table(&client).await.unwrap();
            let query = client.query().table_name(TABLE).index_name(CHANGES_INDEX);
            let found = query
                .key_condition_expression("competition = :demo AND changedAt = :time")
                .expression_attribute_values(":demo", text("demo"))
                .expression_attribute_values(":time", AttributeValue::N("1580736821087".into()))
                .send()
                .await
                .unwrap();
            assert_eq!(found.count(), 1);
        }
        let described = client.describe_table().table_name(TABLE).send().await.unwrap();
        let table = described.table.unwrap();
        assert!(table.stream_specification.is_some());
        let indexes = table.global_secondary_indexes().iter();
        let mut names: Vec<_> = indexes.filter_map(|index| index.index_name()).collect();
        names.sort_unstable();
        assert_eq!(names, [CHANGES_INDEX, ACTIVE_INDEX, PENDING_INDEX, QUEUED_INDEX]);
    }
}

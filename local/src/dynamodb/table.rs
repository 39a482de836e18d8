//! The table of clips, in an embedded DynamoDB.

use std::path::Path;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType,
};
use dynoxide::Database;
use matchcut::library::{
    ACTIVE_INDEX, ACTIVE_PARTITION, PENDING_INDEX, PENDING_PARTITION, QUEUED_INDEX,
    QUEUED_PARTITION,
};
use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::account::TABLE;

#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error("could not open the database of DynamoDB: {0}")]
    Open(String),
    #[error("could not create or update table {TABLE}")]
    Create(#[source] Box<aws_sdk_dynamodb::Error>),
}

/// An index of the stream's records. Without it, dynoxide scans all records of the stream at each
/// write and at each read.
const INDEX_STREAM: &str = "CREATE INDEX IF NOT EXISTS stream_records_in_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Opens the SQLite file of the embedded DynamoDB.
pub(crate) fn open_database(file: &Path) -> Result<Database, TableError> {
    let database = Database::new(&file.to_string_lossy());
    let database = database.map_err(|error| TableError::Open(error.to_string()))?;
    Connection::open(file)
        .and_then(|sqlite| sqlite.execute_batch(INDEX_STREAM))
        .map_err(|error| TableError::Open(error.to_string()))?;
    Ok(database)
}

/// Serves DynamoDB until `stop` is cancelled.
pub(crate) async fn serve(listener: TcpListener, database: Database, stop: CancellationToken) {
    let shutdown = stop.cancelled_owned();
    let served = dynoxide::server::serve_with_shutdown(listener, database, shutdown).await;
    if let Err(error) = served {
        tracing::error!("the DynamoDB server stopped: {error}");
    }
}

/// Creates the table with its indexes and its stream, unless it exists.
pub(crate) async fn ensure_table(client: &aws_sdk_dynamodb::Client) -> Result<(), TableError> {
    let failed = |error: aws_sdk_dynamodb::Error| TableError::Create(Box::new(error));
    let tables = client.list_tables().send().await.map_err(|error| failed(error.into()))?;
    if tables.table_names().iter().any(|name| name == TABLE) {
        return update_table(client).await.map_err(failed);
    }
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("competition", ScalarAttributeType::S))
        .attribute_definitions(attribute("clip", ScalarAttributeType::S))
        .attribute_definitions(attribute(ACTIVE_PARTITION, ScalarAttributeType::S))
        .attribute_definitions(attribute(PENDING_PARTITION, ScalarAttributeType::S))
        .attribute_definitions(attribute("nextCheckAt", ScalarAttributeType::N))
        .attribute_definitions(attribute(QUEUED_PARTITION, ScalarAttributeType::S))
        .attribute_definitions(attribute("queuedAt", ScalarAttributeType::N))
        .set_key_schema(Some(keys("competition", "clip")))
        .global_secondary_indexes(index(ACTIVE_INDEX, ACTIVE_PARTITION, "clip"))
        .global_secondary_indexes(index(PENDING_INDEX, PENDING_PARTITION, "nextCheckAt"))
        .global_secondary_indexes(waiting_index())
        .stream_specification(stream())
        .send()
        .await
        .map_err(|error| failed(error.into()))?;
    Ok(())
}

/// Adds the index and the stream that a table of an earlier version does not have.
async fn update_table(client: &aws_sdk_dynamodb::Client) -> Result<(), aws_sdk_dynamodb::Error> {
    let described = client.describe_table().table_name(TABLE).send().await?;
    let Some(table) = described.table() else { return Ok(()) };
    let update = || client.update_table().table_name(TABLE);
    let indexes = table.global_secondary_indexes();
    if !indexes.iter().any(|index| index.index_name() == Some(QUEUED_INDEX)) {
        let index = waiting_index();
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.index_name)
            .set_key_schema(Some(index.key_schema))
            .set_projection(index.projection)
            .build()?;
        update()
            .attribute_definitions(attribute(QUEUED_PARTITION, ScalarAttributeType::S))
            .attribute_definitions(attribute("queuedAt", ScalarAttributeType::N))
            .global_secondary_index_updates(
                GlobalSecondaryIndexUpdate::builder().create(create).build(),
            )
            .send()
            .await?;
    }
    if table.stream_specification().is_none() {
        update().stream_specification(stream()).send().await?;
    }
    Ok(())
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
    attribute.build().expect("name and type are set")
}

fn stream() -> StreamSpecification {
    let stream = StreamSpecification::builder().stream_enabled(true);
    stream.stream_view_type(StreamViewType::NewAndOldImages).build().expect("enabled is set")
}

fn waiting_index() -> GlobalSecondaryIndex {
    let mut index = index(QUEUED_INDEX, QUEUED_PARTITION, "queuedAt");
    let keys = Projection::builder().projection_type(ProjectionType::KeysOnly);
    index.projection = Some(keys.build());
    index
}

fn keys(partition: &str, sort: &str) -> Vec<KeySchemaElement> {
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .map(|(name, kind)| {
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            key.build().expect("name and type are set")
        })
        .into()
}

fn index(name: &str, partition: &str, sort: &str) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .set_key_schema(Some(keys(partition, sort)))
        .projection(Projection::builder().projection_type(ProjectionType::All).build())
        .build()
        .expect("name and keys are set")
}

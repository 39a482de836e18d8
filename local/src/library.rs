//! DynamoDB and S3, embedded: both speak their own protocols on loopback.

use std::path::Path;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use axum::Router;
use axum::error_handling::HandleError;
use axum::http::StatusCode;
use axum::http::header::ETAG;
use matchcut::library::{ACTIVE_INDEX, ACTIVE_PARTITION, UNFINISHED_INDEX, UNFINISHED_PARTITION};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::cors::{Any, CorsLayer};

use crate::queues::Queue;
use crate::stack::StackError;
use crate::upload::Buckets;

pub(crate) const TABLE: &str = "matchcut-clips";
pub(crate) const BUCKET: &str = "matchcut-clips";
pub(crate) const UPLOADS_BUCKET: &str = "matchcut-uploads";
pub(crate) const ACCESS_KEY: &str = "local";
pub(crate) const SECRET_KEY: &str = "local";

/// Serves DynamoDB from a SQLite file.
pub(crate) fn serve_dynamodb(
    listener: TcpListener,
    file: &Path,
    stop: CancellationToken,
) -> Result<impl Future<Output = ()> + use<>, StackError> {
    let database = dynoxide::Database::new(&file.to_string_lossy())
        .map_err(|error| StackError::Database(error.to_string()))?;
    Ok(async move {
        let shutdown = stop.cancelled_owned();
        let served = dynoxide::server::serve_with_shutdown(listener, database, shutdown).await;
        if let Err(error) = served {
            tracing::error!("DynamoDB stopped: {error}");
        }
    })
}

/// Serves S3 from a folder of the data, with the buckets in it; objects that editors upload are
/// told to `uploads`.
pub(crate) fn s3_router(data: &Path, uploads: Arc<Queue>) -> Result<Router, StackError> {
    let folder = &data.join("s3");
    let unusable = |source| StackError::DataDir { path: folder.to_owned(), source };
    for bucket in [BUCKET, UPLOADS_BUCKET] {
        std::fs::create_dir_all(folder.join(bucket)).map_err(unusable)?;
    }
    let files = FileSystem::new(folder)
        .map_err(|error| unusable(std::io::Error::other(format!("{error:?}"))))?;
    let buckets = Buckets::open(files, data, uploads).map_err(unusable)?;
    let mut service = S3ServiceBuilder::new(buckets);
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = HandleError::new(service.build(), |error: s3s::HttpError| async move {
        tracing::error!("S3 could not answer: {error:?}");
        StatusCode::INTERNAL_SERVER_ERROR
    });
    // The upload bucket is open to browsers, which read the ETags of parts.
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
    let cors = cors.expose_headers([ETAG]);
    Ok(Router::new().fallback_service(service).layer(cors))
}

/// Makes the table and its indexes, unless an earlier process did.
pub(crate) async fn ensure_table(client: &aws_sdk_dynamodb::Client) -> Result<(), StackError> {
    let failed = |error: aws_sdk_dynamodb::Error| StackError::Table(Box::new(error));
    let tables = client.list_tables().send().await.map_err(|error| failed(error.into()))?;
    if tables.table_names().iter().any(|name| name == TABLE) {
        return Ok(());
    }
    let attribute = |name, kind| {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
        attribute.build().expect("name and type are set")
    };
    client
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("competition", ScalarAttributeType::S))
        .attribute_definitions(attribute("clip", ScalarAttributeType::S))
        .attribute_definitions(attribute(ACTIVE_PARTITION, ScalarAttributeType::S))
        .attribute_definitions(attribute(UNFINISHED_PARTITION, ScalarAttributeType::S))
        .attribute_definitions(attribute("nextCheckAt", ScalarAttributeType::N))
        .set_key_schema(Some(keys("competition", "clip")))
        .global_secondary_indexes(index(ACTIVE_INDEX, ACTIVE_PARTITION, "clip"))
        .global_secondary_indexes(index(UNFINISHED_INDEX, UNFINISHED_PARTITION, "nextCheckAt"))
        .send()
        .await
        .map_err(|error| failed(error.into()))?;
    Ok(())
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

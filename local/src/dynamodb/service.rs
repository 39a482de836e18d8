//! Starts DynamoDB: the table, and with the fault `stale` a copy of it for queries of indexes.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use dynoxide::Database;
use tokio::net::TcpListener;

use super::stale_indexes::{self, StaleCopy};
use super::table::{TableError, ensure_table, serve};
use crate::faults::Faults;
use crate::server::{Tasks, base_url, listen};

/// Serves the database on `listener`, which `sdk` finds, and creates the table if it does not exist.
pub(crate) async fn start(
    listener: TcpListener,
    database: &Database,
    sdk: &SdkConfig,
    faults: &Faults,
    tasks: &Tasks,
) -> Result<(), TableError> {
    if faults.stale <= 0.0 {
        tasks.spawn_with_token(|stop| serve(listener, database.clone(), stop));
        return ensure_table(&Client::new(sdk)).await;
    }
    let copy = Database::memory().map_err(|error| TableError::Open(error.to_string()))?;
    let (table_listener, copy_listener) = (listen(0).await?, listen(0).await?);
    let (table_url, copy_url) = (base_url(&table_listener)?, base_url(&copy_listener)?);
    tasks.spawn_with_token(|stop| serve(table_listener, database.clone(), stop));
    tasks.spawn_with_token(|stop| serve(copy_listener, copy.clone(), stop));
    tasks.serve(listener, stale_indexes::router(&table_url, &copy_url));
    let config = aws_sdk_dynamodb::config::Builder::from(sdk).endpoint_url(copy_url).build();
    ensure_table(&Client::new(sdk)).await?;
    ensure_table(&Client::from_conf(config)).await?;
    let copy = StaleCopy::new(database.clone(), copy, faults);
    tasks.spawn(copy.map_err(|error| TableError::Open(error.to_string()))?.run());
    Ok(())
}

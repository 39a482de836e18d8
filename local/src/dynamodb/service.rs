//! Starts DynamoDB: the table, and with the fault `stale` a copy of it for queries of indexes.

use std::path::Path;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use dynoxide::Database;
use tokio::net::TcpListener;

use super::capacity::PartitionCapacity;
use super::front::Front;
use super::stale_indexes::StaleCopy;
use super::table::{TableError, ensure_table, open_database, serve};
use crate::faults::Faults;
use crate::limits::Limits;
use crate::server::{Tasks, base_url, listen};

/// Serves the database of a data folder on `listener`, which `sdk` finds, and creates the table if it does
/// not exist.
pub(crate) async fn start(
    listener: TcpListener,
    folder: &Path,
    sdk: &SdkConfig,
    (faults, limits): (&Faults, &Limits),
    tasks: &Tasks,
) -> Result<Database, TableError> {
    let database = open_database(&folder.join("dynamodb.sqlite"))?;
    let (read, write) = (limits.partition_read_units, limits.partition_write_units);
    let mut front = Front {
        table: start_server(&database, tasks).await?,
        copy: None,
        capacity: (read > 0 && write > 0).then(|| PartitionCapacity::new(read, write)),
        http: reqwest::Client::new(),
    };
    ensure_table(&client(sdk, &front.table)).await?;
    if faults.stale > 0.0 {
        let copy = Database::memory().map_err(|error| TableError::Open(error.to_string()))?;
        let url = start_server(&copy, tasks).await?;
        ensure_table(&client(sdk, &url)).await?;
        front.copy = Some(url);
        let copy = StaleCopy::new(database.clone(), copy, faults);
        tasks.spawn(copy.map_err(|error| TableError::Open(error.to_string()))?.run());
    }
    tasks.serve(listener, front.router());
    Ok(database)
}

/// Serves a database on a port of its own, and returns its URL.
async fn start_server(database: &Database, tasks: &Tasks) -> Result<String, TableError> {
    let listener = listen(0).await?;
    let url = base_url(&listener)?;
    tasks.spawn_with_token(|stop| serve(listener, database.clone(), stop));
    Ok(url)
}

fn client(sdk: &SdkConfig, url: &str) -> Client {
    let config = aws_sdk_dynamodb::config::Builder::from(sdk).endpoint_url(url);
    Client::from_conf(config.build())
}

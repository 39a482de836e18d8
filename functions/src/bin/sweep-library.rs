//! Lambda `sweep-library`: runs every minute.

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::config::{self, Variables};
use matchcut::library::{Sweep, SweepError};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sdk = config::load_sdk().await;
    let function = &Sweep::new(&sdk, &Variables::from_process())?;
    function.warm_up().await;

    run(service_fn(|_: LambdaEvent<Value>| async move {
        let swept = function.run(chrono::Utc::now()).await?;
        tracing::info!(
            "{} clips were due: {} had moved on, {} are gone; {} harvests were started",
            swept.looked_at,
            swept.moved,
            swept.removed,
            swept.started
        );
        Ok::<_, SweepError>(())
    }))
    .await
}

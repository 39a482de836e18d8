//! Lambda `asset-playable`: runs on every "MediaPackage Input Notification".

use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::asset::{AssetPlayable, InputNotice};
use matchcut::config::{self, Variables};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sdk = config::load_sdk().await;
    let function = &AssetPlayable::new(&sdk, &Variables::from_process())?;
    function.warm_up().await;

    run(service_fn(|event: LambdaEvent<EventBridgeEvent<InputNotice>>| {
        function.handle(event.payload)
    }))
    .await
}

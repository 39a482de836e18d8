//! Lambda `transcode-complete`: runs on every "MediaConvert Job State Change".

use aws_lambda_events::eventbridge::EventBridgeEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::config::{self, Variables};
use matchcut::upload::{JobNotice, TranscodeComplete};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sdk = config::load_sdk().await;
    let function = &TranscodeComplete::new(&sdk, &Variables::from_process())?;
    function.warm_up().await;

    run(service_fn(|event: LambdaEvent<EventBridgeEvent<JobNotice>>| {
        function.handle(event.payload.detail)
    }))
    .await
}

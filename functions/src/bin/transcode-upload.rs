//! Lambda `transcode-upload`: runs on every "Object Created" of the upload bucket, in order.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::config::{self, Variables};
use matchcut::upload::TranscodeUpload;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sdk = config::load_sdk().await;
    let function = &TranscodeUpload::new(&sdk, &Variables::from_process())?;
    function.warm_up().await;

    run(service_fn(|event: LambdaEvent<SqsEvent>| function.handle(event.payload))).await
}

//! Lambda `harvest-clip`: runs on every message of the queue of due clips.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::clip::HarvestClip;
use matchcut::config::{self, Variables};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sdk = config::load_sdk().await;
    let function = &HarvestClip::new(&sdk, &Variables::from_process())?;
    function.warm_up().await;

    run(service_fn(|event: LambdaEvent<SqsEvent>| function.handle(event.payload))).await
}

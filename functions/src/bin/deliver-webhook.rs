//! Lambda `deliver-webhook`: runs on the queue of its subscriber.

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::config::{self, Variables};
use matchcut::notice::DeliverWebhook;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sdk = config::load_sdk().await;
    let function = &DeliverWebhook::new(&sdk, &Variables::from_process())?;
    function.warm_up().await;

    run(service_fn(|event: LambdaEvent<SqsEvent>| function.handle(event.payload))).await
}

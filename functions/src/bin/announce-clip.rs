//! Lambda `announce-clip`: runs on the stream of the clips table.

use aws_lambda_events::dynamodb::Event;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::config::{self, Variables};
use matchcut::notice::AnnounceClip;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sdk = config::load_sdk().await;
    let function = &AnnounceClip::new(&sdk, &Variables::from_process())?;

    run(service_fn(|event: LambdaEvent<Event>| function.handle(event.payload))).await
}

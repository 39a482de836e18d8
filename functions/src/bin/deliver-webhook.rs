//! Lambda `deliver-webhook`: runs on the queue of a webhook.

use lambda_runtime::Error;
use matchcut::announce::DeliverWebhook;
use matchcut::lambda::run_handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_handler::<DeliverWebhook>().await
}

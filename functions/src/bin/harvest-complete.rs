//! Lambda `harvest-complete`: runs on every "MediaPackage HarvestJob Notification".

use lambda_runtime::Error;
use matchcut::harvest::HarvestComplete;
use matchcut::lambda::run_handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_handler::<HarvestComplete>().await
}

//! Lambda `harvest-clip`: runs on every due message.

use lambda_runtime::Error;
use matchcut::harvest::HarvestClip;
use matchcut::lambda::run_handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_handler::<HarvestClip>().await
}

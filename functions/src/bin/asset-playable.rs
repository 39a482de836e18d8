//! Lambda `asset-playable`: runs on every "MediaPackage Input Notification".

use lambda_runtime::Error;
use matchcut::asset::AssetPlayable;
use matchcut::lambda::run_handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_handler::<AssetPlayable>().await
}

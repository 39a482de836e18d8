//! Lambda `announce-clip`: runs on the stream of the clips table.

use lambda_runtime::Error;
use matchcut::announce::AnnounceClip;
use matchcut::lambda::run_handler;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_handler::<AnnounceClip>().await
}

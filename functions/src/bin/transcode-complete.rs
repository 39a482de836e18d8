//! Lambda `transcode-complete`: runs on every "MediaConvert Job State Change".

use lambda_runtime::Error;
use matchcut::lambda::run_handler;
use matchcut::upload::TranscodeComplete;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_handler::<TranscodeComplete>().await
}

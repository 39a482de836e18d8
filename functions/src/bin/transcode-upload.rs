//! Lambda `transcode-upload`: runs on every "Object Created" of the upload bucket, in order.

use lambda_runtime::Error;
use matchcut::lambda::run_handler;
use matchcut::upload::TranscodeUpload;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_handler::<TranscodeUpload>().await
}

//! Lambda `retry-clip`: `POST /api/competitions/{competitionId}/clips/{clipId}/retry`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::edit::RetryClip;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<RetryClip>().await
}

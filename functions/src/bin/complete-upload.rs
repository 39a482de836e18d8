//! Lambda `complete-upload`: `POST /api/uploads/{competitionId}/{clipId}/complete`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::upload::CompleteUpload;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<CompleteUpload>().await
}

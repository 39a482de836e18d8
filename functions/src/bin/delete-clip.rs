//! Lambda `delete-clip`: `DELETE /api/competitions/{competitionId}/clips/{clipId}`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::edit::DeleteClip;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<DeleteClip>().await
}

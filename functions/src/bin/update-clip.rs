//! Lambda `update-clip`: `PATCH /api/competitions/{competitionId}/clips/{clipId}`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::edit::UpdateClip;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<UpdateClip>().await
}

//! Lambda `restore-clip`: `POST /api/competitions/{competitionId}/clips/{clipId}/restore`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::edit::RestoreClip;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<RestoreClip>().await
}

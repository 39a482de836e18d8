//! Lambda `show-clip`: `GET /api/competitions/{competitionId}/clips/{clipId}`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::viewer::ShowClip;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<ShowClip>().await
}

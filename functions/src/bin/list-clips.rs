//! Lambda `list-clips`: `GET /api/competitions/{competitionId}/clips`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::viewer::ListClips;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<ListClips>().await
}

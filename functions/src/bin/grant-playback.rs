//! Lambda `grant-playback`: `POST /api/competitions/{competitionId}/playback`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::viewer::GrantPlayback;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<GrantPlayback>().await
}

//! Lambda `show-page`: `GET /c/{competitionId}/{clipId}`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::share::ShowPage;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<ShowPage>().await
}

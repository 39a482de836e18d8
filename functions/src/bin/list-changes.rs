//! Lambda `list-changes`: `GET /api/competitions/{competitionId}/changes`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::viewer::ListChanges;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<ListChanges>().await
}

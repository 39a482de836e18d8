//! Lambda `list-upload-parts`: `GET /api/uploads/{competitionId}/{clipId}/parts`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::upload::ListUploadParts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<ListUploadParts>().await
}

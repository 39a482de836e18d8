//! Lambda `create-upload`: `POST /api/uploads`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::upload::CreateUpload;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<CreateUpload>().await
}

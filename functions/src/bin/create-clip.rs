//! Lambda `create-clip`: `POST /api/clip`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::harvest::CreateClip;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<CreateClip>().await
}

//! Lambda `list-channels`: `GET /api/channels`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::channel::ListChannels;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<ListChannels>().await
}

//! Lambda `start-channel`: `POST /api/channels/{channelId}/start`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::channel::StartChannel;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<StartChannel>().await
}

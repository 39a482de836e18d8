//! Lambda `stop-channel`: `POST /api/channels/{channelId}/stop`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::channel::StopChannel;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<StopChannel>().await
}

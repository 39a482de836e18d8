//! Lambda `show-feed`: `GET /feeds/{competitionId}/media.rss`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::share::ShowFeed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<ShowFeed>().await
}

//! Lambda `describe-embed`: `GET /api/oembed`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::share::DescribeEmbed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<DescribeEmbed>().await
}

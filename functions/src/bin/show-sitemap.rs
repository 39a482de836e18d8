//! Lambda `show-sitemap`: `GET /feeds/{competitionId}/sitemap.xml`.

use lambda_runtime::Error;
use matchcut::api::serve;
use matchcut::share::ShowSitemap;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    serve::<ShowSitemap>().await
}

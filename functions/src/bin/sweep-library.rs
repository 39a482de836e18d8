//! Lambda `sweep-library`: runs every minute.

use lambda_runtime::Error;
use matchcut::lambda::run_handler;
use matchcut::sweep::Sweep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run_handler::<Sweep>().await
}

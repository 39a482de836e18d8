//! Lambda `scope-token`: a trigger of Cognito, runs before a token is issued.

use std::convert::Infallible;

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::api::ScopeToken;
use matchcut::config::Variables;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let function = &ScopeToken::new(&Variables::from_process())?;

    run(service_fn(|event: LambdaEvent<Value>| async move {
        Ok::<_, Infallible>(function.handle(event.payload))
    }))
    .await
}

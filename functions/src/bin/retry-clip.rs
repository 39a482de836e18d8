//! Lambda `retry-clip`: `POST /api/competitions/{competitionId}/clips/{clipId}/retry`.

use std::convert::Infallible;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::clip::RetryClip;
use matchcut::config::{self, Variables};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let sdk = config::load_sdk().await;
    let function = &RetryClip::new(&sdk, &Variables::from_process())?;
    function.warm_up().await;

    run(service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| async move {
        Ok::<_, Infallible>(function.handle(event.payload).await)
    }))
    .await
}

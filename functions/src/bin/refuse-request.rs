//! Lambda `refuse-request`: answers requests without a route.

use std::convert::Infallible;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::api::RefuseRequest;
use matchcut::config::Variables;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let function = &RefuseRequest::new(&Variables::from_process())?;

    run(service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| async move {
        Ok::<_, Infallible>(function.handle(event.payload))
    }))
    .await
}

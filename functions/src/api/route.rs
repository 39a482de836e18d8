//! Runs an HTTP route as a Lambda function behind API Gateway.

use std::convert::Infallible;

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, Utc};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

use super::{OriginCheck, Problem, Reply, Request, respond};
use crate::config::{ConfigError, Variables, load_sdk};
use crate::lambda::warm_up_in_time;
use crate::large_variables::add_large_variables;

/// An operation of the HTTP API.
pub trait Route: Sized + Sync {
    /// Builds the route once per cold start.
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError>;

    /// Opens the connections that the first request needs.
    fn warm_up(&self) -> impl Future<Output = ()> + Send;

    /// Answers a request. A request that is refused is a problem.
    fn answer(
        &self,
        request: &Request,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Reply, Problem>> + Send;

    /// Answers an event of API Gateway.
    fn handle(
        &self,
        event: ApiGatewayV2httpRequest,
    ) -> impl Future<Output = ApiGatewayV2httpResponse> + Send {
        async move {
            let request = Request::from(event);
            let reply = self.answer(&request, Utc::now()).await;
            let response = respond(&request, reply);
            request.log_write(response.status_code);
            response
        }
    }
}

/// Serves the requests of a Lambda function until its process ends.
pub async fn serve<R: Route>() -> Result<(), Error> {
    let sdk = load_sdk().await;
    let variables = add_large_variables(&sdk, Variables::from_process()).await?;
    let route = &R::new(&sdk, &variables)?;
    warm_up_in_time(route.warm_up()).await;
    serve_with(OriginCheck::new(&variables)?, async |event| route.handle(event).await).await
}

/// Serves the requests of a Lambda function that came through the CDN, until its process ends.
pub async fn serve_with(
    origin: OriginCheck,
    answer: impl AsyncFn(ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse,
) -> Result<(), Error> {
    let (origin, answer) = (&origin, &answer);
    run(service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| async move {
        Ok::<_, Infallible>(match origin.refuse(&event.payload) {
            Some(refusal) => refusal,
            None => answer(event.payload).await,
        })
    }))
    .await
}

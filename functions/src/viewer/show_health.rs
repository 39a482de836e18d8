//! `GET /api/health`: the service is up, and which version it is.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde_json::json;

use crate::http::{self, Reply, Request};

/// Touches nothing behind it: it tells whether requests are answered, not whether AWS is well.
pub fn show_health(event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
    let health = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
    http::respond(&Request::from(event), Ok(Reply::json(200, health)))
}

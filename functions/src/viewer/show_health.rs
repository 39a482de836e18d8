//! `GET /api/health`: answers with the version of the service.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde_json::json;

use crate::api::{Reply, Request, respond};

/// Answers a health check.
///
/// It calls no other service. It shows that the API answers, not that AWS's services do.
pub fn show_health(event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
    let health = json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") });
    respond(&Request::from(event), Ok(Reply::json(200, &health)))
}

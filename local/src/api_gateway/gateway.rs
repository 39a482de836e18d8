//! The HTTP API: checks a request's route and token, and starts the function of its operation.

use std::sync::Arc;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body as LambdaBody;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use matchcut::api::{OriginCheck, format_problem_type};
use matchcut::config::{ConfigError, Variables};
use serde_json::json;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::contract::{Contract, Route};
use super::request_event::request_event;
use super::throttles::Throttles;
use crate::cognito::{Access, Tokens};
use crate::data_disk::DataDisk;
use crate::lambda::Functions;
use crate::options::Options;

/// 10 MiB: API Gateway's limit for a body.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const MAX_BODY_SIZE: usize = 10 << 20;

#[derive(Debug)]
pub(crate) struct Gateway {
    contract: Contract,
    tokens: Tokens,
    functions: Functions,
    throttles: Option<Throttles>,
    origin: OriginCheck,
    disk: Arc<DataDisk>,
}

impl Gateway {
    /// A gateway whose throttles are those of the contract, multiplied as the options say.
    pub(crate) fn new(
        contract: Contract,
        tokens: Tokens,
        functions: Functions,
        options: &Options,
        variables: &Variables,
        disk: Arc<DataDisk>,
    ) -> Result<Self, ConfigError> {
        let throttles = Throttles::new(&contract, options.api_throttle);
        let origin = OriginCheck::new(variables)?;
        Ok(Self { contract, tokens, functions, throttles, origin, disk })
    }
}

/// The routes of the contract. Pages of any origin may call them. If the library is `private`, they
/// may also send and receive cookies.
pub(crate) fn router(gateway: Arc<Gateway>, private: bool) -> Router {
    let origins = if private { AllowOrigin::mirror_request() } else { AllowOrigin::any() };
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_credentials(private)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            header::IF_NONE_MATCH,
            header::IF_MATCH,
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([header::ETAG, header::LOCATION, header::RETRY_AFTER]);
    Router::new()
        .fallback(answer)
        .layer(DefaultBodyLimit::max(MAX_BODY_SIZE))
        .layer(cors)
        .with_state(gateway)
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let found = gateway.contract.find_route(&method, uri.path());
    let operation = match &found {
        Route::Known(route, _) => Some(route.id.as_str()),
        Route::WrongMethod(_) | Route::Unknown => None,
    };
    if gateway.throttles.as_ref().is_some_and(|throttles| !throttles.take(operation)) {
        return refuse(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    }
    let (route, parameters) = match found {
        Route::Known(route, parameters) => (route, parameters),
        Route::WrongMethod(allowed) => {
            let detail = format!("This path allows {allowed}.");
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let reply = problem(status, "method-not-allowed", "Method not allowed", &detail);
            return ([(header::ALLOW, allowed)], reply).into_response();
        }
        Route::Unknown => return not_found(uri.path()),
    };
    let claims = match route.scopes.as_slice() {
        [] => json!({}),
        scopes => match gateway.tokens.check_authorization(headers.get(AUTHORIZATION), scopes) {
            Access::Granted(claims) => claims,
            Access::Unauthorized => {
                let detail = "Send a valid access token in the header Authorization, after Bearer.";
                let status = StatusCode::UNAUTHORIZED;
                let reply = problem(status, "unauthorized", "Authentication required", detail);
                return ([(WWW_AUTHENTICATE, "Bearer")], reply).into_response();
            }
            Access::Forbidden => {
                let detail = format!("The token does not have the scope {}.", scopes.join(" or "));
                let status = StatusCode::FORBIDDEN;
                return problem(status, "forbidden", "Access denied", &detail);
            }
        },
    };
    let event =
        request_event(&method, &uri, &headers, &body, &route.template, &parameters, &claims);
    let event: ApiGatewayV2httpRequest = match serde_json::from_value(event) {
        Ok(event) => event,
        Err(error) => {
            let detail = format!("Could not pass the request to its function: {error}.");
            let status = StatusCode::BAD_REQUEST;
            return problem(status, "malformed-body", "Malformed JSON body", &detail);
        }
    };
    // Only functions behind routes without a token have the secret in their environment.
    if route.scopes.is_empty()
        && let Some(refusal) = gateway.origin.refuse(&event)
    {
        return to_http_response(refusal);
    }
    match gateway.functions.answer(&route.id, event).await {
        Ok(Some(response)) => {
            let response = to_http_response(response);
            // On AWS, no disk gets full. Here it is the cause, and the product cannot know that.
            if response.status().is_server_error() && gateway.disk.is_full() {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let detail = gateway.disk.explain();
                return problem(status, "unavailable", "Service unavailable", &detail);
            }
            response
        }
        // API Gateway's answer if a function fails or has no free place. AWS documents the first, but
        // not the second; the product relies on neither.
        // <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html>
        Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        Ok(None) => {
            let detail = format!("The stand-in does not implement {}.", route.id);
            let status = StatusCode::NOT_IMPLEMENTED;
            problem(status, "not-implemented", "Not implemented", &detail)
        }
    }
}

/// A refusal of API Gateway itself. It is no problem, and has no `Retry-After`.
fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

fn to_http_response(from: ApiGatewayV2httpResponse) -> Response {
    let body = match from.body {
        Some(LambdaBody::Text(text)) => Body::from(text),
        Some(LambdaBody::Binary(bytes)) => Body::from(bytes),
        _ => Body::empty(),
    };
    let status = u16::try_from(from.status_code).ok().and_then(|it| StatusCode::from_u16(it).ok());
    let mut response = Response::new(body);
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = from.headers;
    for cookie in from.cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The problem of a path that does not exist.
pub(crate) fn not_found(path: &str) -> Response {
    let detail = format!("There is no path {path}.");
    problem(StatusCode::NOT_FOUND, "not-found", "Not found", &detail)
}

fn problem(status: StatusCode, name: &str, title: &str, detail: &str) -> Response {
    let body = json!({
        "type": format_problem_type(name),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
    });
    let media_type = HeaderValue::from_static("application/problem+json");
    (status, [(CONTENT_TYPE, media_type)], body.to_string()).into_response()
}

//! The services that speak AWS JSON. They share one address; the header `X-Amz-Target` names the
//! service and the operation.
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;

use crate::aws_protocol::AwsError;
use crate::eventbridge::PutEvents;
use crate::secretsmanager::Secrets;
use crate::sqs::Queues;

/// The header by which an SDK in a Lambda function passes its trace on.
/// <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>
pub(crate) const TRACE_HEADER: &str = "x-amzn-trace-id";

/// The services behind the address.
#[derive(Debug)]
pub(crate) struct JsonServices {
    pub(crate) secrets: Secrets,
    pub(crate) queues: Queues,
    pub(crate) events: PutEvents,
}

pub(crate) fn router(services: JsonServices) -> Router {
    Router::new().route("/", post(answer)).with_state(Arc::new(services))
}

async fn answer(
    State(services): State<Arc<JsonServices>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, AwsError> {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let target = target.unwrap_or("POST /");
    let trace = headers.get(TRACE_HEADER).and_then(|trace| trace.to_str().ok());
    match target.split_once('.') {
        Some(("secretsmanager", operation)) => services.secrets.answer(operation, &body),
        Some(("AmazonSQS", operation)) => services.queues.answer(operation, &body, trace),
        Some(("AWSEvents", operation)) => services.events.answer(operation, &body),
        _ => Err(AwsError::not_implemented(target)),
    }
    .map(Json)
}

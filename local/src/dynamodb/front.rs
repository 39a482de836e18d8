//! Receives the requests to DynamoDB, and forwards them to the table, or to the stale copy if one
//! queries an index. Throttles the requests to a partition that has no capacity left.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use super::capacity::{Call, PartitionCapacity};
use crate::aws_protocol::AwsError;

/// The largest request of DynamoDB.
const MAX_REQUEST_SIZE: usize = 16 << 20;
/// The checksum of an answer.
const CRC32: HeaderName = HeaderName::from_static("x-amz-crc32");
const RETURN_CAPACITY: &str = "ReturnConsumedCapacity";
const CAPACITY: &str = "ConsumedCapacity";

/// The URLs that requests are forwarded to, and the capacity of partitions.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) table: String,
    /// A copy of the table whose indexes are stale.
    pub(super) copy: Option<String>,
    /// `None` without a limit.
    pub(super) capacity: Option<PartitionCapacity>,
    pub(super) http: reqwest::Client,
}

impl Front {
    pub(super) fn router(self) -> Router {
        Router::new().fallback(forward).with_state(Arc::new(self))
    }
}

async fn forward(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_REQUEST_SIZE).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let operation = read_operation(&parts.headers);
    let mut fields: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
    let is_index_query = operation == "Query" && fields.contains_key("IndexName");
    let copy = front.copy.as_ref().filter(|_| is_index_query);
    let url = format!("{}{}", copy.unwrap_or(&front.table), parts.uri);

    let limited = front.capacity.as_ref().zip(Call::parse(operation, &fields));
    let Some((capacity, call)) = limited else {
        let request = front.http.request(parts.method, url).headers(parts.headers).body(body);
        return answer(request, |body| body).await;
    };
    if capacity.is_exhausted(&call) {
        return AwsError::throttled(
            "Throughput exceeds the current capacity of a partition of your table or index.",
        )
        .into_response();
    }
    let shows_capacity = fields.contains_key(RETURN_CAPACITY);
    fields.insert(RETURN_CAPACITY.to_owned(), "INDEXES".into());
    let mut headers = parts.headers;
    headers.remove(CONTENT_LENGTH);
    let body = Value::Object(fields).to_string();
    let request = front.http.request(parts.method, url).headers(headers).body(body);
    answer(request, |body| {
        let Ok(mut answer) = serde_json::from_slice::<Map<String, Value>>(&body) else {
            return body;
        };
        if let Some(consumed) = answer.get(CAPACITY) {
            capacity.subtract(&call, consumed);
        }
        if !shows_capacity {
            answer.remove(CAPACITY);
        }
        Value::Object(answer).to_string().into()
    })
    .await
}

/// Sends a request, and returns its answer with a changed body.
async fn answer(request: reqwest::RequestBuilder, change: impl FnOnce(Bytes) -> Bytes) -> Response {
    let answered = match request.send().await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::error!("could not forward a request to DynamoDB: {error}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let (status, mut headers) = (answered.status(), answered.headers().clone());
    headers.remove(CONTENT_LENGTH);
    headers.remove(CRC32);
    let body = change(answered.bytes().await.unwrap_or_default());
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// The name of the operation of a request, or nothing.
fn read_operation(headers: &HeaderMap) -> &str {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    target.and_then(|target| target.split('.').next_back()).unwrap_or_default()
}

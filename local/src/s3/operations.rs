//! Runs operations on the buckets.

use s3s::{S3Request, S3Result};

use super::internal_error;

/// Runs an operation to its end, even if the client disconnects, as S3 does. If the operation were
/// canceled with the request, an object could stay without its event, or with half of its parts.
pub(super) async fn run_to_end<T: Send + 'static>(
    operation: impl Future<Output = S3Result<T>> + Send + 'static,
) -> S3Result<T> {
    tokio::spawn(operation).await.map_err(|error| internal_error(error.into()))?
}

/// A request of the stand-in itself.
pub(super) fn request<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: axum::http::Method::GET,
        uri: axum::http::Uri::default(),
        headers: axum::http::HeaderMap::default(),
        extensions: axum::http::Extensions::default(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

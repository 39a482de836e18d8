//! The HTTP server of S3.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::error_handling::HandleError;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tower_http::cors::{Any, CorsLayer};

use super::buckets::Buckets;
use super::presigned_urls::check_credentials;
use crate::account::{ACCESS_KEY, SECRET_KEY};
use crate::data_disk::DataDisk;
use crate::sqs::Queue;
use crate::upload_limits::UploadLimits;

/// S3 with the buckets of the account, kept in a data folder.
///
/// For each new object in the upload bucket, an event is sent to the queue `uploads`.
pub(crate) fn router(
    data: &Path,
    uploads: Arc<Queue>,
    limits: &UploadLimits,
    disk: &Arc<DataDisk>,
) -> std::io::Result<Router> {
    let buckets = Buckets::open(data, uploads, limits.join_parts_per_second)?;
    let mut service = S3ServiceBuilder::new(buckets);
    service.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    let service = HandleError::new(service.build(), |error: s3s::HttpError| async move {
        tracing::error!("S3 failed to answer a request: {error:?}");
        StatusCode::INTERNAL_SERVER_ERROR
    });
    // Browsers upload to the upload bucket from pages of any origin, and read the ETags of parts.
    let cors = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
    let cors = cors.expose_headers([ETAG]);
    let credentials = from_fn_with_state(limits.credentials_lifetime, check_credentials);
    let space = from_fn_with_state(Arc::clone(disk), refuse_writes_to_full_disk);
    Ok(Router::new().fallback_service(service).layer(space).layer(credentials).layer(cors))
}

/// Refuses to store objects while the disk is full. An object is then never stored by half.
async fn refuse_writes_to_full_disk(
    State(disk): State<Arc<DataDisk>>,
    request: Request,
    next: Next,
) -> Response {
    let is_write = matches!(*request.method(), Method::PUT | Method::POST);
    if !is_write || !disk.is_full() {
        return next.run(request).await;
    }
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>ServiceUnavailable</Code><Message>{}</Message></Error>",
        disk.explain()
    );
    (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, "application/xml")], body).into_response()
}

//! S3, embedded, with what its crate lacks: object tags, checks of multipart uploads, and events of
//! new objects.

mod buckets;
mod kms_keys;
mod listing;
mod multipart_uploads;
mod object_created;
mod operations;
mod presigned_urls;
mod server;
mod stored_keys;
mod tags;

pub(crate) use server::router;

fn internal_error(error: std::io::Error) -> s3s::S3Error {
    s3s::s3_error!(error, InternalError)
}

//! S3, embedded, with what its crate lacks: object tags, checked parts, and events of new objects.

mod buckets;
mod server;

pub(crate) use server::router;

//! CloudFront: the distribution that viewers play from, and how it guards a private library.

mod distribution;
mod edge_requests;
mod origin_header;
mod private_library;
mod sealed_path;
mod signed_cookies;

pub(crate) use distribution::router;
pub(crate) use edge_requests::canonicalize;
pub(crate) use origin_header::{OriginSecret, add_origin_header};
pub(crate) use private_library::PrivateLibrary;

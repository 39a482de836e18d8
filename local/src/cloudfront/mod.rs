//! CloudFront: the distribution that viewers play from, and how it guards a private library.

mod distribution;
mod private_library;
mod sealed_path;
mod signed_cookies;

pub(crate) use distribution::router;
pub(crate) use private_library::PrivateLibrary;

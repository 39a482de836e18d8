//! MediaPackage VOD: assets, made playable as their packaging group says.

mod api;
mod assets;
mod dash;
mod hls;
mod ingest;
mod packaging_group;
mod source;

pub(crate) use api::router;
pub(crate) use assets::Assets;
pub use packaging_group::GroupError;
pub(crate) use packaging_group::PackagingGroup;

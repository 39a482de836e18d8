//! MediaPackage VOD: packaging groups, assets, their ingest, and what their egress endpoints serve.

mod api;
mod assets;
mod dash;
mod dash_manifest;
mod hls;
mod ingest;
mod ingest_failure;
mod packaging_group;
mod several_sounds;
mod source;
mod video_set;

pub(crate) use api::router;
pub(crate) use assets::Assets;
pub use packaging_group::GroupError;
pub(crate) use packaging_group::PackagingGroup;

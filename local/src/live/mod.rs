//! A live channel: an encoder, the MediaPackage channel it pushes to, and the HLS origin endpoint
//! viewers and harvest jobs read.

mod channel;
mod encoder;
mod ingest;
mod ladder;
mod manifest;
mod origin;
mod startover;

pub use encoder::Source;

pub(crate) use channel::{Channel, ingest_router, media_live_router};
pub(crate) use ladder::{LADDER, SEGMENT_SECONDS};
pub(crate) use manifest::{media_playlist, multivariant_playlist, rendition_name, segment_name};
pub(crate) use origin::{OriginEndpoint, file, manifest_path, own_path, parse_time};
pub(crate) use startover::Startover;

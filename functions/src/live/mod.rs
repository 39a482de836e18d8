//! The live channels that clips are cut from, and what their manifests say about time.

mod ad_breaks;
mod channel;
pub mod coverage;
mod endpoint;
mod first_segment;
mod program_date_time;
mod rendition_urls;
mod state;
mod timeline;

pub use ad_breaks::{AdBreak, parse_ad_breaks};
pub use channel::{Channel, Channels};
pub use coverage::CoverageError;
pub use endpoint::{LiveEndpoint, LiveTimeline, MAX_LIVE_EDGE_AGE, ManifestReadError};
pub use first_segment::FirstSegmentError;
pub use state::ChannelState;
pub use timeline::{ManifestError, Timeline};

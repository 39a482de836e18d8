//! The live channels clips are cut from, and what their manifests say.

mod channel;
mod endpoint;
mod timeline;

pub use channel::{Channel, ChannelId, Channels};
pub use endpoint::{LiveEndpoint, ReadError};
pub use timeline::{ManifestError, Timeline};

//! The live channels that clips are cut from, and what their manifests say about time.

mod channel;
pub mod coverage;
mod endpoint;
mod timeline;

pub use channel::{Channel, Channels};
pub use coverage::CoverageError;
pub use endpoint::{LiveEndpoint, ManifestReadError};
pub use timeline::{ManifestError, Timeline};

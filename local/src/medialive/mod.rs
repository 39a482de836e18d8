//! MediaLive: a channel whose encoder is ffmpeg.

mod channel;
mod encoder;

pub(crate) use channel::{Channel, router};
pub use encoder::Source;

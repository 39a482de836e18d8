//! MediaLive: one channel, whose encoder is ffmpeg.

mod alerts;
mod api;
mod channel;
mod encoder;

pub(crate) use api::router;
pub(crate) use channel::Channel;
pub use encoder::Source;

//! MediaLive: one channel, whose encoder is ffmpeg.

mod alerts;
mod api;
mod channel;
mod encoder;
mod source_check;

pub(crate) use api::router;
pub(crate) use channel::Channel;
pub use encoder::Source;
pub use source_check::SourceError;

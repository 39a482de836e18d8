//! The routes of channels: what is on air, start and stop.

mod control;
mod list_channels;
mod media_live;
mod monitor;
mod observation;
mod start_channel;
mod stop_channel;

pub use list_channels::ListChannels;
pub use start_channel::StartChannel;
pub use stop_channel::StopChannel;

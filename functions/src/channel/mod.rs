//! The routes of channels: what is on air, start and stop. And the metric of their live edges.

mod control;
mod list_channels;
mod live_edges;
mod media_live;
mod monitor;
mod observation;
mod start_channel;
mod stop_channel;

pub use list_channels::ListChannels;
pub use live_edges::LiveEdges;
pub use start_channel::StartChannel;
pub use stop_channel::StopChannel;

//! Cutting a clip out of a live stream: what is asked for, its name, its harvest.

mod create;
mod harvest;
mod id;
mod moment;
mod request;
mod window;

pub use create::CreateClip;
pub use harvest::{HarvestError, Harvested, Harvester, Started};
pub use id::{ClipId, ClipKey, CompetitionId, IdError, stamp};
pub use moment::{MomentError, ceil_second, floor_second, parse_moment};
pub use request::{ClipRequest, Span};
pub use window::{Limits, Window, WindowError};

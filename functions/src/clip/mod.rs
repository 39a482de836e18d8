//! Cutting a clip out of a live stream: what is asked for, its name, its place in line, its
//! harvest; and what operators do to a clip afterwards.

mod coverage;
mod create;
mod delete;
mod due;
mod expiry;
mod harvest;
mod harvest_clip;
mod id;
mod line;
mod moment;
mod request;
mod retry;
mod update;
mod window;

pub use create::CreateClip;
pub use delete::DeleteClip;
pub use due::{DueClip, DueError, DueQueue};
pub use expiry::{Expiry, ExpiryError};
pub use harvest::{HarvestError, Harvested, Harvester, Started};
pub use harvest_clip::{HarvestClip, HarvestClipError};
pub use id::{Attempt, ClipId, ClipKey, CompetitionId, IdError, stamp};
pub use line::{Line, LineError};
pub use moment::{MomentError, ceil_second, floor_second, parse_moment};
pub use request::{ClipRequest, Span};
pub use retry::RetryClip;
pub use update::{UpdateClip, read_edit};
pub use window::{Limits, Window, WindowError};

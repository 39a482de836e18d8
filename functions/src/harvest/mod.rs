//! Cuts clips out of the live stream: create-clip, harvest jobs and the harvest queue.

mod airing;
mod clip_request;
mod create_clip;
mod due;
mod harvest_clip;
mod harvest_complete;
mod jobs;
mod queue;
mod resolved_window;
mod running_jobs;
mod start_clip;

pub use clip_request::{ClipRequest, WindowRequest};
pub use create_clip::{CreateClip, unknown_live_edge};
pub use due::{DueMessage, DueQueue, DueQueueError};
pub use harvest_clip::{HarvestClip, HarvestClipError};
pub use harvest_complete::{HarvestComplete, HarvestCompleteError, HarvestJobNotification};
pub use jobs::{HarvestJobError, HarvestJobs, HarvestState, StartOutcome};
pub use queue::{HarvestQueue, HarvestQueueError, JobStart};
pub use resolved_window::{ResolvedWindow, invalid_window};
pub use running_jobs::RunningJobs;
pub use start_clip::start_clip;

//! Makes reels: clips that are made of other clips of a competition.

mod common_tracks;
mod create_reel;
mod job_settings;
mod reel_maker;
mod selection;

pub use create_reel::{CreateReel, ReelClips, ReelRequest};
pub use reel_maker::ReelMaker;
pub use selection::Selection;

/// The key of a job's `userMetadata` with the attempt at the reel. Other jobs do not have it.
pub const REEL: &str = "reel";

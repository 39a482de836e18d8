//! Makes the frame-exact media of a clip from its harvested media.

mod exact_maker;
mod job_settings;

pub use exact_maker::ExactMaker;

/// The key of a job's `userMetadata` with the number of the attempt that gets the media. Other jobs do not
/// have it.
pub const EXACT: &str = "exact";

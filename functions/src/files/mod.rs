//! Makes the poster, the thumbnails, the storyboard and the MP4 of a clip from its media.

mod files_maker;
mod job_settings;
mod plan;
mod storyboard;

pub use files_maker::{FilesError, FilesMaker};

/// The key of a job's `userMetadata` with the number of the files' job. Other jobs do not have it.
pub const FILES: &str = "files";

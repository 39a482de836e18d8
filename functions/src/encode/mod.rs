//! MediaConvert jobs: their common settings, and the jobs that read the media of a clip.

mod frame_range;
mod hls_output;
mod ladder;
mod media_jobs;
mod media_maker;
#[cfg(test)]
pub(crate) mod sent_job;
mod settings;
mod tracks;

pub use frame_range::FrameRange;
pub(crate) use hls_output::hls_group;
pub(crate) use ladder::{Ladder, MIN_SIDE, PictureSize, Size};
pub(crate) use media_jobs::longest_output_seconds;
pub use media_jobs::{
    CANCELED, JobCreation, JobState, MediaJob, MediaJobError, MediaJobs, describe_failure,
};
pub use media_maker::{JobEvent, MediaMaker, MediaMakerError};
pub(crate) use settings::{
    Picture, captures, captures_output, file_group, media_input, mp4_output, video_description,
};
pub(crate) use tracks::{
    OutputTracks, audio_selectors, caption_description, caption_selectors, captions_of,
    embedded_source, file_source,
};

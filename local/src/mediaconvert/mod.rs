//! MediaConvert: transcoding jobs that ffmpeg runs, and Probe.

mod api;
mod arguments;
mod clipping;
mod files;
mod filters;
mod hls_input;
mod input;
mod input_settings;
mod job_error;
mod job_rules;
mod jobs;
mod probe;
mod probe_names;
mod settings;
mod timecode;
mod transcode;

pub(crate) use api::router;
pub(crate) use jobs::Jobs;

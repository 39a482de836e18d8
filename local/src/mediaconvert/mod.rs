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
mod joined_filters;
mod model_bounds;
mod parts;
mod probe;
mod probe_names;
#[cfg(test)]
mod sample_job;
mod settings;
mod timecode;
mod transcode;

pub(crate) use api::router;
pub(crate) use jobs::Jobs;

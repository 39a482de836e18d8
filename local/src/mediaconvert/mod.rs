//! MediaConvert: transcoding jobs that ffmpeg runs, and Probe.

mod api;
mod files;
mod input;
mod job_rules;
mod jobs;
mod probe;
mod probe_names;
mod settings;
mod transcode;

pub(crate) use api::router;
pub(crate) use jobs::Jobs;

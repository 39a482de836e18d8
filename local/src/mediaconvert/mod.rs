//! MediaConvert: transcoding jobs that ffmpeg runs, and Probe.

mod api;
mod arguments;
mod audio_settings;
mod burn_in;
mod caption_files;
mod caption_outputs;
mod caption_rules;
mod caption_settings;
mod captions;
mod clipping;
mod files;
mod filters;
mod hls_input;
mod hls_settings;
mod input;
mod input_settings;
mod job_error;
mod job_rules;
mod jobs;
mod joined_captions;
mod joined_filters;
mod model_bounds;
mod multivariant;
mod parts;
mod probe;
mod probe_names;
#[cfg(test)]
mod sample_job;
mod settings;
mod sound_segments;
mod timecode;
mod transcode;
mod ttml;

pub(crate) use api::router;
pub(crate) use jobs::Jobs;

//! Uploads: S3 with events and tags, the queue behind it, and MediaConvert.

mod api;
mod bucket;
mod files;
mod job_rules;
mod jobs;
mod probe;
mod rate;
mod settings;
mod transcode;

pub(crate) use api::router;
pub(crate) use bucket::Buckets;
pub(crate) use jobs::Jobs;
pub(crate) use rate::Rate;

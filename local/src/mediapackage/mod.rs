//! MediaPackage: the channel's input, the startover window, the HLS origin endpoint, and harvest
//! jobs.

mod captions;
mod harvest;
mod harvest_jobs;
mod ingest;
mod input;
mod manifest;
mod manifest_lag;
mod origin_endpoint;
mod startover;
mod streams;

pub(crate) use captions::CaptionSource;
pub(crate) use harvest_jobs::{HarvestJobs, router};
pub(crate) use input::{ChannelInput, input_router};
pub(crate) use manifest_lag::ManifestLag;
pub(crate) use origin_endpoint::{OriginEndpoint, manifest_path, strip_url_id};
pub(crate) use startover::Startover;
pub(crate) use streams::Streams;

//! MediaPackage's harvest jobs: a window of the stream is copied to S3.

mod harvest;
mod harvest_jobs;

pub(crate) use harvest_jobs::{HarvestJobs, router};

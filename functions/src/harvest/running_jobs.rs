//! The harvest jobs that are in progress, read with one call for all clips.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::{HarvestJobError, HarvestJobs, HarvestState};
use crate::clip::Attempt;

/// The harvest jobs in progress.
///
/// An account has at most ten of them by default, so one call of ListHarvestJobs replaces a call of
/// DescribeHarvestJob for each clip.
#[derive(Debug)]
pub struct RunningJobs<'a> {
    jobs: &'a HarvestJobs,
    list: Mutex<Option<(Instant, BTreeSet<String>)>>,
}

/// How long a list is used. A function that started a job later is still running then, and the row of
/// a deleted clip stays until no such function runs.
const MAX_AGE: Duration = Duration::from_secs(30);

impl<'a> RunningJobs<'a> {
    pub fn new(jobs: &'a HarvestJobs) -> Self {
        Self { jobs, list: Mutex::new(None) }
    }

    /// Whether the job of an attempt is in progress.
    pub async fn contains(&self, attempt: &Attempt) -> Result<bool, HarvestJobError> {
        let mut list = self.list.lock().await;
        let id = attempt.to_string();
        if let Some((_, ids)) = list.as_ref().filter(|(at, _)| at.elapsed() < MAX_AGE) {
            return Ok(ids.contains(&id));
        }
        let ids = self.jobs.list_in_progress().await?;
        let contains = ids.contains(&id);
        *list = Some((Instant::now(), ids));
        Ok(contains)
    }

    /// The state of the job of an attempt.
    pub async fn describe(&self, attempt: &Attempt) -> Result<HarvestState, HarvestJobError> {
        if self.contains(attempt).await? {
            return Ok(HarvestState::InProgress);
        }
        self.jobs.describe(attempt).await
    }
}

//! Compares what exists at the end of a run with what the API promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;

use aws_sdk_mediaconvert::types::JobStatus;
use aws_sdk_mediapackage::types::Status as HarvestStatus;
use matchcut::clip::{Attempt, Clip, ClipKey, FailureCode, Status};
use matchcut_local::Stack;

use crate::account::Account;
use crate::promises::{FinalState, Promises};
use crate::viewer::Browser;

/// The result of a run.
pub(crate) struct Verification {
    pub(crate) counts: Counts,
    pub(crate) summary: String,
    /// Every difference between what was promised and what exists. Empty if the run passed.
    pub(crate) violations: Vec<String>,
}

/// How many clips ended in which state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) ready: usize,
    /// The ready clips that are uploaded files.
    pub(crate) uploaded: usize,
    pub(crate) failed: usize,
    pub(crate) deleted: usize,
    /// Attempts after the first one, at clips that still exist.
    pub(crate) retries: u32,
}

/// The jobs of all attempts.
struct Jobs {
    harvests: BTreeMap<Attempt, HarvestStatus>,
    transcodes: BTreeMap<Attempt, JobStatus>,
}

/// Collects violations.
#[derive(Default)]
struct Checks(Vec<String>);

impl Verification {
    pub(crate) async fn run(
        stack: &Stack,
        promises: &Promises,
        mut viewer: Browser,
        folder: &Path,
    ) -> Self {
        let account = Account::new(stack);
        let mut checks = Checks(promises.violations());
        let is_idle = account.wait_until_idle(stack, folder).await;
        checks.check(is_idle, || "the functions did not become idle".to_owned());
        account.sweep_later_hours(stack).await;
        let rows = account.read_rows().await;
        let accepted = promises.clips();

        let transcodes = account.list_transcode_jobs().await;
        let transcode_count = transcodes.len();
        let jobs = Jobs {
            harvests: account.list_harvest_jobs().await,
            transcodes: transcodes.into_iter().collect(),
        };
        checks.check(jobs.transcodes.len() == transcode_count, || {
            "an attempt has two transcode jobs".to_owned()
        });
        let all_jobs = jobs.harvests.keys().chain(jobs.transcodes.keys());
        let unaccepted_jobs = all_jobs.filter(|job| !accepted.contains_key(&job.clip));
        checks.check_none("jobs of clips that were not accepted", unaccepted_jobs);

        let counts = checks.check_final_states(&accepted, &rows, &jobs);
        let unaccepted_rows = rows.keys().filter(|clip| !accepted.contains_key(*clip));
        checks.check_none("rows of clips that were not accepted", unaccepted_rows);

        let ready = || rows.values().filter(|row| row.status == Status::Ready);
        let listed = viewer.check_all_lists().await;
        let distinct: BTreeSet<_> = listed.iter().map(ToString::to_string).collect();
        checks.check(listed.len() == distinct.len(), || "a clip is listed twice".to_owned());
        let expected = ready().map(|row| row.key().to_string()).collect();
        checks.check_equal("list entries", &expected, &distinct);
        checks.0.extend(viewer.violations);

        let assets = ready().map(|row| row.current_attempt().to_string()).collect();
        checks.check_equal("assets", &assets, &account.list_assets().await);
        let media = ready().map(|row| row.attempt_of_media().media_prefix()).collect();
        checks.check_equal("media folders", &media, &account.list_folders("clips/").await);
        let uploads = || ready().filter(|row| row.upload().is_some());
        let thumbnails = uploads().map(|row| row.attempt_of_media().thumbnail_prefix()).collect();
        let actual = account.list_folders("thumbnails/").await;
        checks.check_equal("thumbnail folders", &thumbnails, &actual);
        let originals = rows.values().filter_map(|row| Some(row.upload()?.key.clone())).collect();
        checks.check_equal("originals", &originals, &account.list_originals().await);

        let Counts { ready, uploaded, failed, deleted, retries } = counts;
        let summary = format!(
            "clips     {} accepted: {ready} ready ({uploaded} uploaded), {failed} failed, {deleted} \
             deleted; {retries} retries\ncreated   {} harvest jobs, {transcode_count} transcode \
             jobs, {} assets",
            accepted.len(),
            jobs.harvests.len(),
            assets.len()
        );
        Self { counts, summary, violations: checks.0 }
    }
}

impl Checks {
    fn check(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.0.push(violation());
        }
    }

    fn check_none<T: Debug>(&mut self, what: &str, found: impl Iterator<Item = T>) {
        let found: Vec<_> = found.take(5).collect();
        self.check(found.is_empty(), || format!("{what}: {found:?} …"));
    }

    fn check_equal(&mut self, what: &str, expected: &BTreeSet<String>, actual: &BTreeSet<String>) {
        let missing: Vec<_> = expected.difference(actual).take(5).collect();
        let orphaned: Vec<_> = actual.difference(expected).take(5).collect();
        self.check(missing.is_empty(), || format!("{what} are missing: {missing:?} …"));
        self.check(orphaned.is_empty(), || format!("{what} belong to no clip: {orphaned:?} …"));
    }

    /// Checks that each accepted clip is still in the state that its client saw last. Counts the
    /// clips in each state.
    fn check_final_states(
        &mut self,
        accepted: &BTreeMap<ClipKey, Option<FinalState>>,
        rows: &BTreeMap<ClipKey, Clip>,
        jobs: &Jobs,
    ) -> Counts {
        let mut counts = Counts::default();
        for (clip, state) in accepted {
            let row = rows.get(clip);
            let status = row.map(|row| row.status);
            match state {
                None => self.check(false, || format!("clip {clip} never reached a final state")),
                Some(FinalState::Deleted) => {
                    counts.deleted += 1;
                    self.check(row.is_none(), || {
                        format!("clip {clip} was deleted, but its row still exists")
                    });
                }
                Some(FinalState::Ready) => {
                    counts.ready += 1;
                    let is_upload = row.is_some_and(|row| row.upload().is_some());
                    counts.uploaded += usize::from(is_upload);
                    let is_ready = status == Some(Status::Ready);
                    self.check(is_ready, || {
                        format!("clip {clip} was ready, but its status is now {status:?}")
                    });
                }
                Some(FinalState::Failed) => {
                    counts.failed += 1;
                    let is_failed = status == Some(Status::Failed);
                    self.check(is_failed, || {
                        format!("clip {clip} was failed, but its status is now {status:?}")
                    });
                    if let Some(row) = row {
                        self.check(jobs.explain_failure(row), || {
                            format!("clip {clip} failed without a failed job: {:?}", row.failure)
                        });
                    }
                }
            }
            counts.retries += row.map_or(0, |row| row.attempt - 1);
        }
        counts
    }
}

impl Jobs {
    /// Whether a clip failed because the job of its last attempt failed. The injected faults fail
    /// harvest and transcode jobs and nothing else, so a clip may fail for no other reason.
    fn explain_failure(&self, row: &Clip) -> bool {
        let attempt = row.current_attempt();
        match row.failure.as_ref().map(|failure| failure.code) {
            Some(FailureCode::HarvestFailed) => {
                self.harvests.get(&attempt) == Some(&HarvestStatus::Failed)
            }
            Some(FailureCode::TranscodeFailed) => {
                self.transcodes.get(&attempt) == Some(&JobStatus::Error)
            }
            _ => false,
        }
    }
}

//! What is there at the end, held against what was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;

use aws_sdk_mediaconvert::types::JobStatus;
use aws_sdk_mediapackage::types::Status as HarvestStatus;
use matchcut::clip::{Attempt, Clip, ClipKey, FailureCode, Status};
use matchcut_local::Stack;

use crate::account::Account;
use crate::crowd::{End, Ledger};
use crate::viewer::Watch;

pub(crate) struct Reckoning {
    pub(crate) counts: Counts,
    pub(crate) summary: String,
    pub(crate) faults: Vec<String>,
}

/// What became of the clips.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) ready: usize,
    /// Those of the ready ones whose file was uploaded.
    pub(crate) uploaded: usize,
    pub(crate) failed: usize,
    pub(crate) deleted: usize,
    /// Attempts after the first, at clips that are still there.
    pub(crate) retries: u32,
}

/// The jobs of all attempts.
struct Jobs {
    harvests: BTreeMap<Attempt, HarvestStatus>,
    transcodes: BTreeMap<Attempt, JobStatus>,
}

#[derive(Default)]
struct Claims(Vec<String>);

impl Reckoning {
    pub(crate) async fn of(
        stack: &Stack,
        ledger: &Ledger,
        mut watch: Watch,
        folder: &Path,
    ) -> Self {
        let account = Account::of(stack);
        let mut claims = Claims(ledger.broken());
        let rested = account.rest(stack, folder).await;
        claims.that(rested, || "the functions never came to rest".to_owned());
        account.sweep_on(stack).await;
        let rows = account.rows().await;
        let promised = ledger.clips();

        let of_files = account.transcodes().await;
        let transcoded = of_files.len();
        let jobs =
            Jobs { harvests: account.harvests().await, transcodes: of_files.into_iter().collect() };
        let distinct = jobs.transcodes.len();
        claims.that(distinct == transcoded, || "a file was transcoded twice".to_owned());
        let worked_for = jobs.harvests.keys().chain(jobs.transcodes.keys());
        let of_nobody = worked_for.filter(|job| !promised.contains_key(&job.clip));
        claims.none("jobs that nobody was promised", of_nobody);

        let counts = claims.ends(&promised, &rows, &jobs);
        let unpromised = rows.keys().filter(|clip| !promised.contains_key(*clip));
        claims.none("rows that nobody was promised", unpromised);

        let ready = || rows.values().filter(|row| row.status == Status::Ready);
        let listed = watch.look_at_all().await;
        let distinct: BTreeSet<_> = listed.iter().map(ToString::to_string).collect();
        claims.that(listed.len() == distinct.len(), || "a clip is listed twice".to_owned());
        let expected = ready().map(|row| row.key().to_string()).collect();
        claims.same("listed clips", &expected, &distinct);
        claims.0.extend(watch.faults);

        let assets = ready().map(|row| row.current_attempt().to_string()).collect();
        claims.same("assets", &assets, &account.assets().await);
        let media = ready().map(|row| row.attempt_of_media().media_prefix()).collect();
        claims.same("prefixes of media", &media, &account.prefixes("clips/").await);
        let uploads = || ready().filter(|row| row.upload().is_some());
        let pictures = uploads().map(|row| row.attempt_of_media().thumbnail_prefix()).collect();
        claims.same("prefixes of thumbnails", &pictures, &account.prefixes("thumbnails/").await);
        let originals = rows.values().filter_map(|row| Some(row.upload()?.key.clone())).collect();
        claims.same("originals", &originals, &account.originals().await);

        let Counts { ready, uploaded, failed, deleted, retries } = counts;
        let summary = format!(
            "clips     {} promised: {ready} ready ({uploaded} uploaded), {failed} failed, {deleted} \
             deleted; {retries} further attempts\nmade      {} harvests, {transcoded} transcodes, {} \
             assets",
            promised.len(),
            jobs.harvests.len(),
            assets.len()
        );
        Self { counts, summary, faults: claims.0 }
    }
}

impl Claims {
    fn that(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.0.push(otherwise());
        }
    }

    fn none<T: Debug>(&mut self, what: &str, found: impl Iterator<Item = T>) {
        let found: Vec<_> = found.take(5).collect();
        self.that(found.is_empty(), || format!("{what}: {found:?} …"));
    }

    fn same(&mut self, what: &str, expected: &BTreeSet<String>, actual: &BTreeSet<String>) {
        let missing: Vec<_> = expected.difference(actual).take(5).collect();
        let orphaned: Vec<_> = actual.difference(expected).take(5).collect();
        self.that(missing.is_empty(), || format!("{what} are missing: {missing:?} …"));
        self.that(orphaned.is_empty(), || format!("{what} belong to no clip: {orphaned:?} …"));
    }

    /// That each promised clip is what its client saw last; the counts of these ends.
    fn ends(
        &mut self,
        promised: &BTreeMap<ClipKey, Option<End>>,
        rows: &BTreeMap<ClipKey, Clip>,
        jobs: &Jobs,
    ) -> Counts {
        let mut counts = Counts::default();
        for (clip, end) in promised {
            let row = rows.get(clip);
            let status = row.map(|row| row.status);
            match end {
                None => self.that(false, || format!("{clip} never came to an end")),
                Some(End::Deleted) => {
                    counts.deleted += 1;
                    self.that(row.is_none(), || format!("{clip} was deleted and is still there"));
                }
                Some(End::Ready) => {
                    counts.ready += 1;
                    let uploaded = row.is_some_and(|row| row.upload().is_some());
                    counts.uploaded += usize::from(uploaded);
                    let there = status == Some(Status::Ready);
                    self.that(there, || format!("{clip} was ready, and is {status:?}"));
                }
                Some(End::Failed) => {
                    counts.failed += 1;
                    let there = status == Some(Status::Failed);
                    self.that(there, || format!("{clip} had failed, and is {status:?}"));
                    if let Some(row) = row {
                        let truly = jobs.failed(row);
                        self.that(truly, || {
                            format!("{clip} failed for no reason: {:?}", row.failure)
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
    /// Whether a clip failed because the job of its last attempt did: the weather fails harvests
    /// and transcodes, and nothing else.
    fn failed(&self, row: &Clip) -> bool {
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

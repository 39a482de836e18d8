//! Reads what exists in the stand-in's AWS account: rows, assets, jobs and objects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_mediaconvert::types::JobStatus;
use aws_sdk_mediapackage::types::Status as HarvestStatus;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{Attempt, Clip, ClipKey};
use matchcut::lambda::EventHandler as _;
use matchcut::sweep::Sweep;
use matchcut_local::{Stack, Tally};

use crate::service;

/// The service counts as idle if nothing happens for this long. It is longer than an event is
/// delayed, and longer than a failed delivery waits for its retry.
const QUIET_PERIOD: Duration = Duration::from_secs(5);
/// A message can stay hidden for half of the time that its clip has waited.
const IDLE_TIMEOUT: Duration = Duration::from_mins(10);
/// The number of hourly sweeps after which the rest of the pending clips is left as it is.
const MAX_LATER_SWEEPS: i64 = 199;

/// Clients of AWS that retry often enough to get past the injected faults and the limits.
pub(crate) struct Account {
    sdk: SdkConfig,
    table: String,
    clips_bucket: String,
    uploads_bucket: String,
}

impl Account {
    pub(crate) fn new(stack: &Stack) -> Self {
        let retries = RetryConfig::standard()
            .with_max_attempts(50)
            .with_initial_backoff(Duration::from_millis(200))
            .with_max_backoff(Duration::from_secs(1));
        let variable = |name| stack.variables.get(name).unwrap_or_default().to_owned();
        Self {
            sdk: stack.sdk.to_builder().retry_config(retries).build(),
            table: variable("CLIPS_TABLE"),
            clips_bucket: variable("CLIPS_BUCKET"),
            uploads_bucket: variable("UPLOADS_BUCKET"),
        }
    }

    /// Waits until the functions are idle: no function but the sweep has run for the quiet period,
    /// the queues have no messages, and the sweep has started twice since. Returns `false` on
    /// timeout.
    pub(crate) async fn wait_until_idle(&self, stack: &Stack, folder: &Path) -> bool {
        let started = Instant::now();
        let (mut last, mut quiet_since) = (Activity::read(stack), Instant::now());
        while started.elapsed() < IDLE_TIMEOUT {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let activity = Activity::read(stack);
            if activity.others != last.others || service::count_messages(folder) > 0 {
                (last, quiet_since) = (activity, Instant::now());
            } else if quiet_since.elapsed() > QUIET_PERIOD && activity.sweeps >= last.sweeps + 2 {
                return true;
            }
        }
        false
    }

    /// Runs the sweep as if one hour after the other had passed, until no clip is pending.
    pub(crate) async fn sweep_later_hours(&self, stack: &Stack) {
        let sweep = Sweep::new(&self.sdk, &stack.variables).expect("the stack has every setting");
        for hours in 1..=MAX_LATER_SWEEPS {
            let now = Utc::now() + TimeDelta::hours(hours);
            // If a run fails, the next run does its work.
            let _ = Box::pin(sweep.run(now)).await;
            let rows = self.read_rows().await;
            if !rows.values().any(|row| row.status.is_pending()) {
                return;
            }
        }
    }

    pub(crate) async fn read_rows(&self) -> BTreeMap<ClipKey, Clip> {
        let client = aws_sdk_dynamodb::Client::new(&self.sdk);
        let scan = client.scan().table_name(&self.table).consistent_read(true);
        let items = scan.into_paginator().items().send().try_collect().await;
        let mut rows = BTreeMap::new();
        for item in items.expect("could not read the table") {
            let partition = item.get("competition").and_then(|value| value.as_s().ok());
            if partition.is_none_or(|partition| !partition.contains('#')) {
                let row: Clip = serde_dynamo::from_item(item).expect("could not decode a clip");
                rows.insert(row.key(), row);
            }
        }
        rows
    }

    pub(crate) async fn list_assets(&self) -> BTreeSet<String> {
        let client = aws_sdk_mediapackagevod::Client::new(&self.sdk);
        let assets = client.list_assets().into_paginator().items().send().try_collect().await;
        let assets = assets.expect("could not list the assets").into_iter();
        assets.filter_map(|asset| asset.id).collect()
    }

    pub(crate) async fn list_harvest_jobs(&self) -> BTreeMap<Attempt, HarvestStatus> {
        let client = aws_sdk_mediapackage::Client::new(&self.sdk);
        let jobs = client.list_harvest_jobs().into_paginator().items().send().try_collect().await;
        let jobs = jobs.expect("could not list the harvest jobs").into_iter();
        jobs.map(|job| {
            let attempt = job.id.unwrap_or_default().parse();
            let attempt = attempt.expect("a harvest job has the name of its attempt");
            (attempt, job.status.expect("a harvest job has a status"))
        })
        .collect()
    }

    /// Lists the attempt and the status of every transcode job. An attempt with two jobs is listed
    /// twice.
    pub(crate) async fn list_transcode_jobs(&self) -> Vec<(Attempt, JobStatus)> {
        let client = aws_sdk_mediaconvert::Client::new(&self.sdk);
        let jobs = client.list_jobs().into_paginator().items().send().try_collect().await;
        let jobs = jobs.expect("could not list the transcode jobs").into_iter();
        jobs.map(|job| {
            let metadata = job.user_metadata.unwrap_or_default();
            let part = |name| metadata.get(name).cloned().unwrap_or_default();
            let attempt = format!("{}_{}_{}", part("competition"), part("clip"), part("attempt"));
            let attempt = attempt.parse().expect("the metadata of a job name its attempt");
            (attempt, job.status.expect("a transcode job has a status"))
        })
        .collect()
    }

    /// Lists the folders below a prefix of the clip bucket. Each attempt has a folder of its own.
    ///
    /// The stand-in reads a folder whole for each page, so each competition is listed alone.
    pub(crate) async fn list_folders(&self, prefix: &str) -> BTreeSet<String> {
        let client = aws_sdk_s3::Client::new(&self.sdk);
        let list = client.list_objects_v2().bucket(&self.clips_bucket).prefix(prefix);
        let found = list.delimiter("/").send().await.expect("could not list the competitions");
        assert!(!found.is_truncated.unwrap_or_default(), "there are too many competitions");
        let mut folders = BTreeSet::new();
        for competition in found.common_prefixes().iter().filter_map(|it| it.prefix()) {
            let keys = self.list_keys(&self.clips_bucket, competition).await;
            let folder = |key: String| key.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
            folders.extend(keys.filter_map(folder));
        }
        folders
    }

    pub(crate) async fn list_originals(&self) -> BTreeSet<String> {
        self.list_keys(&self.uploads_bucket, "").await.collect()
    }

    async fn list_keys(&self, bucket: &str, prefix: &str) -> impl Iterator<Item = String> + use<> {
        let client = aws_sdk_s3::Client::new(&self.sdk);
        let list = client.list_objects_v2().bucket(bucket).prefix(prefix);
        let pages = list.into_paginator().send().try_collect().await;
        let pages = pages.expect("could not list the objects").into_iter();
        pages.flat_map(|page| page.contents.unwrap_or_default()).filter_map(|object| object.key)
    }
}

/// The work done so far by the sweep and by the other functions.
struct Activity {
    sweeps: usize,
    others: BTreeMap<String, Tally>,
}

impl Activity {
    fn read(stack: &Stack) -> Self {
        let mut others = stack.functions.tallies();
        let sweeps = others.remove("sweep-library").unwrap_or_default().runs;
        Self { sweeps, others }
    }
}

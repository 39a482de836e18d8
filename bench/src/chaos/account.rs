//! What there is in AWS, and the time until nothing happens there any more.

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

use crate::weather;

/// Reads what the weather hides from a single call.
pub(crate) struct Account {
    sdk: SdkConfig,
    table: String,
    clips: String,
    uploads: String,
}

/// Longer than an event is late, or waits to be delivered again.
const CALM: Duration = Duration::from_secs(5);
/// A message may be hidden for half as long as its clip has waited.
const PATIENCE: Duration = Duration::from_mins(10);

impl Account {
    pub(crate) fn of(stack: &Stack) -> Self {
        let retries = RetryConfig::standard()
            .with_max_attempts(50)
            .with_initial_backoff(Duration::from_millis(5))
            .with_max_backoff(Duration::from_millis(50));
        let name = |name| stack.variables.get(name).unwrap_or_default().to_owned();
        Self {
            sdk: stack.sdk.to_builder().retry_config(retries).build(),
            table: name("CLIPS_TABLE"),
            clips: name("CLIPS_BUCKET"),
            uploads: name("UPLOADS_BUCKET"),
        }
    }

    /// Waits until no function is at work: no message is there, no event arrives any more, and the
    /// sweep has begun anew since. `false` if that never comes.
    pub(crate) async fn rest(&self, stack: &Stack, folder: &Path) -> bool {
        let begun = Instant::now();
        let (mut last, mut calm) = (Work::of(stack), Instant::now());
        while begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let work = Work::of(stack);
            if work.others != last.others || 0 < weather::messages(folder) {
                (last, calm) = (work, Instant::now());
            } else if CALM < calm.elapsed() && last.sweeps + 2 <= work.sweeps {
                return true;
            }
        }
        false
    }

    /// Sweeps as the hours after would, until nothing is to happen any more.
    pub(crate) async fn sweep_on(&self, stack: &Stack) {
        let sweep = Sweep::new(&self.sdk, &stack.variables).expect("the stack has the same");
        for hours in 1..200 {
            let now = Utc::now() + TimeDelta::hours(hours);
            // What fails now is done by the next run.
            let _ = Box::pin(sweep.run(now)).await;
            let rows = self.rows().await;
            if !rows.values().any(|row| row.status.is_pending()) {
                return;
            }
        }
    }

    pub(crate) async fn rows(&self) -> BTreeMap<ClipKey, Clip> {
        let client = aws_sdk_dynamodb::Client::new(&self.sdk);
        let scan = client.scan().table_name(&self.table).consistent_read(true);
        let items = scan.into_paginator().items().send().try_collect().await;
        let mut rows = BTreeMap::new();
        for item in items.expect("the table can be read") {
            let partition = item.get("competition").and_then(|it| it.as_s().ok());
            if partition.is_none_or(|partition| !partition.contains('#')) {
                let row: Clip = serde_dynamo::from_item(item).expect("a row is a clip");
                rows.insert(row.key(), row);
            }
        }
        rows
    }

    pub(crate) async fn assets(&self) -> BTreeSet<String> {
        let client = aws_sdk_mediapackagevod::Client::new(&self.sdk);
        let assets = client.list_assets().into_paginator().items().send().try_collect().await;
        assets.expect("assets can be listed").into_iter().filter_map(|asset| asset.id).collect()
    }

    pub(crate) async fn harvests(&self) -> BTreeMap<Attempt, HarvestStatus> {
        let client = aws_sdk_mediapackage::Client::new(&self.sdk);
        let jobs = client.list_harvest_jobs().into_paginator().items().send().try_collect().await;
        let jobs = jobs.expect("jobs can be listed").into_iter();
        jobs.map(|job| {
            let attempt = job.id.unwrap_or_default().parse();
            let attempt = attempt.expect("a job is named after its attempt");
            (attempt, job.status.expect("a job has a status"))
        })
        .collect()
    }

    /// What each transcode was made for, and how it stands.
    pub(crate) async fn transcodes(&self) -> Vec<(Attempt, JobStatus)> {
        let client = aws_sdk_mediaconvert::Client::new(&self.sdk);
        let jobs = client.list_jobs().into_paginator().items().send().try_collect().await;
        let jobs = jobs.expect("jobs can be listed").into_iter();
        jobs.map(|job| {
            let metadata = job.user_metadata.unwrap_or_default();
            let part = |name| metadata.get(name).cloned().unwrap_or_default();
            let attempt = format!("{}_{}_{}", part("competition"), part("clip"), part("attempt"));
            let attempt = attempt.parse().expect("a job's metadata are its attempt");
            (attempt, job.status.expect("a job has a status"))
        })
        .collect()
    }

    /// The folders of attempts under a prefix of the clip bucket.
    pub(crate) async fn prefixes(&self, prefix: &str) -> BTreeSet<String> {
        let folder = |key: String| key.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
        self.keys(&self.clips, prefix).await.filter_map(folder).collect()
    }

    pub(crate) async fn originals(&self) -> BTreeSet<String> {
        self.keys(&self.uploads, "").await.collect()
    }

    async fn keys(&self, bucket: &str, prefix: &str) -> impl Iterator<Item = String> + use<> {
        let client = aws_sdk_s3::Client::new(&self.sdk);
        let list = client.list_objects_v2().bucket(bucket).prefix(prefix);
        let pages = list.into_paginator().send().try_collect().await;
        let pages = pages.expect("objects can be listed").into_iter();
        pages.flat_map(|page| page.contents.unwrap_or_default()).filter_map(|object| object.key)
    }
}

/// How much was done so far, by the sweep and by the other functions.
struct Work {
    sweeps: usize,
    others: BTreeMap<String, Tally>,
}

impl Work {
    fn of(stack: &Stack) -> Self {
        let mut others = stack.functions.tallies();
        let sweeps = others.remove("sweep-library").unwrap_or_default().runs;
        Self { sweeps, others }
    }
}

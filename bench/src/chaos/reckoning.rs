//! What is there at the end, held against what was promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{Attempt, ClipKey};
use matchcut::library::{Clip, Status, Sweep};
use matchcut_local::Stack;

use crate::crowd::{End, Ledger};
use crate::viewer::{COMPETITIONS, key, list};

pub(crate) struct Reckoning {
    pub(crate) summary: String,
    pub(crate) faults: Vec<String>,
}

/// Reads what the weather still hides from a single call.
struct Account {
    sdk: SdkConfig,
    table: String,
    clips: String,
    uploads: String,
}

impl Reckoning {
    pub(crate) async fn of(stack: &Stack, ledger: &Ledger) -> Self {
        let account = Account::of(stack);
        account.settle(stack).await;
        let rows = account.rows().await;
        let promised = ledger.clips();
        let mut faults = ledger.broken();
        let mut claim = |holds: bool, what: String| {
            if !holds {
                faults.push(what);
            }
        };

        let (mut ready, mut failed, mut deleted) = (0, 0, 0);
        for (clip, end) in &promised {
            let row = rows.get(clip);
            match end {
                None => claim(false, format!("{clip} never came to an end")),
                Some(End::Deleted) => {
                    deleted += 1;
                    claim(row.is_none(), format!("{clip} was deleted and is still there"));
                }
                Some(End::Ready) => {
                    ready += 1;
                    let there = row.is_some_and(|row| row.status == Status::Ready);
                    claim(there, format!("{clip} was ready, and is {:?}", row.map(|it| it.status)));
                }
                Some(End::Failed { code, message }) => {
                    failed += 1;
                    let there = row.is_some_and(|row| row.status == Status::Failed);
                    claim(
                        there,
                        format!("{clip} had failed, and is {:?}", row.map(|it| it.status)),
                    );
                    // The weather fails harvests and transcodes, and nothing else.
                    let true_reason =
                        matches!(code.as_str(), "harvest-failed" | "transcode-failed");
                    claim(true_reason, format!("{clip} failed by {code}: {message}"));
                }
            }
        }
        let unpromised = rows.keys().filter(|clip| !promised.contains_key(*clip));
        claim_none(&mut claim, "rows that nobody was promised", unpromised);

        let listed = listed(stack).await;
        let expected: Vec<_> =
            rows.values().filter(|row| row.status == Status::Ready).map(Clip::key).collect();
        let distinct: BTreeSet<_> = listed.iter().cloned().collect();
        claim(listed.len() == distinct.len(), "a clip is listed twice".to_owned());
        claim(
            distinct == expected.into_iter().collect(),
            "lists are not the ready clips".to_owned(),
        );

        let assets: BTreeSet<_> = rows
            .values()
            .filter(|row| row.status == Status::Ready)
            .map(|row| row.current().to_string())
            .collect();
        claim_same(&mut claim, "assets", &assets, &account.assets().await);
        let media: BTreeSet<_> = rows
            .values()
            .filter(|row| row.status == Status::Ready)
            .map(|row| row.media().media_prefix())
            .collect();
        claim_same(&mut claim, "prefixes of media", &media, &account.prefixes("clips/").await);
        let pictures: BTreeSet<_> = rows
            .values()
            .filter(|row| row.status == Status::Ready && row.upload().is_some())
            .map(|row| row.media().thumbnail_prefix())
            .collect();
        claim_same(
            &mut claim,
            "prefixes of thumbnails",
            &pictures,
            &account.prefixes("thumbnails/").await,
        );
        let originals: BTreeSet<_> =
            rows.values().filter_map(|row| Some(row.upload()?.key.clone())).collect();
        claim_same(&mut claim, "originals", &originals, &account.originals().await);

        let jobs = account.harvests().await;
        let of_nobody = jobs.iter().filter(|job| !promised.contains_key(&job.clip));
        claim_none(&mut claim, "harvests that nobody was promised", of_nobody);
        let transcodes = account.transcodes().await;
        let distinct: BTreeSet<_> = transcodes.iter().collect();
        claim(distinct.len() == transcodes.len(), "a file was transcoded twice".to_owned());

        let attempts: u32 = rows.values().map(|row| row.attempt - 1).sum();
        let summary = format!(
            "clips     {} promised: {ready} ready, {failed} failed, {deleted} deleted; {attempts} \
             further attempts\nmade      {} harvests, {} transcodes, {} assets",
            promised.len(),
            jobs.len(),
            transcodes.len(),
            assets.len()
        );
        Self { summary, faults }
    }
}

fn claim_none<T: Debug>(
    claim: &mut impl FnMut(bool, String),
    what: &str,
    found: impl Iterator<Item = T>,
) {
    let found: Vec<_> = found.take(5).collect();
    claim(found.is_empty(), format!("{what}: {found:?} …"));
}

fn claim_same(
    claim: &mut impl FnMut(bool, String),
    what: &str,
    expected: &BTreeSet<String>,
    actual: &BTreeSet<String>,
) {
    let missing: Vec<_> = expected.difference(actual).take(5).collect();
    let orphaned: Vec<_> = actual.difference(expected).take(5).collect();
    claim(missing.is_empty(), format!("{what} are missing: {missing:?} …"));
    claim(orphaned.is_empty(), format!("{what} belong to no clip: {orphaned:?} …"));
}

async fn listed(stack: &Stack) -> Vec<ClipKey> {
    let http = reqwest::Client::new();
    let mut listed = Vec::new();
    for competition in COMPETITIONS {
        let clips = list(&http, &stack.api, competition).await;
        listed.extend(clips.iter().filter_map(key));
    }
    listed
}

impl Account {
    fn of(stack: &Stack) -> Self {
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

    /// Sweeps as the hours after would, until nothing is to happen any more.
    async fn settle(&self, stack: &Stack) {
        let sweep = Sweep::new(&self.sdk, &stack.variables).expect("the stack has the same");
        for hours in 1..200 {
            let now = Utc::now() + TimeDelta::hours(hours);
            // What fails now is done by the next run.
            let _ = Box::pin(sweep.run(now)).await;
            let rows = self.rows().await;
            if !rows.values().any(|row| row.status.is_unfinished()) {
                return;
            }
        }
    }

    async fn rows(&self) -> BTreeMap<ClipKey, Clip> {
        let client = aws_sdk_dynamodb::Client::new(&self.sdk);
        let scan = client.scan().table_name(&self.table).consistent_read(true);
        let mut items = scan.into_paginator().items().send();
        let mut rows = BTreeMap::new();
        while let Some(item) = items.next().await {
            let item = item.expect("the table can be read");
            let partition = item.get("competition").and_then(|it| it.as_s().ok());
            if partition.is_none_or(|partition| !partition.contains('#')) {
                let row: Clip = serde_dynamo::from_item(item).expect("a row is a clip");
                rows.insert(row.key(), row);
            }
        }
        rows
    }

    async fn assets(&self) -> BTreeSet<String> {
        let client = aws_sdk_mediapackagevod::Client::new(&self.sdk);
        let mut assets = client.list_assets().into_paginator().items().send();
        let mut ids = BTreeSet::new();
        while let Some(asset) = assets.next().await {
            ids.extend(asset.expect("assets can be listed").id);
        }
        ids
    }

    async fn harvests(&self) -> Vec<Attempt> {
        let client = aws_sdk_mediapackage::Client::new(&self.sdk);
        let mut jobs = client.list_harvest_jobs().into_paginator().items().send();
        let mut attempts = Vec::new();
        while let Some(job) = jobs.next().await {
            let id = job.expect("jobs can be listed").id.unwrap_or_default();
            attempts.push(id.parse().expect("a job is named after its attempt"));
        }
        attempts
    }

    /// What each transcode was made for.
    async fn transcodes(&self) -> Vec<String> {
        let client = aws_sdk_mediaconvert::Client::new(&self.sdk);
        let mut jobs = client.list_jobs().into_paginator().items().send();
        let mut made = Vec::new();
        while let Some(job) = jobs.next().await {
            let metadata = job.expect("jobs can be listed").user_metadata.unwrap_or_default();
            let part = |name| metadata.get(name).cloned().unwrap_or_default();
            made.push(format!("{}_{}_{}", part("competition"), part("clip"), part("attempt")));
        }
        made
    }

    /// The folders of attempts under a prefix of the clip bucket.
    async fn prefixes(&self, prefix: &str) -> BTreeSet<String> {
        let folder = |key: String| key.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
        self.keys(&self.clips, prefix).await.into_iter().filter_map(folder).collect()
    }

    async fn originals(&self) -> BTreeSet<String> {
        self.keys(&self.uploads, "").await.into_iter().collect()
    }

    async fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let client = aws_sdk_s3::Client::new(&self.sdk);
        let list = client.list_objects_v2().bucket(bucket).prefix(prefix);
        let mut pages = list.into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let objects = page.expect("objects can be listed").contents.unwrap_or_default();
            keys.extend(objects.into_iter().filter_map(|object| object.key));
        }
        keys
    }
}

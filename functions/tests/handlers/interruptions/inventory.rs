//! An inventory of everything in AWS, by clip.

use std::collections::BTreeMap;

use aws_sdk_mediaconvert::types::Order;
use matchcut::clip::{Attempt, ClipKey};
use matchcut::upload::ObjectKey;
use serde_json::Value;

use super::InterruptionTest;

/// The resources of one clip, without values that differ between clips: times and random names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Resources {
    pub(super) row: Value,
    pub(super) harvests: Vec<String>,
    pub(super) assets: Vec<String>,
    /// The objects of the clip bucket.
    pub(super) media: Vec<String>,
    /// The objects of the upload bucket.
    pub(super) files: usize,
    /// Multipart uploads that are open.
    pub(super) parts: usize,
    pub(super) transcodes: usize,
}

/// The resources of every clip. A resource without a clip makes the test fail.
#[derive(Debug)]
pub(super) struct Inventory(BTreeMap<ClipKey, Resources>);

impl Inventory {
    pub(super) async fn collect(test: &InterruptionTest) -> Self {
        let sdk = &test.api.stack.sdk;
        let mut resources_by_clip = BTreeMap::<ClipKey, Resources>::new();
        for clip in test.clips().await {
            let row = plain(serde_json::to_value(&clip).unwrap(), &clip.key());
            resources_by_clip.entry(clip.key()).or_default().row = row;
        }
        let live = aws_sdk_mediapackage::Client::new(sdk);
        let mut pages = live.list_harvest_jobs().into_paginator().items().send();
        while let Some(job) = pages.next().await {
            let attempt: Attempt = job.unwrap().id().unwrap().parse().unwrap();
            let resources = resources_by_clip.entry(attempt.clip).or_default();
            resources.harvests.push(format!("attempt {}", attempt.number));
        }
        let vod = aws_sdk_mediapackagevod::Client::new(sdk);
        let mut pages = vod.list_assets().into_paginator().items().send();
        while let Some(asset) = pages.next().await {
            let asset = asset.unwrap();
            let attempt: Attempt = asset.id().unwrap().parse().unwrap();
            let source = asset.source_arn().unwrap().replace(attempt.clip.clip.as_str(), "<clip>");
            let resources = resources_by_clip.entry(attempt.clip).or_default();
            resources.assets.push(format!("attempt {} of {source}", attempt.number));
        }
        for key in test.api.objects() {
            let path: Vec<_> = key.splitn(4, '/').collect();
            let [kind, competition, clip, rest] = path[..] else {
                panic!("{key} belongs to no clip")
            };
            let (competition, clip) = (competition.parse().unwrap(), clip.parse().unwrap());
            let resources = resources_by_clip.entry(ClipKey { competition, clip }).or_default();
            resources.media.push(format!("{kind} {rest}"));
        }
        let uploads = test.variables().required("UPLOADS_BUCKET").unwrap();
        let s3 = aws_sdk_s3::Client::new(sdk);
        let owner = map_objects_to_clips(test).await;
        let files = s3.list_objects_v2().bucket(uploads).send().await.unwrap();
        for file in files.contents() {
            resources_by_clip.entry(owner(file.key().unwrap())).or_default().files += 1;
        }
        let parts = s3.list_multipart_uploads().bucket(uploads).send().await.unwrap();
        for upload in parts.uploads() {
            resources_by_clip.entry(owner(upload.key().unwrap())).or_default().parts += 1;
        }
        let convert = aws_sdk_mediaconvert::Client::new(sdk);
        let mut jobs = convert.list_jobs().order(Order::Ascending).into_paginator().items().send();
        while let Some(job) = jobs.next().await {
            let metadata = job.unwrap().user_metadata.unwrap();
            let (competition, clip) = (metadata["competition"].parse(), metadata["clip"].parse());
            let key = ClipKey { competition: competition.unwrap(), clip: clip.unwrap() };
            resources_by_clip.entry(key).or_default().transcodes += 1;
        }
        Self(resources_by_clip)
    }

    /// The resources of one clip.
    pub(super) fn resources(mut self, clip: &ClipKey) -> Resources {
        self.0.remove(clip).unwrap_or_default()
    }

    pub(super) fn clips(&self) -> impl Iterator<Item = &ClipKey> {
        self.0.keys()
    }

    /// Asserts that there are `count` clips with equal resources, and returns these resources.
    #[track_caller]
    pub(super) fn assert_all_equal(&self, count: usize) -> Resources {
        let mut kinds: Vec<(&Resources, Vec<&str>)> = Vec::new();
        for (key, resources) in &self.0 {
            match kinds.iter_mut().find(|(kind, _)| *kind == resources) {
                Some((_, clips)) => clips.push(key.clip.as_str()),
                None => kinds.push((resources, vec![key.clip.as_str()])),
            }
        }
        let [(resources, clips)] = &kinds[..] else {
            panic!("clips came to {} ends: {kinds:#?}", kinds.len())
        };
        assert_eq!(clips.len(), count, "clips were lost, or made twice: {clips:?}");
        (*resources).clone()
    }

    /// Asserts that only finished jobs remain, which AWS deletes itself.
    #[track_caller]
    pub(super) fn assert_no_resources(mut self) {
        for resources in self.0.values_mut() {
            *resources =
                Resources { harvests: Vec::new(), transcodes: 0, ..std::mem::take(resources) };
        }
        self.0.retain(|_, resources| *resources != Resources::default());
        assert!(self.0.is_empty(), "this is left: {:#?}", self.0);
    }
}

/// Finds the clip of a file in the upload bucket: by its key, or by the row that was created for it.
async fn map_objects_to_clips(test: &InterruptionTest) -> impl Fn(&str) -> ClipKey {
    let clips = test.clips().await;
    move |key| match ObjectKey::parse(key).unwrap() {
        ObjectKey::Announced(clip) | ObjectKey::Captions(clip) => clip,
        ObjectKey::Dropped { .. } => {
            let made = |upload: &matchcut::clip::Upload| upload.key == key;
            let mut found = clips.iter().filter(|clip| clip.upload().is_some_and(made));
            let clip = found.next().unwrap_or_else(|| panic!("{key} belongs to no clip"));
            assert!(found.next().is_none(), "{key} became two clips");
            clip.key()
        }
    }
}

/// A row without times, random names, version and the progress of its job.
fn plain(row: Value, key: &ClipKey) -> Value {
    const VARYING: [&str; 7] = ["At", "Until", "start", "end", "at", "version", "progress"];
    match row {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| !VARYING.iter().any(|varying| name.ends_with(varying)))
            .map(|(name, value)| match name.as_str() {
                "job" | "multipart" => (name, Value::from("one")),
                _ => (name, plain(value, key)),
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| plain(item, key)).collect(),
        // The manifest paths of an asset are random.
        Value::String(text) if text.starts_with("/out/") => "path".into(),
        Value::String(text) => text.replace(key.clip.as_str(), "<clip>").into(),
        other => other,
    }
}

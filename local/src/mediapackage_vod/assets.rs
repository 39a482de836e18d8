//! Assets: their records, their ingest in the background, and their events.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock, RwLockReadGuard};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

use super::ingest::{delete_folder, ingest};
use super::ingest_failure::IngestFailure;
use super::packaging_group::{PackagingConfiguration, PackagingGroup};
use crate::account::{ACCOUNT, REGION};
use crate::aws_protocol::{AwsError, check_id};
use crate::eventbridge::Bus;
use crate::faults::Faults;
use crate::records::Records;

/// The cores of a small machine, which the live encoder needs too.
const MAX_CONCURRENT_INGESTS: usize = 2;

/// The record of an asset.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asset {
    #[serde(flatten)]
    pub(super) request: CreateAsset,
    pub(super) created_at: DateTime<Utc>,
    /// The 32 hexadecimal digits in all URLs of the asset. If an asset is deleted and created again
    /// with the same id, its digits are different.
    url_id: String,
    pub(super) egress: BTreeMap<String, Egress>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateAsset {
    pub(super) id: String,
    pub(super) packaging_group_id: String,
    pub(super) source_arn: String,
    source_role_arn: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_id: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

/// The egress endpoint of one packaging configuration.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Egress {
    pub(super) path: String,
    pub(super) status: EgressStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum EgressStatus {
    Queued,
    Processing,
    Playable,
    Failed,
}

/// The assets and packaging groups of the account.
#[derive(Debug)]
pub(crate) struct Assets {
    pub(super) records: Records<Asset>,
    /// The id of each asset, by the digits in its URLs.
    by_url: RwLock<BTreeMap<String, String>>,
    pub(super) groups: Vec<PackagingGroup>,
    /// The maximum number of assets in a packaging group.
    max_assets_per_group: usize,
    media: PathBuf,
    /// The host and port of the packaging groups. Viewers reach them only through the CDN.
    pub(super) domain_name: String,
    s3: aws_sdk_s3::Client,
    faults: Faults,
    bus: Arc<Bus>,
    slots: Semaphore,
}

impl Assets {
    pub(crate) fn open(
        folder: &Path,
        groups: Vec<PackagingGroup>,
        max_assets_per_group: usize,
        domain_name: String,
        s3: aws_sdk_s3::Client,
        faults: &Faults,
        bus: Arc<Bus>,
    ) -> std::io::Result<Arc<Self>> {
        let records = Records::<Asset>::open(folder.join("assets"))?;
        let by_url = records.all().into_values().map(|asset| (asset.url_id, asset.request.id));
        Ok(Arc::new(Self {
            by_url: RwLock::new(by_url.collect()),
            records,
            groups,
            max_assets_per_group,
            media: folder.join("media"),
            domain_name,
            s3,
            faults: faults.clone(),
            bus,
            slots: Semaphore::new(MAX_CONCURRENT_INGESTS),
        }))
    }

    /// Restarts the ingests that were not finished when an earlier process ended.
    pub(crate) fn resume(self: &Arc<Self>) {
        for asset in self.records.all().into_values() {
            let is_finished = |egress: &Egress| {
                matches!(egress.status, EgressStatus::Playable | EgressStatus::Failed)
            };
            if !asset.egress.values().all(is_finished) {
                self.spawn_ingest(asset);
            }
        }
    }

    pub(super) fn group(&self, id: &str) -> Option<&PackagingGroup> {
        self.groups.iter().find(|group| group.id == id)
    }

    fn configurations(&self, asset: &Asset) -> &[PackagingConfiguration] {
        let group = self.group(&asset.request.packaging_group_id);
        group.map_or(&[], |group| &group.packaging_configurations)
    }

    pub(super) fn create(self: &Arc<Self>, request: CreateAsset) -> Result<Asset, AwsError> {
        check_id(&request.id)?;
        let group = self.group(&request.packaging_group_id).ok_or_else(|| {
            let id = &request.packaging_group_id;
            AwsError::unprocessable(format!("packaging group {id} not found"))
        })?;
        // MediaPackage VOD also reads SMIL, which the product does not use.
        // <https://docs.aws.amazon.com/mediapackage/latest/ug/supported-inputs-vod.html>
        if !(request.source_arn.starts_with("arn:aws:s3:::")
            && request.source_arn.ends_with(".m3u8"))
        {
            let arn = &request.source_arn;
            return Err(AwsError::unprocessable(format!(
                "{arn} is not the ARN of an HLS manifest"
            )));
        }
        let hex = || format!("{:032x}", fastrand::u128(..));
        let url_id = hex();
        let egress = |configuration: &PackagingConfiguration| {
            let path = format!("/out/v1/{url_id}/{}/{}/{}", hex(), hex(), configuration.manifest());
            (configuration.id.clone(), Egress { path, status: EgressStatus::Queued })
        };
        let egress = group.packaging_configurations.iter().map(egress).collect();
        let id = request.id.clone();
        let asset = Asset { request, created_at: Utc::now(), url_id: url_id.clone(), egress };
        self.records.add(&id, asset.clone(), |assets| {
            if assets.contains_key(&id) {
                return Err(AwsError::unprocessable(format!("asset {id} already exists")));
            }
            let group = &asset.request.packaging_group_id;
            let in_group = |other: &&Asset| other.request.packaging_group_id == *group;
            // The documented error for exceeded "resource limits". It is also the error for too many
            // calls.
            // <https://docs.aws.amazon.com/mediapackage-vod/latest/apireference/assets.html>
            if assets.values().filter(in_group).count() >= self.max_assets_per_group {
                let message =
                    format!("packaging group {group} has {} assets", self.max_assets_per_group);
                return Err(AwsError::too_many_requests(message));
            }
            Ok(())
        })?;
        self.by_url
            .write()
            .expect("no thread panics while it holds the lock")
            .insert(url_id, id.clone());
        self.spawn_ingest(asset.clone());
        Ok(asset)
    }

    /// Deletes an asset, its URLs and its packaged media. The source objects stay.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/asset-delete.html>
    pub(super) fn delete(&self, id: &str) -> Result<(), AwsError> {
        let missing = || AwsError::not_found(format!("asset {id} not found"));
        let asset = self.records.remove(id)?.ok_or_else(missing)?;
        self.by_url
            .write()
            .expect("no thread panics while it holds the lock")
            .remove(&asset.url_id);
        Ok(delete_folder(&self.media_folder(&asset))?)
    }

    /// The file at `/out/v1/<path>`, if its format is playable.
    ///
    /// `prefix` is the path prefix of a packaging group. If it is given, only assets of that group are
    /// found.
    pub(crate) fn egress_file(&self, prefix: Option<&str>, path: &str) -> Option<PathBuf> {
        let (url_id, _) = path.split_once('/')?;
        let id = self.urls().get(url_id).cloned()?;
        let asset = self.records.get(&id)?;
        let has_asset = |group: &PackagingGroup| group.id == asset.request.packaging_group_id;
        let position = self.groups.iter().position(has_asset)?;
        if prefix.is_some_and(|prefix| prefix != PackagingGroup::path_prefix(position)) {
            return None;
        }
        let full = format!("/out/v1/{path}");
        asset.egress.iter().find_map(|(configuration, egress)| {
            let (folder, _) = egress.path.rsplit_once('/')?;
            let name = full.strip_prefix(folder)?.strip_prefix('/')?;
            let is_playable = egress.status == EgressStatus::Playable;
            let is_plain = !name.contains('/') && !name.starts_with('.');
            (is_playable && is_plain)
                .then(|| self.media_folder(&asset).join(configuration).join(name))
        })
    }

    pub(super) fn egress_url(&self, egress: &Egress) -> String {
        format!("http://{}{}", self.domain_name, egress.path)
    }

    /// The folder of an asset's packaged media.
    fn media_folder(&self, asset: &Asset) -> PathBuf {
        self.media.join(&asset.url_id)
    }

    /// Whether an asset still exists. Another asset with the same id does not count.
    fn exists(&self, asset: &Asset) -> bool {
        self.records.get(&asset.request.id).is_some_and(|current| current.url_id == asset.url_id)
    }

    fn urls(&self) -> RwLockReadGuard<'_, BTreeMap<String, String>> {
        self.by_url.read().expect("no thread panics while it holds the lock")
    }

    /// Ingests an asset in the background and publishes its events.
    fn spawn_ingest(self: &Arc<Self>, asset: Asset) {
        let assets = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(slot) = assets.slots.acquire().await else { return };
            if !assets.exists(&asset) {
                return;
            }
            let id = asset.request.id.as_str();
            assets.set_status(&asset, None, EgressStatus::Processing);
            assets.publish(id, "IngestStart", &format!("Ingest of asset '{id}' started"));
            let started_at = tokio::time::Instant::now();
            let (source, configurations) =
                (&asset.request.source_arn, assets.configurations(&asset));
            let media = assets.media_folder(&asset);
            let ingested = ingest(&assets.s3, source, configurations, &media).await;
            // An injected delay uses no core, so other ingests need not wait for it.
            drop(slot);
            tokio::time::sleep_until(started_at + assets.faults.min_job_duration()).await;
            if !assets.exists(&asset) {
                if let Err(error) = delete_folder(&assets.media_folder(&asset)) {
                    tracing::error!("could not delete the media of asset {id}: {error}");
                }
                return;
            }
            match ingested {
                Ok(()) => {
                    assets.publish(
                        id,
                        "IngestComplete",
                        &format!("Ingest of asset '{id}' completed"),
                    );
                    for configuration in assets.configurations(&asset) {
                        assets.set_status(&asset, Some(&configuration.id), EgressStatus::Playable);
                        assets.publish_playable(&asset, &configuration.id);
                    }
                }
                Err(failure) => assets.fail(&asset, &failure),
            }
        });
    }

    fn fail(&self, asset: &Asset, failure: &IngestFailure) {
        self.set_status(asset, None, EgressStatus::Failed);
        self.publish(&asset.request.id, "IngestError", &matchcut::error::chain(failure));
    }

    fn set_status(&self, asset: &Asset, configuration: Option<&str>, status: EgressStatus) {
        let id = &asset.request.id;
        let changed = self.records.change(id, |current| {
            for (this, egress) in &mut current.egress {
                let is_selected = configuration.is_none_or(|selected| selected == this);
                if is_selected && current.url_id == asset.url_id {
                    egress.status = status;
                }
            }
        });
        if let Err(error) = changed {
            tracing::error!("could not store asset {id}: {error}");
        }
    }

    fn publish(&self, id: &str, event: &str, message: &str) {
        let detail = json!({ "event": event, "message": message });
        self.bus.publish(
            "aws.mediapackage",
            "MediaPackage Input Notification",
            &[asset_arn(id)],
            &detail,
        );
    }

    /// Publishes the event as captured from AWS. Its second ARN is spelled
    /// `packaging-configurations`.
    fn publish_playable(&self, asset: &Asset, configuration: &str) {
        let id = &asset.request.id;
        let detail = json!({
            "event": "VodAssetPlayable",
            "message": format!(
                "Asset '{id}' is now playable for PackagingConfiguration '{configuration}'"
            ),
            "packaging_configuration_id": configuration,
            "manifest_urls": asset.egress.get(configuration).map(|egress| [self.egress_url(egress)]),
        });
        let configuration = format!(
            "arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:packaging-configurations/{configuration}"
        );
        let resources = [asset_arn(id), configuration];
        self.bus.publish(
            "aws.mediapackage",
            "MediaPackage Input Notification",
            &resources,
            &detail,
        );
    }
}

pub(super) fn asset_arn(id: &str) -> String {
    format!("arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:assets/{id}")
}

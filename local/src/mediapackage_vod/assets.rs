//! The assets of the account, and their way to being playable.

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

/// The cores of a small machine, which the encoder needs too.
const MOST_INGESTS_AT_ONCE: usize = 2;

/// An asset as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asset {
    #[serde(flatten)]
    pub(super) asked: CreateAsset,
    pub(super) created_at: DateTime<Utc>,
    /// The 32 hexadecimal digits all of its URLs carry; another asset of the id has others.
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

/// One packaging configuration's output.
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
    /// Which asset a URL is about.
    by_url: RwLock<BTreeMap<String, String>>,
    pub(super) groups: Vec<PackagingGroup>,
    /// How many assets a group holds.
    most: usize,
    media: PathBuf,
    /// The packaging groups' own host and port; viewers reach it through the CDN only.
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
        most: usize,
        domain_name: String,
        s3: aws_sdk_s3::Client,
        faults: &Faults,
        bus: Arc<Bus>,
    ) -> std::io::Result<Arc<Self>> {
        let records = Records::<Asset>::open(folder.join("assets"))?;
        let by_url = records.all().into_values().map(|asset| (asset.url_id, asset.asked.id));
        Ok(Arc::new(Self {
            by_url: RwLock::new(by_url.collect()),
            records,
            groups,
            most,
            media: folder.join("media"),
            domain_name,
            s3,
            faults: faults.clone(),
            bus,
            slots: Semaphore::new(MOST_INGESTS_AT_ONCE),
        }))
    }

    /// Goes on with the ingests that an earlier process left.
    pub(crate) fn resume(self: &Arc<Self>) {
        for asset in self.records.all().into_values() {
            let done = |egress: &Egress| {
                matches!(egress.status, EgressStatus::Playable | EgressStatus::Failed)
            };
            if !asset.egress.values().all(done) {
                self.work_on(asset);
            }
        }
    }

    pub(super) fn group(&self, id: &str) -> Option<&PackagingGroup> {
        self.groups.iter().find(|group| group.id == id)
    }

    fn configurations(&self, asset: &Asset) -> &[PackagingConfiguration] {
        let group = self.group(&asset.asked.packaging_group_id);
        group.map_or(&[], |group| &group.packaging_configurations)
    }

    pub(super) fn create(self: &Arc<Self>, asked: CreateAsset) -> Result<Asset, AwsError> {
        check_id(&asked.id)?;
        let group = self.group(&asked.packaging_group_id).ok_or_else(|| {
            let id = &asked.packaging_group_id;
            AwsError::unprocessable(format!("there is no packaging group {id}"))
        })?;
        // SMIL is the other format MediaPackage VOD reads; the product has none.
        // <https://docs.aws.amazon.com/mediapackage/latest/ug/supported-inputs-vod.html>
        if !(asked.source_arn.starts_with("arn:aws:s3:::") && asked.source_arn.ends_with(".m3u8")) {
            let arn = &asked.source_arn;
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
        let id = asked.id.clone();
        let asset = Asset { asked, created_at: Utc::now(), url_id: url_id.clone(), egress };
        self.records.add(&id, asset.clone(), |assets| {
            if assets.contains_key(&id) {
                return Err(AwsError::unprocessable(format!("asset {id} already exists")));
            }
            let group = &asset.asked.packaging_group_id;
            let of_group = |other: &&Asset| other.asked.packaging_group_id == *group;
            // The documented error of which "resource limits" are a part; it is that of too many
            // calls, too.
            // <https://docs.aws.amazon.com/mediapackage-vod/latest/apireference/assets.html>
            if self.most <= assets.values().filter(of_group).count() {
                let message = format!("packaging group {group} has {} assets", self.most);
                return Err(AwsError::too_many_requests(message));
            }
            Ok(())
        })?;
        self.by_url
            .write()
            .expect("no thread panics while it holds the lock")
            .insert(url_id, id.clone());
        self.work_on(asset.clone());
        Ok(asset)
    }

    /// Removes an asset and its URLs; the source objects stay.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/asset-delete.html>
    pub(super) fn delete(&self, id: &str) -> Result<(), AwsError> {
        let missing = || AwsError::not_found(format!("there is no asset {id}"));
        let asset = self.records.remove(id)?.ok_or_else(missing)?;
        self.by_url
            .write()
            .expect("no thread panics while it holds the lock")
            .remove(&asset.url_id);
        Ok(delete_folder(&self.media_folder(&asset))?)
    }

    /// The file behind `/out/v1/<path>`, once its format is playable; at the host of one group
    /// only, if `prefix` tells which.
    pub(crate) fn egress_file(&self, prefix: Option<&str>, path: &str) -> Option<PathBuf> {
        let (url_id, _) = path.split_once('/')?;
        let id = self.urls().get(url_id).cloned()?;
        let asset = self.records.get(&id)?;
        let of_asset = |group: &PackagingGroup| group.id == asset.asked.packaging_group_id;
        let place = self.groups.iter().position(of_asset)?;
        if prefix.is_some_and(|prefix| prefix != PackagingGroup::path(place)) {
            return None;
        }
        let full = format!("/out/v1/{path}");
        asset.egress.iter().find_map(|(configuration, egress)| {
            let (folder, _) = egress.path.rsplit_once('/')?;
            let name = full.strip_prefix(folder)?.strip_prefix('/')?;
            let playable = egress.status == EgressStatus::Playable;
            let plain = !name.contains('/') && !name.starts_with('.');
            (playable && plain).then(|| self.media_folder(&asset).join(configuration).join(name))
        })
    }

    pub(super) fn egress_url(&self, egress: &Egress) -> String {
        format!("http://{}{}", self.domain_name, egress.path)
    }

    /// The folder of an asset's packaged media.
    fn media_folder(&self, asset: &Asset) -> PathBuf {
        self.media.join(&asset.url_id)
    }

    /// Whether an asset was not deleted, even if there is another of its id by now.
    fn keeps(&self, asset: &Asset) -> bool {
        self.records.get(&asset.asked.id).is_some_and(|kept| kept.url_id == asset.url_id)
    }

    fn urls(&self) -> RwLockReadGuard<'_, BTreeMap<String, String>> {
        self.by_url.read().expect("no thread panics while it holds the lock")
    }

    /// Ingests an asset in the background, and tells how it goes.
    fn work_on(self: &Arc<Self>, asset: Asset) {
        let assets = Arc::clone(self);
        tokio::spawn(async move {
            let Ok(slot) = assets.slots.acquire().await else { return };
            if !assets.keeps(&asset) {
                return;
            }
            let id = asset.asked.id.as_str();
            assets.set_status(&asset, None, EgressStatus::Processing);
            assets.tell(id, "IngestStart", &format!("Ingest of asset '{id}' started"));
            let begun = tokio::time::Instant::now();
            let (source, configurations) = (&asset.asked.source_arn, assets.configurations(&asset));
            let media = assets.media_folder(&asset);
            let ingested = ingest(&assets.s3, source, configurations, &media).await;
            // Slowness is not work: it keeps no core, and no other ingest.
            drop(slot);
            tokio::time::sleep_until(begun + assets.faults.min_job_duration()).await;
            if !assets.keeps(&asset) {
                if let Err(error) = delete_folder(&assets.media_folder(&asset)) {
                    tracing::error!("the media of asset {id} could not be removed: {error}");
                }
                return;
            }
            match ingested {
                Ok(()) => {
                    assets.tell(id, "IngestComplete", &format!("Ingest of asset '{id}' completed"));
                    for configuration in assets.configurations(&asset) {
                        assets.set_status(&asset, Some(&configuration.id), EgressStatus::Playable);
                        assets.tell_playable(&asset, &configuration.id);
                    }
                }
                Err(failure) => assets.fail(&asset, &failure),
            }
        });
    }

    fn fail(&self, asset: &Asset, failure: &IngestFailure) {
        self.set_status(asset, None, EgressStatus::Failed);
        self.tell(&asset.asked.id, "IngestError", &matchcut::error::chain(failure));
    }

    fn set_status(&self, asset: &Asset, configuration: Option<&str>, status: EgressStatus) {
        let id = &asset.asked.id;
        let changed = self.records.change(id, |kept| {
            for (this, egress) in &mut kept.egress {
                let wanted = configuration.is_none_or(|wanted| wanted == this);
                if wanted && kept.url_id == asset.url_id {
                    egress.status = status;
                }
            }
        });
        if let Err(error) = changed {
            tracing::error!("asset {id} could not be kept: {error}");
        }
    }

    fn tell(&self, id: &str, event: &str, message: &str) {
        let detail = json!({ "event": event, "message": message });
        self.bus.publish(
            "aws.mediapackage",
            "MediaPackage Input Notification",
            &[asset_arn(id)],
            &detail,
        );
    }

    /// The event as captured: the second ARN is spelled `packaging-configurations`.
    fn tell_playable(&self, asset: &Asset, configuration: &str) {
        let id = &asset.asked.id;
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

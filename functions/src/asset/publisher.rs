//! MediaPackage VOD, asked to make a clip's asset and to tell how far its ingest is.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_mediapackagevod::Error as VodError;
use aws_sdk_mediapackagevod::config::Config;
use aws_sdk_mediapackagevod::types::EgressEndpoint;
use url::Url;

use super::PackagingGroups;
use super::groups::MOST_ASSETS;
use crate::clip::Attempt;
use crate::config::{self, ConfigError, Variables};
use crate::error;
use crate::library::{Clip, ConfigurationId, Failure, FailureCode, Trigger};

/// Makes the assets of clips.
#[derive(Clone, Debug)]
pub struct Publisher {
    client: aws_sdk_mediapackagevod::Client,
    groups: PackagingGroups,
    read_role_arn: String,
    bucket: String,
}

/// How far the ingest of a clip's asset is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ingest {
    /// By packaging configuration.
    Of(BTreeMap<ConfigurationId, Ingested>),
    /// MediaPackage has no such asset.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingested {
    Waiting,
    Playable,
    Failed,
}

#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    #[error("MediaPackage did not {what} asset {asset}")]
    Call {
        what: &'static str,
        asset: Attempt,
        #[source]
        source: Box<VodError>,
    },
    #[error("MediaPackage has no room for asset {asset} in any packaging group just now")]
    NoRoom { asset: Attempt },
    #[error("MediaPackage gave asset {asset} an egress endpoint without id or URL")]
    Endpoint { asset: Attempt },
    #[error("MediaPackage did not describe packaging group {group}")]
    Group {
        group: String,
        #[source]
        source: Box<VodError>,
    },
}

/// An asset as MediaPackage describes it.
struct Described {
    group: Option<String>,
    endpoints: Vec<EgressEndpoint>,
}

impl Publisher {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            client: aws_sdk_mediapackagevod::Client::new(sdk),
            groups: variables.parsed("PACKAGING_GROUPS")?,
            read_role_arn: variables.required("ASSET_ROLE_ARN")?.to_owned(),
            bucket: variables.required("CLIPS_BUCKET")?.to_owned(),
        })
    }

    /// Asks for the asset of a clip whose media is there, in the first packaging group that takes
    /// it; asking again changes nothing.
    ///
    /// Attempt and asset share a name. What CreateAsset answers to a name that is taken is not
    /// documented, so on a refusal the asset is looked for before the refusal is believed. A retry
    /// first removes the asset of the attempt that failed.
    pub async fn ensure_asset(&self, clip: &Clip) -> Result<Trigger, AssetError> {
        let asset = clip.current();
        for failed in asset.up_to_this().filter(|earlier| earlier.number < asset.number) {
            self.remove(&failed).await?;
        }
        let source =
            format!("arn:aws:s3:::{}/{}index.m3u8", self.bucket, clip.media().media_prefix());
        let mut groups = self.groups.iter().peekable();
        while let Some(group) = groups.next() {
            let create = self
                .client
                .create_asset()
                .id(asset.to_string())
                .packaging_group_id(&group.id)
                .source_arn(&source)
                .source_role_arn(&self.read_role_arn)
                // What a key server knows the content by, where the packaging group encrypts.
                .resource_id(clip.key().to_string())
                .customize();
            // Where there is another group, that is the second try: to ask a full one three times
            // makes each clip late, and uses up the tries that all calls of the SDK share.
            let once = Config::builder().retry_config(config::no_retries());
            let is_last = groups.peek().is_none();
            let create = if is_last { create } else { create.config_override(once) };
            match create.send().await.map_err(VodError::from) {
                Ok(made) => {
                    let endpoints = made.egress_endpoints.unwrap_or_default();
                    return told_of(&asset, &group.path, endpoints);
                }
                // Too many calls, or assets: that is one code. Another group may have room.
                Err(VodError::TooManyRequestsException(_)) => {}
                Err(VodError::UnprocessableEntityException(refusal)) => {
                    let reason = refusal.message().unwrap_or("no reason was given");
                    return self.refused(&asset, reason).await;
                }
                // If it was made all the same, the next group finds its name taken.
                Err(source) if !is_last => {
                    let chain = error::chain(&source);
                    tracing::warn!("group {} took no asset {asset}: {chain}", group.id);
                }
                Err(source) => return Err(calling("create", &asset, source)),
            }
        }
        // It may be there already, made by a call whose answer got lost.
        match self.describe(&asset).await? {
            Some(described) => self.described(&asset, described),
            None => Err(AssetError::NoRoom { asset }),
        }
    }

    async fn refused(&self, asset: &Attempt, reason: &str) -> Result<Trigger, AssetError> {
        match self.describe(asset).await? {
            Some(described) => self.described(asset, described),
            None => Ok(Trigger::Failed(Failure {
                code: FailureCode::AssetRefused,
                message: format!("MediaPackage would not package the clip: {reason}"),
            })),
        }
    }

    fn described(&self, asset: &Attempt, found: Described) -> Result<Trigger, AssetError> {
        let path = self.groups.path_of(found.group.as_deref().unwrap_or_default());
        told_of(asset, path, found.endpoints)
    }

    /// Removes an asset; one that is gone already is no error.
    pub async fn remove(&self, asset: &Attempt) -> Result<(), AssetError> {
        let removed = self.client.delete_asset().id(asset.to_string()).send().await;
        match removed.map_err(VodError::from) {
            Ok(_) | Err(VodError::NotFoundException(_)) => Ok(()),
            Err(source) => Err(calling("delete", asset, source)),
        }
    }

    /// Asks how far the ingest of an asset is.
    pub async fn look(&self, asset: &Attempt) -> Result<Ingest, AssetError> {
        let Some(found) = self.describe(asset).await? else { return Ok(Ingest::Unknown) };
        let state = |endpoint: EgressEndpoint| {
            let ingested = match endpoint.status.as_deref() {
                Some("PLAYABLE") => Ingested::Playable,
                Some("FAILED") => Ingested::Failed,
                _ => Ingested::Waiting,
            };
            Some((endpoint.packaging_configuration_id?, ingested))
        };
        Ok(Ingest::Of(found.endpoints.into_iter().filter_map(state).collect()))
    }

    async fn describe(&self, asset: &Attempt) -> Result<Option<Described>, AssetError> {
        let described = self.client.describe_asset().id(asset.to_string()).send().await;
        match described.map_err(VodError::from) {
            Ok(found) => Ok(Some(Described {
                group: found.packaging_group_id,
                endpoints: found.egress_endpoints.unwrap_or_default(),
            })),
            Err(VodError::NotFoundException(_)) => Ok(None),
            Err(source) => Err(calling("describe", asset, source)),
        }
    }

    /// How many more assets all groups hold together.
    pub async fn free_places(&self) -> Result<u64, AssetError> {
        let mut free = 0;
        for group in self.groups.iter() {
            let described = self.client.describe_packaging_group().id(&group.id).send().await;
            let described = described.map_err(|error| AssetError::Group {
                group: group.id.clone(),
                source: Box::new(error.into()),
            })?;
            let count = described.approximate_asset_count.unwrap_or(0);
            free += MOST_ASSETS.saturating_sub(u64::try_from(count).unwrap_or(0));
        }
        Ok(free)
    }

    /// Opens the connection to MediaPackage VOD before the first event needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.describe_asset().id("-").send().await;
    }
}

fn calling(what: &'static str, asset: &Attempt, source: VodError) -> AssetError {
    AssetError::Call { what, asset: asset.clone(), source: Box::new(source) }
}

/// What an asset with these egress endpoints tells the library.
fn told_of(
    asset: &Attempt,
    group_path: &str,
    endpoints: Vec<EgressEndpoint>,
) -> Result<Trigger, AssetError> {
    let manifest = |endpoint| {
        let (id, path) = path_of(&endpoint)?;
        Some((id, format!("{group_path}{path}")))
    };
    let manifests: Option<_> = endpoints.into_iter().map(manifest).collect();
    let missing = || AssetError::Endpoint { asset: asset.clone() };
    Ok(Trigger::AssetCreated { manifests: manifests.ok_or_else(missing)? })
}

/// The packaging configuration of an egress endpoint, and the path of its manifest.
fn path_of(endpoint: &EgressEndpoint) -> Option<(ConfigurationId, String)> {
    let id = endpoint.packaging_configuration_id.clone()?;
    let url = Url::parse(endpoint.url.as_deref()?).ok()?;
    Some((id, url.path().to_owned()))
}

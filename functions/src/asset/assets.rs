//! Creates, describes and deletes the VOD assets of clips in MediaPackage.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_mediapackagevod::Error as VodError;
use aws_sdk_mediapackagevod::config::Config;
use aws_sdk_mediapackagevod::types::EgressEndpoint;
use url::Url;

use super::PackagingGroups;
use super::packaging_groups::{ConfigurationPrefix, MAX_ASSETS};
use crate::clip::{Attempt, Clip, ConfigurationId, Failure, FailureCode, Trigger};
use crate::config::{self, ConfigError, Variables};
use crate::error;
use crate::pace::Pace;

/// The VOD assets of clips.
#[derive(Clone, Debug)]
pub struct Assets {
    client: aws_sdk_mediapackagevod::Client,
    groups: PackagingGroups,
    prefix: ConfigurationPrefix,
    read_role_arn: String,
    bucket: String,
    pace: Pace,
}

/// The state of one packaging configuration of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackagingState {
    /// MediaPackage is still ingesting the media.
    Pending,
    Playable,
    Failed,
}

#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    #[error("{operation} failed for asset {asset}")]
    Call {
        operation: &'static str,
        asset: Attempt,
        #[source]
        source: Box<VodError>,
    },
    #[error("could not create asset {asset}: all packaging groups are full or throttled")]
    NoRoom { asset: Attempt },
    #[error("MediaPackage returned an egress endpoint without id or URL for asset {asset}")]
    Endpoint { asset: Attempt },
    #[error("DescribePackagingGroup failed for packaging group {group}")]
    Group {
        group: String,
        #[source]
        source: Box<VodError>,
    },
}

/// An asset, as MediaPackage describes it.
struct Description {
    group: Option<String>,
    endpoints: Vec<EgressEndpoint>,
}

impl Assets {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            client: aws_sdk_mediapackagevod::Client::new(sdk),
            groups: variables.parsed("PACKAGING_GROUPS")?,
            prefix: ConfigurationPrefix::from_variables(variables)?,
            read_role_arn: variables.required("ASSET_ROLE_ARN")?.to_owned(),
            bucket: variables.required("CLIPS_BUCKET")?.to_owned(),
            pace: Pace::default(),
        })
    }

    /// The same assets, whose calls are spaced out.
    #[must_use]
    pub fn with_pace(self, pace: &Pace) -> Self {
        Self { pace: pace.clone(), ..self }
    }

    /// Creates the asset of a clip, if it does not exist yet, and returns the trigger for the clip.
    ///
    /// The media of the clip must be complete. The asset goes into the first packaging group that
    /// accepts it. Its id is the name of the attempt. MediaPackage does not document what CreateAsset
    /// answers if the id is taken. After a refusal, this function therefore describes the asset
    /// first: if it exists, an earlier call created it and its response was lost. A retry first
    /// deletes the assets of the failed attempts.
    pub async fn ensure_asset(&self, clip: &Clip) -> Result<Trigger, AssetError> {
        let asset = clip.current_attempt();
        for failed in clip.failed_attempts() {
            self.delete(&failed).await?;
        }
        let source =
            format!("arn:aws:s3:::{}/{}", self.bucket, clip.attempt_of_media().manifest_key());
        let mut groups = self.groups.iter().peekable();
        while let Some(group) = groups.next() {
            let create = self
                .client
                .create_asset()
                .id(asset.to_string())
                .packaging_group_id(&group.id)
                .source_arn(&source)
                .source_role_arn(&self.read_role_arn)
                // The content id for the key server, if the packaging group encrypts.
                .resource_id(clip.key().to_string())
                .customize();
            // While there is another group, trying that one replaces the SDK's retries. Retrying a
            // full group would delay each clip and use up the retry quota of the SDK client.
            let once = Config::builder().retry_config(config::no_retries());
            let is_last = groups.peek().is_none();
            let create = if is_last { create } else { create.config_override(once) };
            self.pace.wait().await;
            match create.send().await.map_err(VodError::from) {
                Ok(made) => {
                    let endpoints = made.egress_endpoints.unwrap_or_default();
                    return created_trigger(&asset, &group.path, &self.prefix, endpoints);
                }
                // Either the call was throttled or the group is full: the code is the same.
                Err(VodError::TooManyRequestsException(_)) => {}
                Err(VodError::UnprocessableEntityException(refusal)) => {
                    let reason = refusal.message().unwrap_or("no reason was given");
                    return self.check_refusal(&asset, reason).await;
                }
                // If the asset was created nevertheless, the next group refuses its id.
                Err(source) if !is_last => {
                    let chain = error::chain(&source);
                    tracing::warn!(
                        clip.id = %asset.clip,
                        "could not create asset {asset} in packaging group {}: {chain}",
                        group.id
                    );
                }
                Err(source) => return Err(call_failed("CreateAsset", &asset, source)),
            }
        }
        // An earlier call may have created it, and its response was lost.
        match self.describe(&asset).await? {
            Some(description) => self.found_trigger(&asset, description),
            None => Err(AssetError::NoRoom { asset }),
        }
    }

    /// Decides what a refusal of CreateAsset means: the asset exists, or it cannot be created.
    async fn check_refusal(&self, asset: &Attempt, reason: &str) -> Result<Trigger, AssetError> {
        match self.describe(asset).await? {
            Some(description) => self.found_trigger(asset, description),
            None => Ok(Trigger::Failed(Failure {
                code: FailureCode::AssetRefused,
                message: format!("MediaPackage refused to create an asset of the clip: {reason}"),
            })),
        }
    }

    fn found_trigger(
        &self,
        asset: &Attempt,
        Description { group, endpoints }: Description,
    ) -> Result<Trigger, AssetError> {
        let path = self.groups.find_path(group.as_deref().unwrap_or_default());
        created_trigger(asset, path, &self.prefix, endpoints)
    }

    /// Deletes an asset. An asset that does not exist is not an error.
    pub async fn delete(&self, asset: &Attempt) -> Result<(), AssetError> {
        self.pace.wait().await;
        let deleted = self.client.delete_asset().id(asset.to_string()).send().await;
        match deleted.map_err(VodError::from) {
            Ok(_) | Err(VodError::NotFoundException(_)) => Ok(()),
            Err(source) => Err(call_failed("DeleteAsset", asset, source)),
        }
    }

    /// Returns the state of each packaging configuration of an asset. `None`: no such asset exists.
    pub async fn describe_packaging(
        &self,
        asset: &Attempt,
    ) -> Result<Option<BTreeMap<ConfigurationId, PackagingState>>, AssetError> {
        let Some(description) = self.describe(asset).await? else { return Ok(None) };
        let state = |endpoint: EgressEndpoint| {
            let state = match endpoint.status.as_deref() {
                Some("PLAYABLE") => PackagingState::Playable,
                Some("FAILED") => PackagingState::Failed,
                _ => PackagingState::Pending,
            };
            Some((self.prefix.strip(endpoint.packaging_configuration_id?), state))
        };
        Ok(Some(description.endpoints.into_iter().filter_map(state).collect()))
    }

    async fn describe(&self, asset: &Attempt) -> Result<Option<Description>, AssetError> {
        self.pace.wait().await;
        let described = self.client.describe_asset().id(asset.to_string()).send().await;
        match described.map_err(VodError::from) {
            Ok(found) => Ok(Some(Description {
                group: found.packaging_group_id,
                endpoints: found.egress_endpoints.unwrap_or_default(),
            })),
            Err(VodError::NotFoundException(_)) => Ok(None),
            Err(source) => Err(call_failed("DescribeAsset", asset, source)),
        }
    }

    /// The number of assets that fit into all groups before they are full.
    pub async fn count_free_places(&self) -> Result<u64, AssetError> {
        let mut free = 0;
        for group in self.groups.iter() {
            self.pace.wait().await;
            let described = self.client.describe_packaging_group().id(&group.id).send().await;
            let described = described.map_err(|error| AssetError::Group {
                group: group.id.clone(),
                source: Box::new(error.into()),
            })?;
            let count = described.approximate_asset_count.unwrap_or(0);
            free += MAX_ASSETS.saturating_sub(u64::try_from(count).unwrap_or(0));
        }
        Ok(free)
    }

    /// Opens the connection to MediaPackage VOD before the first event needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.describe_asset().id("-").send().await;
    }
}

fn call_failed(operation: &'static str, asset: &Attempt, source: VodError) -> AssetError {
    AssetError::Call { operation, asset: asset.clone(), source: Box::new(source) }
}

/// The trigger of an asset that exists and has these egress endpoints.
fn created_trigger(
    asset: &Attempt,
    group_path: &str,
    prefix: &ConfigurationPrefix,
    endpoints: Vec<EgressEndpoint>,
) -> Result<Trigger, AssetError> {
    let manifest = |endpoint| {
        let (id, path) = manifest_path(&endpoint)?;
        Some((prefix.strip(id), format!("{group_path}{path}")))
    };
    let manifests: Option<_> = endpoints.into_iter().map(manifest).collect();
    let missing = || AssetError::Endpoint { asset: asset.clone() };
    Ok(Trigger::AssetCreated { manifests: manifests.ok_or_else(missing)? })
}

/// The packaging configuration of an egress endpoint, and the path of its manifest.
fn manifest_path(endpoint: &EgressEndpoint) -> Option<(ConfigurationId, String)> {
    let id = endpoint.packaging_configuration_id.clone()?;
    let url = Url::parse(endpoint.url.as_deref()?).ok()?;
    Some((id, url.path().to_owned()))
}

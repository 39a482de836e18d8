//! MediaPackage VOD, asked to make a clip's asset and to tell how far its ingest is.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_mediapackagevod::Error as VodError;
use aws_sdk_mediapackagevod::types::EgressEndpoint;
use url::Url;

use crate::clip::ClipKey;
use crate::config::{ConfigError, Variables};
use crate::library::{ConfigurationId, Failure, FailureCode, Trigger};

/// Makes the assets of clips.
#[derive(Clone, Debug)]
pub struct Publisher {
    client: aws_sdk_mediapackagevod::Client,
    packaging_group: String,
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
    #[error("MediaPackage did not create the asset of clip {clip}")]
    Create {
        clip: ClipKey,
        #[source]
        source: Box<VodError>,
    },
    #[error("MediaPackage did not describe the asset of clip {clip}")]
    Describe {
        clip: ClipKey,
        #[source]
        source: Box<VodError>,
    },
    #[error("MediaPackage gave the asset of clip {clip} an egress endpoint without id or URL")]
    Endpoint { clip: ClipKey },
}

impl Publisher {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            client: aws_sdk_mediapackagevod::Client::new(sdk),
            packaging_group: variables.required("PACKAGING_GROUP_ID")?.to_owned(),
            read_role_arn: variables.required("ASSET_ROLE_ARN")?.to_owned(),
            bucket: variables.required("CLIPS_BUCKET")?.to_owned(),
        })
    }

    /// Asks for the asset of a harvested clip; asking again changes nothing.
    ///
    /// Clip and asset share a name. What CreateAsset answers to a name that is taken is not
    /// documented, so on a refusal the asset is looked for before the refusal is believed.
    pub async fn ensure_asset(&self, clip: &ClipKey) -> Result<Trigger, AssetError> {
        let source = format!("arn:aws:s3:::{}/{}index.m3u8", self.bucket, clip.media_prefix());
        let created = self
            .client
            .create_asset()
            .id(clip.to_string())
            .packaging_group_id(&self.packaging_group)
            .source_arn(source)
            .source_role_arn(&self.read_role_arn)
            // What a key server knows the content by, where the packaging group encrypts.
            .resource_id(clip.to_string())
            .send()
            .await
            .map_err(VodError::from);
        let endpoints = match created {
            Ok(asset) => asset.egress_endpoints,
            Err(VodError::UnprocessableEntityException(refusal)) => {
                match self.describe(clip).await? {
                    Some(endpoints) => Some(endpoints),
                    None => {
                        let reason = refusal.message().unwrap_or("no reason was given");
                        return Ok(Trigger::Failed(Failure {
                            code: FailureCode::AssetRefused,
                            message: format!("MediaPackage would not package the clip: {reason}"),
                        }));
                    }
                }
            }
            Err(source) => {
                return Err(AssetError::Create { clip: clip.clone(), source: Box::new(source) });
            }
        };
        let manifests = endpoints
            .unwrap_or_default()
            .into_iter()
            .map(|endpoint| {
                path_of(&endpoint).ok_or_else(|| AssetError::Endpoint { clip: clip.clone() })
            })
            .collect::<Result<_, _>>()?;
        Ok(Trigger::AssetCreated { manifests })
    }

    /// Asks how far the ingest of a clip's asset is.
    pub async fn look(&self, clip: &ClipKey) -> Result<Ingest, AssetError> {
        let Some(endpoints) = self.describe(clip).await? else { return Ok(Ingest::Unknown) };
        let state = |endpoint: EgressEndpoint| {
            let ingested = match endpoint.status.as_deref() {
                Some("PLAYABLE") => Ingested::Playable,
                Some("FAILED") => Ingested::Failed,
                _ => Ingested::Waiting,
            };
            Some((endpoint.packaging_configuration_id?, ingested))
        };
        Ok(Ingest::Of(endpoints.into_iter().filter_map(state).collect()))
    }

    async fn describe(&self, clip: &ClipKey) -> Result<Option<Vec<EgressEndpoint>>, AssetError> {
        let described = self.client.describe_asset().id(clip.to_string()).send().await;
        match described.map_err(VodError::from) {
            Ok(asset) => Ok(Some(asset.egress_endpoints.unwrap_or_default())),
            Err(VodError::NotFoundException(_)) => Ok(None),
            Err(source) => {
                Err(AssetError::Describe { clip: clip.clone(), source: Box::new(source) })
            }
        }
    }

    /// Opens the connection to MediaPackage VOD before the first event needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.describe_asset().id("-").send().await;
    }
}

/// The packaging configuration of an egress endpoint, and the path of its manifest.
fn path_of(endpoint: &EgressEndpoint) -> Option<(ConfigurationId, String)> {
    let id = endpoint.packaging_configuration_id.clone()?;
    let url = Url::parse(endpoint.url.as_deref()?).ok()?;
    Some((id, url.path().to_owned()))
}

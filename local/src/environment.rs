//! The environment that a deployment gives the functions.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use matchcut::config::{Variables, timeouts};
use serde_json::json;

use crate::asset::PackagingGroup;
use crate::library::{ACCESS_KEY, BUCKET, SECRET_KEY, TABLE, UPLOADS_BUCKET};
use crate::live::{SEGMENT_SECONDS, manifest_path};
use crate::notifications::{ACCOUNT, REGION};
use crate::private::Private;
use crate::queues::queue_url;
use crate::stack::Options;

/// The channel's name in the API.
const CHANNEL: &str = "main";
/// MediaPackage's id of the channel's origin endpoint.
pub(crate) const ORIGIN_ENDPOINT: &str = "main-hls";
/// Where a clip goes that names no competition.
const COMPETITION: &str = "demo";

pub(crate) const DUE_QUEUE: &str = "matchcut-due";
pub(crate) const UPLOADS_QUEUE: &str = "matchcut-uploads.fifo";

/// Where each part listens.
pub(crate) struct Urls<'a> {
    pub(crate) public: &'a str,
    pub(crate) elemental: &'a str,
    pub(crate) dynamodb: &'a str,
    pub(crate) s3: &'a str,
}

/// The environment variables that a deployment sets.
pub(crate) fn environment(
    options: &Options,
    group: &PackagingGroup,
    private: Option<&Private>,
    urls: &Urls,
) -> Variables {
    let Urls { public, elemental, dynamodb, s3 } = urls;
    let channels = json!([{
        "id": CHANNEL,
        "competition": COMPETITION,
        "originEndpointId": ORIGIN_ENDPOINT,
        "manifest": format!("{elemental}{}", manifest_path()),
        "viewerManifest": format!("{public}/live{}", manifest_path()),
        "segmentSeconds": SEGMENT_SECONDS,
        "startoverSeconds": options.startover.as_secs(),
    }]);
    let role = |name| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let mut variables = vec![
        ("CLIPS_TABLE", TABLE.to_owned()),
        ("CLIPS_BUCKET", BUCKET.to_owned()),
        ("UPLOADS_BUCKET", UPLOADS_BUCKET.to_owned()),
        ("CHANNELS", channels.to_string()),
        ("PACKAGING_GROUPS", json!([{ "id": group.id, "path": "" }]).to_string()),
        ("DUE_QUEUE_URL", format!("{elemental}/{ACCOUNT}/due")),
        ("HARVEST_ROLE_ARN", role("harvest")),
        ("ASSET_ROLE_ARN", role("asset")),
        ("TRANSCODE_ROLE_ARN", role("transcode")),
        ("VOD_BASE_URL", format!("{public}/vod")),
        ("DUE_QUEUE_URL", queue_url(elemental, DUE_QUEUE)),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", (*dynamodb).to_owned()),
        ("AWS_ENDPOINT_URL_S3", (*s3).to_owned()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", (*elemental).to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", (*elemental).to_owned()),
        ("AWS_ENDPOINT_URL_SQS", (*elemental).to_owned()),
    ];
    variables.extend(elemental_endpoints(elemental));
    if let Some(identifier) = &options.cdn_identifier {
        variables.push(("CDN_IDENTIFIER", identifier.clone()));
    }
    variables.extend(private.into_iter().flat_map(Private::variables));
    variables.into_iter().collect()
}

/// Where an SDK finds AWS Elemental, all of it at one address.
pub(crate) fn elemental_endpoints(url: &str) -> [(&'static str, String); 4] {
    [
        "AWS_ENDPOINT_URL_MEDIACONVERT",
        "AWS_ENDPOINT_URL_MEDIALIVE",
        "AWS_ENDPOINT_URL_MEDIAPACKAGE",
        "AWS_ENDPOINT_URL_MEDIAPACKAGE_VOD",
    ]
    .map(|name| (name, url.to_owned()))
}

/// Finds each service where the environment says it is, as the SDK does in a process of its own.
#[derive(Debug)]
struct Endpoints(Variables);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace([' ', '-'], "_");
        self.0.get(&format!("{}_{service}", key.env())).map(str::to_owned)
    }
}

/// The SDK configuration of that environment.
pub(crate) async fn sdk(variables: &Variables) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(Credentials::from_keys(ACCESS_KEY, SECRET_KEY, None))
        .timeout_config(timeouts())
        .load()
        .await
        .into_builder()
        .service_config(Endpoints(variables.clone()))
        .build()
}

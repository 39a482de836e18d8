//! The environment variables of the functions, as a deployment sets them.

use std::collections::BTreeMap;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use matchcut::config::{Variables, timeouts};
use serde_json::json;

use crate::account::{
    ACCESS_KEY, ACCOUNT, BUCKET, CHANNEL, COMPETITION, CONFIGURATION_PREFIX, DUE_QUEUE,
    MEDIA_LIVE_CHANNEL, ORIGIN_ENDPOINT, REGION, SECRET_KEY, TABLE, UPLOADS_BUCKET,
};
use crate::cloudfront::{OriginSecret, PrivateLibrary};
use crate::ladder::SEGMENT_SECONDS;
use crate::mediapackage::manifest_path;
use crate::mediapackage_vod::PackagingGroup;
use crate::options::Options;
use crate::sqs::queue_url;
use crate::webhook::MarksWebhook;

/// What an hour of the default live stack costs on AWS, in US dollars.
const HOURLY_USD: f64 = 1.31;

/// The base URLs of the servers.
pub(crate) struct Urls<'a> {
    /// The API and the CDN.
    pub(crate) public: &'a str,
    /// Every AWS service but DynamoDB and S3.
    pub(crate) aws: &'a str,
    pub(crate) dynamodb: &'a str,
    pub(crate) s3: &'a str,
}

/// The functions' whole environment.
pub(crate) fn environment(
    options: &Options,
    groups: &[PackagingGroup],
    origin: &OriginSecret,
    private: Option<&PrivateLibrary>,
    group_scopes: &BTreeMap<String, Vec<String>>,
    site_name: Option<String>,
    urls: &Urls,
) -> Variables {
    let Urls { public, aws, dynamodb, s3 } = urls;
    let channels = json!([{
        "id": CHANNEL,
        "competition": COMPETITION,
        "originEndpointId": ORIGIN_ENDPOINT,
        "manifest": format!("{aws}{}", manifest_path()),
        "viewerManifest": format!("{public}/live{}", manifest_path()),
        "segmentSeconds": SEGMENT_SECONDS,
        "startoverSeconds": options.startover.as_secs(),
        "mediaLiveChannelId": MEDIA_LIVE_CHANNEL,
        "hourlyUsd": HOURLY_USD,
        // Captions in the video of the source stay in it.
        "closedCaptions": true,
        "precision": options.precision,
    }]);
    let role = |name| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let packaging_groups: Vec<_> = groups
        .iter()
        .enumerate()
        .map(|(position, group)| json!({ "id": group.id, "path": PackagingGroup::path_prefix(position) }))
        .collect();
    let mut variables = vec![
        ("CLIPS_TABLE", TABLE.to_owned()),
        ("CLIPS_BUCKET", BUCKET.to_owned()),
        ("UPLOADS_BUCKET", UPLOADS_BUCKET.to_owned()),
        ("CHANNELS", channels.to_string()),
        ("PACKAGING_GROUPS", json!(packaging_groups).to_string()),
        ("CONFIGURATION_PREFIX", CONFIGURATION_PREFIX.to_owned()),
        ("HARVEST_ROLE_ARN", role("harvest")),
        ("ASSET_ROLE_ARN", role("asset")),
        ("TRANSCODE_ROLE_ARN", role("transcode")),
        ("VOD_BASE_URL", format!("{public}/vod")),
        ("DUE_QUEUE_URL", queue_url(aws, DUE_QUEUE)),
        ("MEDIAPACKAGE_CALLS_PER_SECOND", options.limits.media_package_rate.to_string()),
        ("GROUP_SCOPES", json!(group_scopes).to_string()),
        ("TRASH_DAYS", options.trash_days.to_string()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", (*dynamodb).to_owned()),
        ("AWS_ENDPOINT_URL_S3", (*s3).to_owned()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", (*aws).to_owned()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", (*aws).to_owned()),
        ("AWS_ENDPOINT_URL_SQS", (*aws).to_owned()),
    ];
    if groups.iter().all(PackagingGroup::keeps_sounds) {
        variables.push(("SEVERAL_SOUNDS", true.to_string()));
    }
    variables.push(("CLIP_FILES", json!({ "*": options.clip_files }).to_string()));
    let days = options.assets_expire_after_days;
    variables.extend(days.map(|days| ("ASSET_EXPIRY_DAYS", days.to_string())));
    variables.push(origin.variable());
    variables.push(MarksWebhook::variable());
    variables.extend(elemental_endpoints(aws));
    variables.extend(site_name.map(|name| ("SITE_NAME", name)));
    if let Some(identifier) = &options.cdn_identifier {
        variables.push(("CDN_IDENTIFIER", identifier.clone()));
    }
    variables.extend(options.cookie_domain.clone().map(|it| ("PLAYBACK_COOKIE_DOMAIN", it)));
    variables.extend(private.into_iter().flat_map(PrivateLibrary::variables));
    variables.into_iter().collect()
}

/// The variables by which an SDK finds AWS Elemental. All its services have one URL.
pub(crate) fn elemental_endpoints(url: &str) -> [(&'static str, String); 4] {
    [
        "AWS_ENDPOINT_URL_MEDIACONVERT",
        "AWS_ENDPOINT_URL_MEDIALIVE",
        "AWS_ENDPOINT_URL_MEDIAPACKAGE",
        "AWS_ENDPOINT_URL_MEDIAPACKAGE_VOD",
    ]
    .map(|name| (name, url.to_owned()))
}

/// Finds the URL of each service in the environment variables, as the SDK of a real function does.
#[derive(Debug)]
struct Endpoints(Variables);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace([' ', '-'], "_");
        self.0.get(&format!("{}_{service}", key.env())).map(str::to_owned)
    }
}

/// The SDK configuration that the environment variables give.
pub(crate) async fn sdk_config(variables: &Variables) -> SdkConfig {
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

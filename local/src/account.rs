//! The AWS account that the stand-in imitates: its region, its keys and the names of its resources.

pub(crate) const REGION: &str = "us-east-1";
/// The number of the account.
pub(crate) const ACCOUNT: &str = "000000000000";
pub(crate) const ACCESS_KEY: &str = "local";
pub(crate) const SECRET_KEY: &str = "local";

/// The DynamoDB table of clips.
pub(crate) const TABLE: &str = "matchcut-clips";
/// The bucket of clips' media.
pub(crate) const BUCKET: &str = "matchcut-clips";
/// The bucket of uploaded originals.
pub(crate) const UPLOADS_BUCKET: &str = "matchcut-uploads";

/// The prefix of the ids of packaging configurations, which are unique in an account and region.
pub(crate) const CONFIGURATION_PREFIX: &str = "matchcut-";

/// The queue of due messages.
pub(crate) const DUE_QUEUE: &str = "matchcut-due";
/// The queue of uploaded originals.
pub(crate) const UPLOADS_QUEUE: &str = "matchcut-uploads";

/// The id of the user pool's client, which has no secret.
pub(crate) const CLIENT: &str = "local";

/// The channel's name in the API.
pub(crate) const CHANNEL: &str = "main";
/// The competition of a clip whose request names none.
pub(crate) const COMPETITION: &str = "demo";
/// The channel's id in MediaLive.
pub(crate) const MEDIA_LIVE_CHANNEL: &str = "1000001";
/// The channel's id in MediaPackage.
pub(crate) const MEDIA_PACKAGE_CHANNEL: &str = "main";
/// MediaPackage's id of the channel's origin endpoint.
pub(crate) const ORIGIN_ENDPOINT: &str = "main-hls";

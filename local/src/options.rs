//! The options that a stand-in is started with.

use std::path::PathBuf;
use std::time::Duration;

use matchcut::clip::{FileKinds, Precision};
use url::Url;

use crate::cognito::MachineOption;
use crate::faults::Faults;
use crate::ladder::{FrameRate, LADDER, Ladder, SMALL_LADDER};
use crate::limits::Limits;
use crate::medialive::Source;
use crate::tracks::Tracks;
use crate::upload_limits::UploadLimits;

/// The options that a [`Stack`](crate::Stack) is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The public port. With 0 the system chooses a free one.
    pub port: u16,
    /// The folder of everything that is kept between two starts.
    pub data_dir: PathBuf,
    /// While the disk of that folder has fewer megabytes free, no media is stored.
    pub min_free_megabytes: u64,
    /// The folder of the packaging groups.
    pub packaging_groups: PathBuf,
    /// What is on air.
    pub source: Source,
    /// The sounds and captions of the stream.
    pub tracks: Tracks,
    /// The frame rate of the stream. A source that has another one is converted.
    pub frame_rate: FrameRate,
    /// Whether the stream has half the width and height, which needs less processor time.
    pub small_picture: bool,
    /// How long the channel takes to start, and to stop. On AWS it is about a minute.
    pub channel_delay: Duration,
    /// The length of the startover window.
    pub startover: Duration,
    /// The time between two runs of the sweep.
    pub sweep: Duration,
    /// Whether the queues and the table's stream start functions, as Lambda's event source mappings
    /// do. If not, messages and records are only kept.
    pub pollers: bool,
    pub faults: Faults,
    pub limits: Limits,
    /// How many calls of CreateJob MediaConvert accepts in a burst, before it accepts two a second.
    pub create_job_burst: u16,
    /// The throttle of each route, as a multiple of the contract's. With 0 nothing is throttled.
    pub api_throttle: f64,
    /// How many functions Lambda runs at once.
    pub concurrency: usize,
    /// How many times each function that anyone may call runs at once. With 0 there is no limit.
    pub public_concurrency: usize,
    /// The `X-MediaPackage-CDNIdentifier` that the live origin requires, if it requires one.
    pub cdn_identifier: Option<String>,
    /// Whether clips only play with signed cookies.
    pub private: bool,
    /// The host of the public URLs, which must resolve to this machine. Without one, it is 127.0.0.1.
    pub domain: Option<String>,
    /// The domain whose hosts get the cookies of a private library. Without one, only the host that
    /// sets them does.
    pub cookie_domain: Option<String>,
    /// The programs that sign in with a secret.
    pub machines: Vec<MachineOption>,
    /// The addresses that each change event is sent to, as a webhook message.
    pub webhooks: Vec<Url>,
    /// The folder of the built console and viewer's pages.
    pub console: PathBuf,
    /// The branding file. Without one, the console's own is served.
    pub branding: Option<PathBuf>,
    /// The lifetime of the access tokens that a sign-in gives.
    pub token_lifetime: Duration,
    /// The number of days after which clips lose their assets and play from the bucket. `None`: never.
    pub assets_expire_after_days: Option<u32>,
    /// Which files each clip gets, beside its segments.
    pub clip_files: FileKinds,
    /// How precisely clips are cut whose request does not say it.
    pub precision: Precision,
    /// The number of days for which a deleted clip can be restored.
    pub trash_days: u32,
    /// How many assets a packaging group can hold.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/limits-vod.html>
    pub assets_per_group: usize,
    pub upload_limits: UploadLimits,
}

impl Options {
    /// The renditions of the stream.
    pub(crate) fn ladder(&self) -> &'static Ladder {
        if self.small_picture { &SMALL_LADDER } else { &LADDER }
    }
}

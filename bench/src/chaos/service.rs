//! The service under test: its options, its recording, its packaging groups and the uploaded file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use matchcut::clip::{FileKinds, Precision};
use matchcut_local::{Faults, FrameRate, Limits, Options, Source, Tracks, UploadLimits};
use serde_json::{Value, json};
use tokio::process::Command;

/// The length of the stream that clients cut clips from.
pub(crate) const RECORDING_LENGTH: TimeDelta = TimeDelta::seconds(40);
const ENCODED_LENGTH: TimeDelta = TimeDelta::seconds(42);
/// The number of 2 s segments in the recording.
pub(crate) const SEGMENTS: u64 = 20;

/// The longest that MediaPackage allows, so that no window expires during a long run.
const STARTOVER_WINDOW: Duration = Duration::from_hours(14 * 24);

/// When a recording that ends now began, in whole seconds.
///
/// Manifests lag the stream at first, so some windows seem not to have aired. The stream must then
/// not seem to have been off air for an hour, after which such clips fail.
pub(crate) fn recording_start(now: DateTime<Utc>) -> DateTime<Utc> {
    now.trunc_subsecs(0) - ENCODED_LENGTH
}

pub(crate) fn build_options(
    folder: &Path,
    faults: Faults,
    limits: Limits,
    recording_start: DateTime<Utc>,
) -> Options {
    Options {
        port: 0,
        data_dir: data_dir(folder),
        min_free_megabytes: 0,
        packaging_groups: write_packaging_groups(folder),
        source: Source::RecordedBlack { begin: recording_start, length: ENCODED_LENGTH },
        channel_delay: Duration::ZERO,
        startover: STARTOVER_WINDOW,
        sweep: Duration::from_secs(1),
        pollers: true,
        faults,
        limits,
        create_job_burst: 100,
        console: "console/dist".into(),
        branding: None,
        token_lifetime: Duration::from_hours(1),
        assets_per_group: 6000,
        api_throttle: 1.0,
        concurrency: 1000,
        public_concurrency: 50,
        upload_limits: UploadLimits::default(),
        assets_expire_after_days: None,
        clip_files: FileKinds::None,
        precision: Precision::Segment,
        tracks: Tracks::default(),
        frame_rate: FrameRate::default(),
        small_picture: false,
        // Deleted clips are removed at once.
        trash_days: 0,
        cdn_identifier: None,
        private: false,
        domain: None,
        cookie_domain: None,
        machines: Vec::new(),
        webhooks: Vec::new(),
    }
}

fn data_dir(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Counts the messages in all queues, including those in flight. The stand-in keeps each message in
/// a file.
pub(crate) fn count_messages(folder: &Path) -> usize {
    let entries = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let queues = entries(data_dir(folder).join("queues"));
    queues.map(|queue| entries(queue.path().join("messages")).count()).sum()
}

/// Writes two packaging groups, because one group would not hold ten thousand assets. Each has the
/// same two formats, which take little time to package.
fn write_packaging_groups(folder: &Path) -> PathBuf {
    let groups = folder.join("packaging-groups");
    std::fs::create_dir(&groups).expect("the folder is new");
    for (group, suffix) in [("default", ""), ("second", "-2")] {
        let configuration = |format: &str, max_bits_per_second: Value| {
            json!({ "id": format!("{format}{suffix}"), "hlsPackage": {
                "hlsManifests": [{
                    "manifestName": "index", "adMarkers": "NONE", "includeIframeOnlyStream": false,
                    "programDateTimeIntervalSeconds": 10, "repeatExtXKey": false,
                    "streamSelection": {
                        "streamOrder": "ORIGINAL", "maxVideoBitsPerSecond": max_bits_per_second,
                    },
                }],
                "segmentDurationSeconds": 4, "useAudioRenditionGroup": false,
            }})
        };
        let configurations =
            [configuration("hls", json!(100_000_000)), configuration("low", json!(2_000_000))];
        let file = json!({ "id": group, "packagingConfigurations": configurations });
        std::fs::write(groups.join(format!("{group}.json")), file.to_string())
            .expect("the folder is writable");
    }
    groups
}

/// Makes the file that clients upload: 0.5 s of video with 64x64 pixels.
pub(crate) async fn make_video(folder: &Path) -> Vec<u8> {
    let file = folder.join("video.mp4");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-t", "0.5"])
        .args(["-pix_fmt", "yuv420p"])
        .arg(&file)
        .status()
        .await;
    assert!(status.is_ok_and(|status| status.success()), "ffmpeg could not make a video");
    std::fs::read(file).expect("ffmpeg has written the file")
}

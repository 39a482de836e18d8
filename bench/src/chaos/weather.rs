//! The service that the crowd uses, and what goes wrong in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use matchcut_local::{Faults, Options, Source};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::Arguments;

/// How much of a stream is on air.
pub(crate) const LENGTH: TimeDelta = TimeDelta::seconds(40);
/// Its segments of two seconds.
pub(crate) const SEGMENTS: u64 = 20;

/// Twenty years: while the stream cannot be read, windows are held against the clock, to which all
/// of the recording is long past.
const STARTOVER: Duration = Duration::from_hours(20 * 365 * 24);

const WEATHER: &str = "lose=0.2,repeat=0.2,reorder=1,delay=0.1,throttle=0.1,error=0.05,kill=0.05";

pub(crate) fn options(folder: &Path, arguments: &Arguments, seed: u64) -> Options {
    let weather: Faults = WEATHER.parse().expect("the weather is spelled as it should be");
    let faults = Faults { fail: arguments.failures, seed: Some(seed), ..weather };
    Options {
        port: 0,
        data_dir: data_dir(folder),
        packaging_groups: packaging_groups(folder),
        source: Source::RecordedBlack { begin: begin(), length: LENGTH + TimeDelta::seconds(2) },
        startover: STARTOVER,
        sweep: Duration::from_secs(1),
        pollers: true,
        faults,
        create_job_burst: 1000,
        assets_per_group: 6000,
        cdn_identifier: None,
        private: false,
        webhooks: Vec::new(),
    }
}

fn data_dir(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// How many messages wait in queues, or are worked on: the stand-in keeps each in a file.
pub(crate) fn messages(folder: &Path) -> usize {
    let entries = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let queues = entries(data_dir(folder).join("queues"));
    queues.map(|queue| entries(queue.path().join("messages")).count()).sum()
}

/// When the recording begins: 2020-02-03T13:30:00Z, long over.
pub(crate) fn begin() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_580_736_600)
}

/// Two formats that cost little to make, in two groups: one would not hold ten thousand clips.
fn packaging_groups(folder: &Path) -> PathBuf {
    let groups = folder.join("packaging-groups");
    std::fs::create_dir(&groups).expect("the folder is new");
    for (group, suffix) in [("default", ""), ("second", "-2")] {
        let configuration = |format: &str, most: Value| {
            json!({ "id": format!("{format}{suffix}"), "hlsPackage": {
                "hlsManifests": [{
                    "manifestName": "index", "adMarkers": "NONE", "includeIframeOnlyStream": false,
                    "programDateTimeIntervalSeconds": 10, "repeatExtXKey": false,
                    "streamSelection": { "streamOrder": "ORIGINAL", "maxVideoBitsPerSecond": most },
                }],
                "segmentDurationSeconds": 4, "useAudioRenditionGroup": false,
            }})
        };
        let formats =
            [configuration("hls", json!(100_000_000)), configuration("low", json!(2_000_000))];
        let file = json!({ "id": group, "packagingConfigurations": formats });
        std::fs::write(groups.join(format!("{group}.json")), file.to_string())
            .expect("the folder can be written to");
    }
    groups
}

/// Half a second of small pictures.
pub(crate) async fn video(folder: &Path) -> Vec<u8> {
    let file = folder.join("video.mp4");
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-t", "0.5"])
        .args(["-pix_fmt", "yuv420p"])
        .arg(&file)
        .status()
        .await;
    assert!(status.is_ok_and(|status| status.success()), "ffmpeg makes a video");
    std::fs::read(file).expect("it was just made")
}

//! A viewer's player: decodes every frame of a manifest and reads its frame mark.

use std::ops::Range;
use std::process::Output;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::process::Command;

/// The renditions of a clip: width and height.
pub(crate) type Renditions = [(usize, usize); 3];

pub(crate) const FULL_SIZE: Renditions = [(1280, 720), (854, 480), (640, 360)];
/// The renditions of the small picture.
pub(crate) const SMALL: Renditions = [(640, 360), (426, 240), (320, 180)];

const FRAMES_PER_SECOND: i64 = 25;
/// The frame mark is a number of frames modulo this.
const MARK_MODULUS: i64 = 1 << 24;

/// Runs ffmpeg or ffprobe. If it writes a message, the test fails.
async fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(["-v", "error"]).args(arguments).output();
    let output = output.await.unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && messages.is_empty(), "{arguments:?}: {messages}");
    output
}

/// Reads the frame mark of each frame of a rendition: the number of frames since 1970, modulo 2^24.
///
/// The mark is a row of 24 squares. At a height of 720 they are 48 wide and begin at (64, 640).
async fn read_frame_marks(manifest: &str, rendition: usize, width: usize) -> Vec<i64> {
    let map = format!("0:v:{rendition}");
    let output = run(
        "ffmpeg",
        &[
            "-xerror",
            "-i",
            manifest,
            "-map",
            &map,
            "-fps_mode",
            "passthrough",
            "-vf",
            "crop=iw:2:0:ih*664/720,format=gray",
            "-f",
            "rawvideo",
            "-",
        ],
    )
    .await;
    assert_eq!(output.stdout.len() % (width * 2), 0, "{manifest} is not {width} wide");
    let mark = |frame: &[u8]| {
        (0..24).fold(0, |mark, bit| {
            let brightness = frame[(64 + 48 * bit + 24) * width / 1280];
            assert!(!(64..192).contains(&brightness), "the frame mark is not readable");
            mark * 2 + i64::from(brightness > 128)
        })
    };
    output.stdout.chunks(width * 2).map(mark).collect()
}

/// Checks that every rendition of a manifest plays exactly these stretches of time: each frame once
/// and in order.
pub(crate) async fn assert_plays(
    manifest: &str,
    renditions: Renditions,
    stretches: &[Range<DateTime<Utc>>],
) {
    let expected: Vec<i64> = stretches
        .iter()
        .flat_map(|stretch| {
            let frame = |time: DateTime<Utc>| time.timestamp_millis() * FRAMES_PER_SECOND / 1000;
            frame(stretch.start)..frame(stretch.end)
        })
        .map(|frame| frame % MARK_MODULUS)
        .collect();
    for (rendition, (width, height)) in renditions.into_iter().enumerate() {
        let marks = read_frame_marks(manifest, rendition, width).await;
        assert!(
            marks == expected,
            "rendition {rendition} of {manifest} has {} frames from {:?} to {:?}, but {} from \
             {:?} to {:?} are expected",
            marks.len(),
            marks.first(),
            marks.last(),
            expected.len(),
            expected.first(),
            expected.last(),
        );
        let select = format!("v:{rendition}");
        let entries = "stream=width,height";
        let output = run(
            "ffprobe",
            &["-select_streams", &select, "-show_entries", entries, "-of", "json", manifest],
        )
        .await;
        let probed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(probed["streams"][0]["width"], width, "{manifest}");
        assert_eq!(probed["streams"][0]["height"], height, "{manifest}");
    }
    // The audio of each stretch is as long as the video, within one frame.
    let frames = &[
        "-select_streams",
        "a:0",
        "-count_frames",
        "-show_entries",
        "stream=nb_read_frames,sample_rate",
        "-of",
        "json",
        manifest,
    ];
    let output = run("ffprobe", frames).await;
    let probed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number =
        |name: &str| -> f64 { probed["streams"][0][name].as_str().unwrap().parse().unwrap() };
    let seconds = number("nb_read_frames") * 1024.0 / number("sample_rate");
    #[expect(clippy::cast_precision_loss, reason = "a few thousand frames")]
    let expected = expected.len() as f64 / 25.0;
    let tolerance = 0.04 * f64::from(u32::try_from(stretches.len()).unwrap());
    assert!((seconds - expected).abs() <= tolerance, "{manifest} has {seconds} s of audio");
}

/// Reads the first EXT-X-PROGRAM-DATE-TIME of each rendition of an HLS manifest.
pub(crate) async fn read_first_date_times(manifest: &str) -> Vec<DateTime<Utc>> {
    let base = url::Url::parse(manifest).unwrap();
    let parent = reqwest::get(manifest).await.unwrap().text().await.unwrap();
    let mut times = Vec::new();
    for child in parent.lines().filter(|line| !line.starts_with('#')) {
        let text = reqwest::get(base.join(child).unwrap()).await.unwrap().text().await.unwrap();
        let tag = text.lines().find_map(|line| line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:"));
        times.push(tag.unwrap().parse().unwrap());
    }
    times
}

/// Parses a time of the API.
pub(crate) fn parse_time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

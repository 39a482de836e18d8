//! Media files of many formats: each becomes a ready clip or fails with a reason.

use std::collections::BTreeMap;
use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
use matchcut::clip::{Clip, ClipKey, Status};
use serde_json::Value;
use tokio::process::Command;

use crate::api::Api;
use crate::media::{make, picture, tone, truncate, turn};

/// The result of a file: the size of its largest rendition and its number of audio channels, or the
/// code of its failure.
type Expected<'a> = Result<(&'a str, u64), &'a str>;

const STEREO: u64 = 2;
const SILENT: u64 = 0;

async fn files(folder: &Path) -> Vec<(&'static str, Expected<'static>)> {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    let small = picture("320x180", 2.0);
    let h264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";
    let sound = tone("2", 2.0);
    let both = format!("{small} {sound} {h264} -c:a aac");

    write("empty.mp4", b"");
    write("text.mp4", "This is not a video. ".repeat(1000).as_bytes());
    make(folder, "picture.jpg", &format!("{small} -frames:v 1")).await;
    make(folder, "sound.m4a", &format!("{sound} -c:a aac")).await;
    truncate(&make(folder, "half.mp4", &both).await);
    let long = format!("{} {h264} -movflags +faststart", picture("320x180", 12.0));
    truncate(&make(folder, "half-faststart.mp4", &long).await);
    make(folder, "moov-last.mp4", &both).await;
    make(folder, "wrong.mp4", &both).await;
    std::fs::rename(folder.join("wrong.mp4"), folder.join("wrong.jpg")).unwrap();
    let hevc = "-c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p10le";
    make(folder, "hevc-10-bit.mp4", &format!("{small} {sound} {hevc} -c:a aac")).await;
    make(folder, "prores.mov", &format!("{small} {sound} -c:v prores_ks -c:a pcm_s16le")).await;
    make(folder, "mezzanine.mxf", &format!("{small} {sound} -c:v mpeg2video -c:a pcm_s16le")).await;
    let uneven = "-vf select='not(mod(n\\,3))+lt(mod(n\\,5)\\,2)' -fps_mode vfr";
    let phone = format!("{small} {sound} {uneven} {h264} -c:a aac");
    turn(&make(folder, "phone.mp4", &phone).await);
    let pixels = "-f lavfi -t 1 -i color=size=1x2:rate=25,format=rgb24 -c:v rawvideo";
    make(folder, "tiny.avi", pixels).await;
    let eight = "-f lavfi -i color=size=7680x4320:rate=25 -frames:v 3 -c:v mpeg4";
    make(folder, "8k.mp4", eight).await;
    make(folder, "three-frames.mp4", &format!("{small} -frames:v 3 {h264}")).await;
    make(folder, "surround.mp4", &format!("{small} {} {h264} -c:a aac", tone("6", 2.0))).await;
    let tracks = (1..=8).map(|_| "-map 1:a ".to_owned()).collect::<String>();
    let mono = tone("1", 2.0);
    make(
        folder,
        "eight-tracks.mov",
        &format!("{small} {mono} -map 0:v {tracks} {h264} -c:a pcm_s16le"),
    )
    .await;
    let longer = tone("2", 4.0);
    make(folder, "longer-sound.mp4", &format!("{small} {longer} {h264} -c:a aac")).await;
    make(folder, "silent.mp4", &format!("{small} {h264}")).await;
    make(folder, "square.mp4", &format!("{} {h264}", picture("240x240", 1.0))).await;
    let wide = "-vf setsar=64/45";
    make(folder, "anamorphic.mp4", &format!("{} {wide} {h264}", picture("720x576", 1.0))).await;
    let interlaced = "-vf interlace -flags +ilme+ildct -c:v mpeg2video";
    make(folder, "interlaced.mpg", &format!("{} {interlaced}", picture("320x180", 2.0))).await;

    vec![
        ("empty.mp4", Err("empty-file")),
        ("text.mp4", Err("unreadable-file")),
        ("picture.jpg", Err("unreadable-file")),
        ("sound.m4a", Err("no-video")),
        ("half.mp4", Err("truncated-file")),
        ("half-faststart.mp4", Err("truncated-file")),
        ("moov-last.mp4", Ok(("320x180", STEREO))),
        ("wrong.jpg", Ok(("320x180", STEREO))),
        ("hevc-10-bit.mp4", Ok(("320x180", STEREO))),
        ("prores.mov", Ok(("320x180", STEREO))),
        ("mezzanine.mxf", Ok(("320x180", STEREO))),
        ("phone.mp4", Ok(("180x320", STEREO))),
        ("tiny.avi", Err("too-small")),
        ("8k.mp4", Ok(("1920x1080", SILENT))),
        ("three-frames.mp4", Ok(("320x180", SILENT))),
        ("surround.mp4", Ok(("320x180", STEREO))),
        ("eight-tracks.mov", Ok(("320x180", STEREO))),
        ("longer-sound.mp4", Ok(("320x180", STEREO))),
        ("silent.mp4", Ok(("320x180", SILENT))),
        ("square.mp4", Ok(("240x240", SILENT))),
        ("anamorphic.mp4", Ok(("1024x576", SILENT))),
        ("interlaced.mpg", Ok(("320x180", SILENT))),
    ]
}

/// Waits until no upload is in progress. Returns their rows by file name.
pub(crate) async fn finished(api: &Api, count: usize) -> BTreeMap<String, Clip> {
    let mut polls = tokio::time::interval(std::time::Duration::from_millis(200));
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_mins(5);
    loop {
        polls.tick().await;
        let mut clips = BTreeMap::new();
        for row in api.rows().await {
            let key = format!(
                "{}_{}",
                row["competition"].as_str().unwrap(),
                row["clip"].as_str().unwrap()
            );
            let key: ClipKey = key.parse().unwrap();
            let clip = api.library().find(&key).await.unwrap().unwrap();
            clips.insert(clip.upload().unwrap().filename.clone(), clip);
        }
        let done = clips.values().filter(|clip| !clip.status.is_pending()).count();
        if done == count {
            return clips;
        }
        assert!(tokio::time::Instant::now() < deadline, "only {done} of {count}: {clips:#?}");
    }
}

pub(crate) async fn probe(manifest: &str) -> Value {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_streams", "-of", "json", manifest])
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{manifest}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_file_becomes_ready_or_fails_with_a_reason() {
    let api = Api::start().await;
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path()).await;
    for (name, _) in &files {
        let body = ByteStream::from_path(folder.path().join(name)).await.unwrap();
        api.upload_directly(&format!("files/{name}"), body, "").await;
    }
    let clips = finished(&api, files.len()).await;
    let mut kept = Vec::new();
    for (name, expected) in files {
        let clip = &clips[name];
        let shown = api.get(&format!("/competitions/files/clips/{}", clip.clip)).await.body;
        let code = shown["failure"]["code"].as_str();
        assert_eq!(code, expected.err(), "{name}: {}", shown["failure"]);
        let Ok((size, channels)) = expected else {
            let message = shown["failure"]["message"].as_str().unwrap();
            assert!(message.ends_with('.'), "{name} failed without a sentence: {message}");
            continue;
        };
        for format in ["hls", "dash"] {
            let probed = probe(shown["manifests"][format].as_str().unwrap()).await;
            let streams = probed["streams"].as_array().unwrap();
            let sizes: Vec<_> = streams
                .iter()
                .filter(|stream| stream["codec_type"] == "video")
                .map(|stream| format!("{}x{}", stream["width"], stream["height"]))
                .collect();
            assert!(sizes.iter().any(|it| it == size), "{name} as {format} has {sizes:?}");
            let audio = streams.iter().find(|stream| stream["codec_type"] == "audio");
            let heard = audio.map_or(0, |audio| audio["channels"].as_u64().unwrap());
            assert_eq!(heard, channels, "{name} as {format}");
        }
        for thumbnail in shown["thumbnails"].as_array().unwrap() {
            let picture = reqwest::get(thumbnail.as_str().unwrap()).await.unwrap();
            assert!(picture.status().is_success(), "{name}: {thumbnail}");
            assert_eq!(picture.headers()["content-type"], "image/jpeg");
        }
        kept.push(clip.clip.to_string());
    }
    // Only the original is left of a failed clip.
    let orphan = api.objects().into_iter().find(|key| !kept.iter().any(|clip| key.contains(clip)));
    assert_eq!(orphan, None);
    assert!(clips.values().all(|clip| clip.status != Status::Queued));
}

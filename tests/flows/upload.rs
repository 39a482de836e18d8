//! A file, from the editor's disk to the viewer's player.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::local::{Local, eventually};

const FRAMES: usize = 220;
const FRAMES_PER_SECOND: f64 = 25.0;
/// Encoders leave out what the eye does not see: the step of a few frames. Thumbnails are 23 apart.
const TOLERATED: f64 = 4.0;

/// A file of 76 MB whose frames are gray, each a little brighter than the one before.
async fn brightening(folder: &Path) -> Vec<u8> {
    let file = folder.join("brightening.avi");
    let input = format!("nullsrc=s=640x360:r=25,geq=lum='16+N*{}':cb=128:cr=128", step());
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &input, "-frames:v", &FRAMES.to_string()])
        .args(["-pix_fmt", "yuv420p", "-c:v", "rawvideo"])
        .arg(&file)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(file).unwrap()
}

/// How much brighter each frame is, of the 219 steps that video has.
fn step() -> f64 {
    200.0 / 220.0
}

/// The frames of a video or picture, told by their brightness.
async fn frames(source: &str, stream: &str) -> Vec<f64> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i", source, "-map", stream, "-fps_mode", "passthrough"])
        .args(["-vf", "crop=2:2,format=gray", "-f", "rawvideo", "-"])
        .output()
        .await
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{source}: {complaint}");
    // Gray has the full range, video from 16 to 235.
    let frame = |gray: &u8| f64::from(*gray) * 219.0 / 255.0 / step();
    output.stdout.iter().step_by(4).map(frame).collect()
}

/// Announces a file and sends it in however many requests that takes; the clip.
async fn upload(local: &Local, body: &Value, file: &[u8]) -> Value {
    let http = reqwest::Client::new();
    let response = local.post("/uploads", body).await.unwrap();
    assert_eq!(response.status(), 201);
    let clip: Value = response.json().await.unwrap();
    let upload = &clip["upload"];
    if let Some(url) = upload["url"].as_str() {
        let mut put = http.put(url).body(file.to_vec());
        for (name, value) in upload["headers"].as_object().unwrap() {
            put = put.header(name, value.as_str().unwrap());
        }
        put.send().await.unwrap().error_for_status().unwrap();
        return clip;
    }
    let size = usize::try_from(upload["partSize"].as_u64().unwrap()).unwrap();
    let mut parts = Vec::new();
    for (part, bytes) in upload["parts"].as_array().unwrap().iter().zip(file.chunks(size)) {
        let put = http.put(part["url"].as_str().unwrap()).body(bytes.to_vec());
        let answer = put.send().await.unwrap().error_for_status().unwrap();
        let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
        parts.push(json!({ "partNumber": part["partNumber"], "etag": etag }));
    }
    let complete = upload["complete"].as_str().unwrap().strip_prefix("/api").unwrap();
    let completed = local.post(complete, &json!({ "parts": parts })).await.unwrap();
    assert_eq!(completed.status(), 202);
    clip
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_plays_whole_with_pictures_of_the_right_moments() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&folder.path().join("data"), &[]).await;
    let file = brightening(folder.path()).await;
    let body = json!({ "filename": "brightening.avi", "size": file.len(), "title": "Dawn" });
    let clip = upload(&local, &body, &file).await;
    let listed = local.wait_until_listed(&clip).await;
    assert_eq!(listed["meta"]["title"], "Dawn");
    assert_eq!(listed["actual"]["durationSeconds"], 8.8);

    for format in ["hls", "dash"] {
        let manifest = listed["manifests"][format].as_str().unwrap();
        let played = frames(manifest, "0:v:0").await;
        assert_eq!(played.len(), FRAMES, "{manifest}");
        for (number, frame) in played.into_iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            let off = frame - number as f64;
            assert!(off.abs() < TOLERATED, "{format}: frame {number} looks like {frame}");
        }
    }
    let thumbnails = listed["thumbnails"].as_array().unwrap();
    assert_eq!(thumbnails.len(), 10);
    let apart = 8.8 / 9.5;
    for (number, url) in (0_u32..).zip(thumbnails) {
        let frame = frames(url.as_str().unwrap(), "0:v:0").await[0];
        let due = f64::from(number) * apart * FRAMES_PER_SECOND;
        assert!(
            (frame - due).abs() < TOLERATED,
            "thumbnail {number} is frame {frame} and not {due}"
        );
    }
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_mix_uploads_and_clips_in_the_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&folder.path().join("data"), &[]).await;
    let file = folder.path().join("a.mp4");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-t", "1"])
        .arg(&file)
        .output()
        .await
        .unwrap();
    assert!(output.status.success());
    let file = std::fs::read(file).unwrap();
    local.wait_for_segments(4).await;
    let first = local.cut(&json!({ "lastSeconds": 4 })).await;
    let announce = async |at: &str| {
        let body = json!({ "filename": "a.mp4", "size": file.len(), "at": at });
        upload(&local, &body, &file).await
    };
    let old = announce("2020-02-03T13:30:58Z").await;
    let late = announce("2090-02-03T13:30:58Z").await;
    let segments = local.segments().await;
    local.wait_for_segments(segments + 3).await;
    let second = local.cut(&json!({ "lastSeconds": 4 })).await;

    let expected = [&late, &second, &first, &old].map(|clip| clip["clip"].clone());
    let listed = eventually("all four are listed", async || {
        let list = local.get("/competitions/demo/clips").await;
        let clips = list["clips"].as_array().unwrap().clone();
        (clips.len() == 4).then_some(clips)
    })
    .await;
    let ids = |clips: &[Value]| clips.iter().map(|clip| clip["clip"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&listed), expected);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = local.get(&format!("/competitions/demo/clips?limit=1{cursor}")).await;
        paged.extend(ids(page["clips"].as_array().unwrap()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, expected);
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_outlives_a_kill_while_it_is_transcoded() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = brightening(folder.path()).await;
    let local = Local::start(&data, &["--faults", "slow=2"]).await;
    let body = json!({ "filename": "brightening.avi", "size": file.len() });
    let clip = upload(&local, &body, &file).await;
    let path = format!("/competitions/demo/clips/{}", clip["clip"].as_str().unwrap());
    eventually("the file is being transcoded", async || {
        (local.get(&path).await["status"] == "transcoding").then_some(())
    })
    .await;
    local.kill().await;
    let local = Local::start(&data, &["--sweep", "1"]).await;
    local.wait_until_listed(&clip).await;
    local.interrupt().await;
}

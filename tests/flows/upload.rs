//! Uploads, from the editor's file to the viewer's player.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::local::{Local, eventually};

const FRAMES: usize = 220;
const FRAMES_PER_SECOND: f64 = 25.0;
/// The tolerance in frames, because encoding changes the brightness a little. Thumbnails are 23 frames
/// apart.
const TOLERANCE: f64 = 4.0;

/// Encodes a file of 76 MB with gray frames, each a little brighter than the one before.
async fn encode_brightening_video(folder: &Path) -> Vec<u8> {
    let file = folder.join("brightening.avi");
    let input =
        format!("nullsrc=s=640x360:r=25,geq=lum='16+N*{}':cb=128:cr=128", brightness_step());
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

/// How much brighter each frame is. Video has 219 steps of brightness.
fn brightness_step() -> f64 {
    200.0 / 220.0
}

/// Reads the frame numbers of a video or picture from the brightness of its frames.
async fn read_frame_numbers(source: &str, stream: &str) -> Vec<f64> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i", source, "-map", stream, "-fps_mode", "passthrough"])
        .args(["-vf", "crop=2:2,format=gray", "-f", "rawvideo", "-"])
        .output()
        .await
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && messages.is_empty(), "{source}: {messages}");
    // Gray is from 0 to 255, video from 16 to 235.
    let frame = |gray: &u8| f64::from(*gray) * 219.0 / 255.0 / brightness_step();
    output.stdout.iter().step_by(4).map(frame).collect()
}

/// Uploads a file, in one request or in parts, and returns its clip.
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
async fn a_large_file_plays_every_frame_and_its_thumbnails_are_evenly_spaced() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&folder.path().join("data"), &[]).await;
    let file = encode_brightening_video(folder.path()).await;
    let body = json!({ "filename": "brightening.avi", "size": file.len(), "title": "Dawn" });
    let clip = upload(&local, &body, &file).await;
    let listed = local.wait_until_listed(&clip).await;
    assert_eq!(listed["meta"]["title"], "Dawn");
    assert_eq!(listed["actual"]["durationSeconds"], 8.8);

    for format in ["hls", "dash"] {
        let manifest = listed["manifests"][format].as_str().unwrap();
        let played = read_frame_numbers(manifest, "0:v:0").await;
        assert_eq!(played.len(), FRAMES, "{manifest}");
        for (number, frame) in played.into_iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            let difference = frame - number as f64;
            assert!(difference.abs() < TOLERANCE, "{format}: frame {number} looks like {frame}");
        }
    }
    let thumbnails = listed["thumbnails"].as_array().unwrap();
    assert_eq!(thumbnails.len(), 10);
    let interval = 8.8 / 9.5;
    for (number, url) in (0_u32..).zip(thumbnails) {
        let frame = read_frame_numbers(url.as_str().unwrap(), "0:v:0").await[0];
        let expected = f64::from(number) * interval * FRAMES_PER_SECOND;
        assert!(
            (frame - expected).abs() < TOLERANCE,
            "thumbnail {number} is frame {frame}, expected {expected}"
        );
    }
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_have_uploads_and_clips_in_the_order_of_time() {
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
    let first = local.create_clip(&json!({ "lastSeconds": 4 })).await;
    let upload_at = async |at: &str| {
        let body = json!({ "filename": "a.mp4", "size": file.len(), "at": at });
        upload(&local, &body, &file).await
    };
    let old = upload_at("2020-02-03T13:30:58Z").await;
    let late = upload_at("2090-02-03T13:30:58Z").await;
    let segments = local.count_segments().await;
    local.wait_for_segments(segments + 3).await;
    let second = local.create_clip(&json!({ "lastSeconds": 4 })).await;

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
async fn an_upload_becomes_ready_although_the_process_is_killed_while_it_is_transcoded() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let file = encode_brightening_video(folder.path()).await;
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

//! Every kind of source that can be on air.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use crate::local::Local;

/// Encodes 3 s of video, with or without audio, in an aspect ratio that no rendition has.
async fn encode_video(path: &Path, has_audio: bool) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=480x640:rate=30"]);
    if has_audio {
        ffmpeg.args(["-f", "lavfi", "-i", "sine=frequency=440"]);
    }
    let status = ffmpeg
        .args(["-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"])
        .arg(path)
        .status();
    assert!(status.await.unwrap().success());
}

async fn check_clip(local: &Local) {
    local.wait_for_segments(3).await;
    let clip = local.create_clip(&json!({ "lastSeconds": 4 })).await;
    let listed = local.wait_until_listed(&clip).await;
    assert_eq!(listed["actual"], clip["actual"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_looped_with_or_without_audio() {
    for has_audio in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("video.mp4");
        encode_video(&file, has_audio).await;
        let data = folder.path().join("data");
        let local = Local::start(&data, &["--source", file.to_str().unwrap()]).await;
        check_clip(&local).await;
        local.interrupt().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encoder_can_push_by_rtmp_and_by_srt() {
    for protocol in ["rtmp", "srt"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("video.mp4");
        encode_video(&file, true).await;
        // A free port. The listener is dropped at once, so that the stand-in can use the port.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (address, format) = match protocol {
            "rtmp" => (format!("rtmp://127.0.0.1:{port}/live/main"), "flv"),
            _ => (format!("srt://127.0.0.1:{port}"), "mpegts"),
        };
        let data = folder.path().join("data");
        let local = Local::start(&data, &["--source", &address]).await;
        // The encoder retries until the stand-in listens, as OBS does.
        let push = async {
            let mut tries = tokio::time::interval(std::time::Duration::from_millis(200));
            loop {
                tries.tick().await;
                let pushed = Command::new("ffmpeg")
                    .args(["-v", "quiet", "-re", "-stream_loop", "-1", "-i"])
                    .arg(&file)
                    .args(["-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "30"])
                    .args(["-c:a", "aac", "-f", format, &address])
                    .stdin(Stdio::null())
                    .kill_on_drop(true)
                    .status();
                pushed.await.unwrap();
            }
        };
        tokio::select! {
            () = push => {}
            () = check_clip(&local) => {}
        }
        local.interrupt().await;
    }
}

//! What can be put on air.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use crate::local::Local;

/// A short film, with or without sound, in a shape that is not the ladder's.
async fn film(path: &Path, sound: bool) {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=480x640:rate=30"]);
    if sound {
        ffmpeg.args(["-f", "lavfi", "-i", "sine=frequency=440"]);
    }
    let status = ffmpeg
        .args(["-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"])
        .arg(path)
        .status();
    assert!(status.await.unwrap().success());
}

async fn a_clip_becomes_ready(local: &Local) {
    local.wait_for_segments(3).await;
    let cut = local.cut(&json!({ "lastSeconds": 4 })).await;
    let listed = local.wait_until_listed(&cut).await;
    assert_eq!(listed["actual"], cut["actual"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_looped_with_or_without_sound() {
    for sound in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("film.mp4");
        film(&file, sound).await;
        let data = folder.path().join("data");
        let local = Local::start(&data, &["--source", file.to_str().unwrap()]).await;
        a_clip_becomes_ready(&local).await;
        local.interrupt().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encoder_pushes_by_rtmp_and_by_srt() {
    for protocol in ["rtmp", "srt"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("film.mp4");
        film(&file, true).await;
        // The system's choice, given back for ffmpeg to take.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (address, format) = match protocol {
            "rtmp" => (format!("rtmp://127.0.0.1:{port}/live/main"), "flv"),
            _ => (format!("srt://127.0.0.1:{port}"), "mpegts"),
        };
        let data = folder.path().join("data");
        let local = Local::start(&data, &["--source", &address]).await;
        // An encoder tries until the listener is there, as OBS does.
        let pusher = async {
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
            () = pusher => {}
            () = a_clip_becomes_ready(&local) => {}
        }
        local.interrupt().await;
    }
}

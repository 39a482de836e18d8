//! Every kind of source that can be on air.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
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

/// Checks that a clip of the stream becomes ready. Returns it.
async fn check_clip(local: &Local) -> Value {
    local.wait_for_segments(3).await;
    let clip = local.create_clip(&json!({ "lastSeconds": 4 })).await;
    let listed = local.wait_until_listed(&clip).await;
    assert_eq!(listed["actual"], clip["actual"]);
    listed
}

/// Runs ffmpeg. Returns its output and its messages.
async fn run_ffmpeg(arguments: &str) -> (Vec<u8>, String) {
    let command = arguments.split_whitespace();
    let output = Command::new("ffmpeg").args(["-hide_banner", "-nostats"]).args(command).output();
    let output = output.await.unwrap();
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments}: {messages}");
    (output.stdout, messages)
}

/// The share of the frames of a video that are interlaced.
async fn interlaced_share(url: &str) -> f64 {
    let (_, messages) = run_ffmpeg(&format!("-i {url} -map 0:v:0 -vf idet -f null -")).await;
    let counts = messages.split("Multi frame detection:").nth(1).expect("idet prints it");
    let count = |name: &str| -> f64 {
        let rest = counts.split(name).nth(1).unwrap().split_whitespace().next().unwrap();
        rest.parse().unwrap()
    };
    let interlaced = count("TFF:") + count("BFF:");
    interlaced / (interlaced + count("Progressive:") + count("Undetermined:"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anamorphic_source_fills_the_picture_and_an_interlaced_one_has_no_combs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("video.mp4");
    let path = file.to_str().unwrap();
    // 480 wide pixels are as wide as the 640 square pixels of the largest rendition.
    let fields = "-v error -f lavfi -t 3 -i testsrc2=size=480x360:rate=50 \
                  -vf tinterlace=interleave_top,setfield=tff,setsar=4/3 \
                  -c:v libx264 -preset ultrafast -pix_fmt yuv420p -flags +ildct+ilme";
    run_ffmpeg(&format!("{fields} {path}")).await;
    assert!(interlaced_share(path).await > 0.9, "the source is not interlaced");
    let local = Local::start(&folder.path().join("data"), &["--source", path]).await;
    let clip = check_clip(&local).await;
    for format in ["hls", "dash"] {
        let manifest = clip["manifests"][format].as_str().unwrap();
        let share = interlaced_share(manifest).await;
        assert!(share < 0.05, "{share} of the frames as {format} are interlaced");
        // The corner of the test picture is colored. A bar would be black.
        let corner = "-map 0:v:0 -frames:v 1 -vf crop=8:8:0:0 -f rawvideo -pix_fmt rgb24 -";
        let (pixels, _) = run_ffmpeg(&format!("-i {manifest} {corner}")).await;
        let brightest = pixels[..3].iter().max();
        assert!(brightest > Some(&100), "{format} has a bar: {:?}", &pixels[..3]);
    }
    local.interrupt().await;
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
            _ = check_clip(&local) => {}
        }
        local.interrupt().await;
    }
}

//! Files that are unlike most: their duration, sound, frame rate and colors become what a player
//! takes, or the reason says why not.

use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
use serde_json::Value;
use tokio::process::Command;

use crate::api::Api;
use crate::media::{make, picture, tone, truncate};
use crate::media_formats::{finished, probe};

const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

/// The clips of some files, as viewers see them.
struct Clips {
    _api: Api,
    shown: Vec<(String, Value)>,
}

impl Clips {
    /// Uploads every file of a folder, and waits until each is ready or failed.
    async fn upload(folder: &Path, names: &[&str]) -> Self {
        let api = Api::start().await;
        for name in names {
            let body = ByteStream::from_path(folder.join(name)).await.unwrap();
            api.upload_directly(&format!("odd/{name}"), body, "").await;
        }
        let clips = finished(&api, names.len()).await;
        let mut shown = Vec::new();
        for (name, clip) in clips {
            let mut body = api.get(&format!("/competitions/odd/clips/{}", clip.clip)).await.body;
            // Viewers see no reason. Operators do.
            body["failure"] = serde_json::to_value(&clip.failure).unwrap();
            shown.push((name, body));
        }
        Self { _api: api, shown }
    }

    fn get(&self, name: &str) -> &Value {
        &self.shown.iter().find(|(it, _)| it == name).unwrap().1
    }

    /// The URL of a manifest of a clip that must be ready.
    fn manifest(&self, name: &str, format: &str) -> &str {
        let clip = self.get(name);
        let url = clip["manifests"][format].as_str();
        url.unwrap_or_else(|| panic!("{name} is not ready: {}", clip["failure"]))
    }

    fn seconds(&self, name: &str) -> f64 {
        self.manifest(name, "hls");
        self.get(name)["actual"]["durationSeconds"].as_f64().unwrap()
    }

    #[track_caller]
    fn check_reason(&self, name: &str, code: &str, words: &str) {
        let failure = &self.get(name)["failure"];
        assert_eq!(failure["code"], code, "{name}: {failure}");
        assert!(failure["message"].as_str().unwrap().contains(words), "{name}: {failure}");
    }

    /// The first stream of a kind of the HLS manifest of a clip.
    async fn stream(&self, name: &str, kind: &str) -> Value {
        let probed = probe(self.manifest(name, "hls")).await;
        let streams = probed["streams"].as_array().unwrap();
        streams.iter().find(|stream| stream["codec_type"] == kind).unwrap().clone()
    }
}

/// Runs ffmpeg on a manifest. Returns its output and its messages.
async fn decode(manifest: &str, arguments: &str) -> (Vec<u8>, String) {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostats", "-i", manifest])
        .args(arguments.split_whitespace())
        .arg("-")
        .output()
        .await
        .unwrap();
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{manifest}: {messages}");
    (output.stdout, messages)
}

/// The loudest sample in decibels of the full scale, behind a filter.
async fn peak(manifest: &str, filter: &str) -> f64 {
    let (_, messages) = decode(manifest, &format!("-vn -af {filter},volumedetect -f null")).await;
    let peak = messages.split("max_volume: ").nth(1).expect("volumedetect prints it");
    peak.split(' ').next().unwrap().parse().unwrap()
}

/// The color of the first frame: red, green and blue.
async fn color(manifest: &str) -> Vec<u8> {
    decode(manifest, "-an -frames:v 1 -vf crop=16:16 -f rawvideo -pix_fmt rgb24").await.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_video_track_says_how_long_a_file_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (short, long) = (picture("320x180", 1.0), tone("2", 3.0));
    make(folder, "tail.mp4", &format!("{short} {long} {H264} -c:a aac")).await;
    make(folder, "tail.mkv", &format!("{short} {long} {H264} -c:a aac")).await;
    let both_inputs = format!("{short} {}", tone("2", 1.0));
    let both = format!("{both_inputs} {H264} -c:a aac");
    let first = make(folder, "first.ts", &both).await;
    let second = make(folder, "second.ts", &format!("{both} -output_ts_offset 50000")).await;
    let joined = [first, second].map(|file| std::fs::read(file).unwrap()).concat();
    std::fs::write(folder.join("joined.ts"), joined).unwrap();
    let vp8 = "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus -f webm -live 1";
    make(folder, "browser.webm", &format!("{short} {} {vp8}", tone("2", 1.0))).await;
    let large = format!("{} {H264} -movflags +faststart", picture("320x180", 6.0));
    truncate(&make(folder, "half.mp4", &large).await);
    let large = format!("{} {H264}", picture("320x180", 6.0));
    truncate(&make(folder, "no-index.mp4", &large).await);
    truncate(&make(folder, "half.avi", &large).await);
    // Many recorders write no duration of the tracks, only one of the file.
    let half = make(folder, "half.mkv", &large).await;
    let untagged = replace(&std::fs::read(&half).unwrap(), b"DURATION", b"_URATION");
    std::fs::write(&half, untagged).unwrap();
    truncate(&half);

    // A cover is no video.
    make(folder, "cover.jpg", &format!("{} -frames:v 1", picture("640x640", 0.4))).await;
    let cover = format!("-i {}", folder.join("cover.jpg").display());
    let first = "-map 0:v -map 1:v -map 2:a -c:v:0 copy -disposition:v:0 attached_pic";
    let film = "-c:v:1 libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac";
    make(folder, "cover.mp4", &format!("{cover} {both_inputs} {first} {film}")).await;
    let song = "-map 0:v -map 1:a -c:v copy -disposition:v:0 attached_pic -c:a aac";
    make(folder, "song.m4a", &format!("{cover} {} {song}", tone("2", 1.0))).await;

    let names = [
        "tail.mp4",
        "tail.mkv",
        "joined.ts",
        "browser.webm",
        "cover.mp4",
        "song.m4a",
        "half.mp4",
        "no-index.mp4",
        "half.avi",
        "half.mkv",
    ];
    let clips = Clips::upload(folder, &names).await;
    for name in ["half.mp4", "no-index.mp4", "half.avi", "half.mkv"] {
        clips.check_reason(name, "truncated-file", "The file is truncated: it states");
    }
    clips.check_reason("song.m4a", "no-video", "no video track");
    assert_eq!(clips.stream("cover.mp4", "video").await["height"], 180);
    for (name, expected) in [
        ("tail.mp4", 1.0),
        ("tail.mkv", 1.0),
        ("joined.ts", 2.0),
        ("browser.webm", 1.0),
        ("cover.mp4", 1.0),
    ] {
        let seconds = clips.seconds(name);
        assert!((seconds - expected).abs() < 0.001, "{name} lasts {seconds} s");
        for format in ["hls", "dash"] {
            let manifest = clips.manifest(name, format);
            let (samples, _) = decode(manifest, "-vn -ac 1 -ar 1000 -f s16le").await;
            #[expect(clippy::cast_precision_loss, reason = "some seconds")]
            let heard = samples.len() as f64 / 2000.0;
            assert!((heard - expected).abs() < 0.15, "{name} as {format} sounds for {heard} s");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sound_of_a_file_is_chosen_and_mixed_so_that_it_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let video = picture("320x180", 1.0);
    let sound = |channels: &str, layout: &str| {
        format!("-f lavfi -t 1 -i aevalsrc={channels}:c={layout}:s=48000")
    };
    let wave = "0.8*sin(2*PI*440*t)";
    let center = format!("0|0|{wave}|0|0|0|0|0");
    let center = sound(&center, "7.1");
    make(folder, "center.mov", &format!("{video} {center} {H264} -c:a pcm_s16le")).await;
    let loud = [wave; 6].join("|");
    let loud = sound(&loud, "5.1");
    make(folder, "loud.mov", &format!("{video} {loud} {H264} -c:a pcm_s16le")).await;
    let (low, high) = (sound("0.1*sin(2*PI*440*t)", "mono"), sound("0.1*sin(2*PI*3000*t)", "mono"));
    let two = format!("{video} {low} {high} -map 0:v -map 1:a -map 2:a {H264}");
    let languages = "-metadata:s:a:0 language=eng -metadata:s:a:1 language=fra";
    make(folder, "languages.mp4", &format!("{two} -c:a aac {languages}")).await;
    make(folder, "pair.mp4", &format!("{two} -c:a aac")).await;
    let codecs = "-ac 2 -c:a:0 pcm_s16le -c:a:1 aac";
    let mixed = std::fs::read(make(folder, "mixed.mkv", &format!("{two} {codecs}")).await).unwrap();
    let unknown = replace(&mixed, b"A_PCM/INT/LIT", b"A_XYZ/INT/LIT");
    std::fs::write(folder.join("unknown-first.mkv"), unknown).unwrap();
    make(folder, "dts.mkv", &format!("{video} {low} {H264} -ac 2 -c:a dca -strict -2")).await;
    make(folder, "silent.mp4", &format!("{video} {H264}")).await;
    // High is the default, or low describes the picture.
    let marks = "-disposition:a:0 0 -disposition:a:1 default";
    for name in ["default.mp4", "default.mkv"] {
        make(folder, name, &format!("{two} -c:a aac {marks}")).await;
    }
    let marks = "-disposition:a:0 default+visual_impaired -disposition:a:1 0";
    make(folder, "described.mkv", &format!("{two} -c:a aac {marks}")).await;
    let programs = "-map 0:v -map 0:v -map 1:a -program st=0 -program st=1:st=2 -f mpegts";
    make(folder, "programs.ts", &format!("{video} {low} {programs} {H264} -c:a aac")).await;

    let names = [
        "center.mov",
        "loud.mov",
        "languages.mp4",
        "pair.mp4",
        "unknown-first.mkv",
        "dts.mkv",
        "silent.mp4",
        "programs.ts",
        "default.mp4",
        "default.mkv",
        "described.mkv",
    ];
    let clips = Clips::upload(folder, &names).await;
    let hls = |name| clips.manifest(name, "hls");
    for ear in ["pan=mono|c0=c0", "pan=mono|c0=c1"] {
        assert!(peak(hls("center.mov"), ear).await > -20.0, "the center is not heard");
        assert!(peak(hls("languages.mp4"), ear).await > -30.0, "one ear is deaf");
    }
    assert!(peak(hls("loud.mov"), "volume=1").await < -0.5, "the mix clips");
    // English in both ears; left and right of two mono tracks.
    let difference = "pan=mono|c0=c0-c1";
    assert!(peak(hls("languages.mp4"), difference).await < -50.0);
    assert!(peak(hls("pair.mp4"), difference).await > -30.0);
    let low_only = "highpass=f=2000:p=2,highpass=f=2000:p=2";
    let high_only = "lowpass=f=700:p=2,lowpass=f=700:p=2";
    for name in ["default.mp4", "default.mkv", "described.mkv"] {
        for ear in ["pan=mono|c0=c0", "pan=mono|c0=c1"] {
            assert!(peak(hls(name), ear).await > -30.0, "{name}: one ear is deaf");
        }
        assert!(peak(hls(name), high_only).await < -35.0, "{name}: the first track is heard");
    }
    assert!(peak(hls("languages.mp4"), low_only).await < -40.0, "French is heard");
    assert!(peak(hls("unknown-first.mkv"), low_only).await > -30.0, "the AAC is not heard");
    clips.check_reason("dts.mkv", "unsupported-codec", "sound");
    for name in ["silent.mp4", "programs.ts"] {
        let probed = probe(hls(name)).await;
        let streams = probed["streams"].as_array().unwrap();
        assert!(streams.iter().all(|stream| stream["codec_type"] == "video"), "{name}");
        let manifest = reqwest::get(clips.manifest(name, "dash")).await.unwrap();
        let manifest = manifest.text().await.unwrap();
        assert_eq!(manifest.matches("<AdaptationSet").count(), 1, "{name}: {manifest}");
    }
}

/// Replaces bytes by others of the same length.
fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes.windows(old.len()).position(|it| it == old).unwrap();
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frame_rates_and_colors_are_those_that_players_take() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let fast = "-f lavfi -t 1 -i testsrc2=size=320x180:rate=240";
    make(folder, "fast.mp4", &format!("{fast} {H264}")).await;
    let still = "-f lavfi -t 4 -i testsrc2=size=320x180:rate=30";
    let moves = "-vf select='lt(t\\,0.5)+gt(t\\,3.5)' -fps_mode vfr";
    make(folder, "still.mp4", &format!("{still} {moves} {H264}")).await;
    let green = "-f lavfi -t 0.4 -i color=c=0x00c800:size=320x180:rate=25";
    make(folder, "rgb.mov", &format!("{green} -pix_fmt rgb24 -c:v qtrle")).await;
    for (name, matrix, transfer, primaries) in [
        ("601.mp4", "smpte170m", "smpte170m", "smpte170m"),
        ("2020.mp4", "bt2020nc", "bt2020-10", "bt2020"),
        ("709.mp4", "bt709", "bt709", "bt709"),
        ("601.ts", "smpte170m", "smpte170m", "smpte170m"),
        ("pq.mp4", "bt2020nc", "smpte2084", "bt2020"),
    ] {
        let convert = format!(
            "-vf format=gbrp,zscale=primariesin=709:transferin=709:matrixin=gbr\
             :primaries={primaries}:transfer={transfer}:matrix={matrix}:range=tv,format=yuv420p"
        );
        let tags =
            format!("-colorspace {matrix} -color_trc {transfer} -color_primaries {primaries}");
        make(folder, name, &format!("{green} {convert} {H264} {tags}")).await;
    }
    let names =
        ["fast.mp4", "still.mp4", "rgb.mov", "601.mp4", "2020.mp4", "709.mp4", "601.ts", "pq.mp4"];
    let clips = Clips::upload(folder, &names).await;
    let video = clips.stream("fast.mp4", "video").await;
    assert_eq!(video["avg_frame_rate"], "60/1");
    assert!(video["level"].as_u64().unwrap() <= 42, "{video}");
    assert_eq!(clips.stream("still.mp4", "video").await["avg_frame_rate"], "30/1");
    for name in &names[2..] {
        let video = clips.stream(name, "video").await;
        for tag in ["color_space", "color_transfer", "color_primaries"] {
            assert_eq!(video[tag], "bt709", "{tag} of {name}");
        }
        if *name != "pq.mp4" {
            let shown = color(clips.manifest(name, "hls")).await;
            // Fixtures of 8 bits have few shades of red in the wide color space.
            let is_green = shown[0] < 32 && shown[1].abs_diff(200) < 6 && shown[2] < 32;
            assert!(is_green, "{name} is shown as {shown:?}");
        }
    }
}

/// The renditions of a picture that is not 16:9 differ a little in their shape.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_of_every_shape_play_in_all_renditions() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let sizes = [("phone.mp4", "886x1920"), ("wide.mp4", "854x480"), ("narrow.mp4", "480x640")];
    for (name, size) in sizes {
        make(folder, name, &format!("{} {} {H264} -c:a aac", picture(size, 0.4), tone("2", 0.4)))
            .await;
    }
    let film = format!("-vf setsar=2/1 {H264}");
    make(folder, "anamorphic.mkv", &format!("{} {film}", picture("360x640", 0.4))).await;
    let names = ["phone.mp4", "wide.mp4", "narrow.mp4", "anamorphic.mkv"];
    let clips = Clips::upload(folder, &names).await;
    for (name, shape) in
        names.into_iter().zip([886.0 / 1920.0, 854.0 / 480.0, 480.0 / 640.0, 720.0 / 640.0])
    {
        for format in ["hls", "dash"] {
            let probed = probe(clips.manifest(name, format)).await;
            let streams = probed["streams"].as_array().unwrap().iter();
            let videos: Vec<_> = streams.filter(|it| it["codec_type"] == "video").collect();
            assert!(videos.len() > 1, "{name} as {format} has one rendition");
            for stream in videos {
                let side = |key: &str| stream[key].as_f64().unwrap();
                let shown = side("width") / side("height");
                assert!((shown / shape - 1.0).abs() < 0.01, "{name} as {format}: {stream}");
                let pixel = &stream["sample_aspect_ratio"];
                assert!(pixel.is_null() || *pixel == "1:1", "{name} as {format}: {stream}");
            }
        }
        let manifest = reqwest::get(clips.manifest(name, "dash")).await.unwrap();
        let manifest = manifest.text().await.unwrap();
        let sets = if name == "anamorphic.mkv" { 1 } else { 2 };
        assert_eq!(manifest.matches("<AdaptationSet").count(), sets, "{manifest}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reason_of_a_file_that_is_not_taken_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let small = picture("320x180", 0.4);
    make(folder, "flash.flv", &format!("{small} {H264}")).await;
    make(folder, "photo.jpg", &format!("{small} -frames:v 1")).await;
    make(folder, "photo.mp4", &format!("{small} -frames:v 1 -c:v png -f image2")).await;
    std::fs::write(folder.join("notes.mov"), "%PDF-1.7 ".repeat(100)).unwrap();
    let key = "-encryption_scheme cenc-aes-ctr -encryption_key 76a6c65c5ea762046bd749a2e632ccbb";
    let key = format!("{key} -encryption_kid a7e61c373e219033c21091fa607bf3b8");
    make(folder, "encrypted.mp4", &format!("{small} {H264} {key}")).await;
    let fragments = "-movflags empty_moov+frag_keyframe";
    make(folder, "encrypted-fragments.mp4", &format!("{small} {H264} {key} {fragments}")).await;
    let both = format!("{} {small} -map 0:v -map 1:v {H264}", picture("64x36", 0.4));
    make(folder, "preview.mov", &both).await;

    let names = [
        "flash.flv",
        "photo.jpg",
        "photo.mp4",
        "notes.mov",
        "encrypted.mp4",
        "encrypted-fragments.mp4",
        "preview.mov",
    ];
    let clips = Clips::upload(folder, &names).await;
    clips.check_reason("flash.flv", "unreadable-file", "This kind of file (FLV) is not taken");
    clips.check_reason("photo.jpg", "unreadable-file", "a still picture (JPEG)");
    clips.check_reason("photo.mp4", "unreadable-file", "a still picture (PNG)");
    clips.check_reason("notes.mov", "unreadable-file", "a PDF document");
    for name in ["encrypted.mp4", "encrypted-fragments.mp4"] {
        clips.check_reason(name, "unreadable-file", "The file is encrypted");
    }
    clips.check_reason(
        "preview.mov",
        "preview-first",
        "The first video track, 64×36, is a preview",
    );
}

//! Runs a job with ffmpeg: HLS renditions and frame captures in one pass.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::arguments::{file_arguments, hls_arguments};
use super::clipping::{FrameRange, clipped_frames};
use super::filters::{audio_filter, video_filter};
use super::input_settings::Rotate;
use super::job_error::JobError;
use super::probe::{Probed, Stream};
use super::settings::{JobSettings, OutputGroupSettings};
use crate::ffmpeg;

/// The part of its input that a job reads.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    /// The frames, or all of them.
    frames: Option<FrameRange>,
    /// When the sound starts and ends, in seconds from the begin of the file. If `None`, the sound is as
    /// long as it is in the file.
    sound: Option<(f64, f64)>,
}

/// Runs ffmpeg on the file at a URL. The outputs of group `n` are written to folder `n` in `work`.
///
/// Calls `on_progress` with the share that is done, from 0 to 1.
pub(super) async fn transcode(
    settings: &JobSettings,
    probed: &Probed,
    url: &str,
    work: &Path,
    on_progress: impl Fn(f64),
) -> Result<(), JobError> {
    let video = probed.videos().next();
    let video = video.ok_or_else(|| JobError::new(1030, "the input has no video"))?;
    let internal = |error: std::io::Error| JobError::new(1999, error.to_string());
    if let Some(fault) = video.find_decoding_fault() {
        return Err(JobError::new(1030, fault));
    }
    if probed.is_encrypted() {
        return Err(JobError::new(1030, "the input is encrypted"));
    }
    let part = find_part(settings, probed, video, url).await?;
    let arguments = ffmpeg_arguments(settings, probed, video, part, url, work)?;
    for at in 0..settings.output_groups.len() {
        tokio::fs::create_dir_all(work.join(at.to_string())).await.map_err(internal)?;
    }
    let mut ffmpeg = ffmpeg::command("ffmpeg")
        .args(["-hide_banner", "-nostats", "-loglevel", "error", "-progress", "pipe:1", "-y"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(internal)?;
    let (stdout, stderr) = (ffmpeg.stdout.take(), ffmpeg.stderr.take());
    let messages = async {
        let mut text = Vec::new();
        if let Some(stderr) = stderr {
            // For a damaged file, ffmpeg may write a message for every frame.
            let _ = stderr.take(1 << 20).read_to_end(&mut text).await;
        }
        String::from_utf8_lossy(&text).into_owned()
    };
    let progress = async {
        let Some(stdout) = stdout else { return };
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let time = line.strip_prefix("out_time_us=").and_then(|time| time.parse::<f64>().ok());
            if let (Some(time), Some(seconds)) = (time, probed.seconds()) {
                on_progress((time / 1e6 / seconds).clamp(0.0, 1.0));
            }
        }
    };
    let (status, messages, ()) = tokio::join!(ffmpeg.wait(), messages, progress);
    if status.map_err(internal)?.success() {
        return Ok(());
    }
    let is_reason = |line: &&str| {
        !line.trim().is_empty() && !line.trim_start().starts_with("Last message repeated")
    };
    let reason = messages.lines().rev().find(is_reason);
    Err(JobError::new(1030, reason.unwrap_or("ffmpeg failed without a message")))
}

fn ffmpeg_arguments(
    settings: &JobSettings,
    probed: &Probed,
    video: &Stream,
    part: Part,
    url: &str,
    work: &Path,
) -> Result<Vec<OsString>, JobError> {
    let input = &settings.inputs[0];
    let mut arguments: Vec<OsString> = Vec::new();
    let rotate = input.video_selector.as_ref().map(|it| it.rotate).unwrap_or_default();
    if rotate == Rotate::Not {
        arguments.push("-noautorotate".into());
    }
    arguments.extend(["-i", url].map(OsString::from));

    let outputs = || settings.output_groups.iter().flat_map(|group| &group.outputs);
    let mut filter = video_filter(video, part.frames, &outputs().collect::<Vec<_>>());
    for (at, output) in outputs().enumerate() {
        if let Some(audio) = output.audio_descriptions.first() {
            let selector = &input.audio_selectors[&audio.audio_source_name];
            let _ = write!(filter, ";{}", audio_filter(selector, probed)?);
            if let Some((start, end)) = part.sound {
                // Pads or trims the sound to the duration of the picture.
                let _ = write!(
                    filter,
                    ",aresample=async=1:first_pts=0,apad,atrim=start={start}:end={end},\
                     asetpts=PTS-STARTPTS"
                );
            }
            let _ = write!(filter, "[a{at}]");
        }
    }
    arguments.extend(["-filter_complex".into(), filter.into()]);

    let mut first = 0;
    for (at, group) in settings.output_groups.iter().enumerate() {
        let folder = work.join(at.to_string());
        arguments.extend(match &group.output_group_settings {
            OutputGroupSettings::Hls { hls_group_settings } => {
                hls_arguments(hls_group_settings, &group.outputs, first, &folder)
            }
            OutputGroupSettings::File { file_group_settings } => {
                file_arguments(&file_group_settings.destination, &group.outputs, first, &folder)
            }
        });
        first += group.outputs.len();
    }
    Ok(arguments)
}

/// Finds the part of its input that a job reads, by the clipping of its settings.
async fn find_part(
    settings: &JobSettings,
    probed: &Probed,
    video: &Stream,
    url: &str,
) -> Result<Part, JobError> {
    let input = &settings.inputs[0];
    if input.input_clippings.is_empty() && !settings.matches_audio_to_video() {
        return Ok(Part::default());
    }
    let duration = measure_video(url, video).await?;
    let video_start = probed.video_start();
    let rate = video.frame_rate();
    let rate = rate.ok_or_else(|| JobError::new(1030, "the frame rate is unknown"))?;
    let per_second = f64::from(rate.0) / f64::from(rate.1);
    #[expect(clippy::cast_precision_loss, reason = "an input has fewer than 2^53 frames")]
    let seconds = |frames: u64| frames as f64 / per_second;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let length = (duration * per_second).round() as u64;
    let frames = clipped_frames(input, rate, length)?;
    let (start, end) = frames.map_or((0.0, video_start + duration), |FrameRange { first, end }| {
        (video_start + seconds(first), video_start + seconds(end))
    });
    Ok(Part { frames, sound: Some((start, end)) })
}

/// Measures how long a video is, in seconds, by its packets. Jumps of time stamps do not count.
async fn measure_video(url: &str, video: &Stream) -> Result<f64, JobError> {
    /// The largest step between two frames that is no jump, as in ffmpeg's `-dts_delta_threshold`.
    const MAX_STEP: f64 = 10.0;
    let internal = |error: std::io::Error| JobError::new(1999, error.to_string());
    let output = ffmpeg::command("ffprobe")
        .args(["-loglevel", "quiet", "-select_streams", &video.index.to_string()])
        .args(["-show_entries", "packet=pts_time,dts_time,duration_time", "-of", "csv=p=0", url])
        .output()
        .await
        .map_err(internal)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let packets = text.lines().map(|line| {
        let mut fields = line.split(',').map(|field| field.parse::<f64>().ok());
        let (pts, dts) = (fields.next().flatten(), fields.next().flatten());
        (dts.or(pts), fields.next().flatten().unwrap_or_default())
    });
    let (mut total, mut earlier, mut last) = (0.0, None, 0.0);
    for (time, duration) in packets {
        let Some(time) = time else { continue };
        let step = earlier.map(|earlier: f64| time - earlier);
        total += match step {
            Some(step) if (0.0..MAX_STEP).contains(&step) => step,
            Some(_) => last,
            None => 0.0,
        };
        (earlier, last) = (Some(time), if duration > 0.0 { duration } else { step.unwrap_or(0.0) });
    }
    Ok(total + last)
}

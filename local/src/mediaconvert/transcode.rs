//! Runs a job with ffmpeg: HLS renditions and frame captures in one pass.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::probe::{Probed, Stream};
use super::settings::{
    AudioCodecSettings, AudioSelector, HlsGroupSettings, JobSettings, Output, OutputGroupSettings,
    Rotate, VideoCodecSettings, VideoDescription,
};
use crate::ffmpeg;

/// The gain in decibels that silences a channel.
const SILENCE: i32 = -60;

/// Why a job failed, with MediaConvert's error code.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_error_codes.html>
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct JobError {
    pub(super) code: u32,
    pub(super) message: String,
}

impl JobError {
    pub(super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
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
    let audio_end = if settings.matches_audio_to_video() {
        Some(probed.video_start() + measure_video(url, video).await?)
    } else {
        None
    };
    let arguments = ffmpeg_arguments(settings, probed, video, audio_end, url, work)?;
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
    audio_end: Option<f64>,
    url: &str,
    work: &Path,
) -> Result<Vec<OsString>, JobError> {
    let input = &settings.inputs[0];
    let mut arguments: Vec<OsString> = Vec::new();
    if input.video_selector.rotate == Rotate::Not {
        arguments.push("-noautorotate".into());
    }
    arguments.extend(["-i", url].map(OsString::from));

    let outputs = || settings.output_groups.iter().flat_map(|group| &group.outputs);
    let mut filter = video_filter(video, &outputs().collect::<Vec<_>>());
    for (at, output) in outputs().enumerate() {
        if let Some(audio) = output.audio_descriptions.first() {
            let selector = &input.audio_selectors[&audio.audio_source_name];
            let _ = write!(filter, ";{}", audio_filter(selector, probed)?);
            if let Some(end) = audio_end {
                // Pads or trims the sound to the duration of the picture.
                let _ = write!(filter, ",aresample=async=1:first_pts=0,apad,atrim=end={end}");
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
            OutputGroupSettings::File { file_group_settings } => capture_arguments(
                &file_group_settings.destination,
                &group.outputs[0],
                first,
                &folder,
            ),
        });
        first += group.outputs.len();
    }
    Ok(arguments)
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

/// The filter for the video of each output, labeled `v0`, `v1` and so on.
fn video_filter(video: &Stream, outputs: &[&Output]) -> String {
    let mut filter = format!("[0:{}]", video.index);
    if outputs.iter().any(|it| it.video_description.video_preprocessors.deinterlacer.is_some()) {
        filter.push_str("yadif=deint=interlaced,");
    }
    // MediaConvert converts a variable frame rate to a constant one.
    let specified = outputs.iter().find_map(|it| it.video_description.specified_frame_rate());
    if let Some((numerator, denominator)) = specified.or_else(|| video.frame_rate()) {
        let _ = write!(filter, "fps={numerator}/{denominator},");
    }
    if outputs.iter().any(|it| it.video_description.video_preprocessors.color_corrector.is_some()) {
        filter.push_str(&to_bt709(video));
    }
    let labels: String = (0..outputs.len()).map(|at| format!("[s{at}]")).collect();
    let _ = write!(filter, "format=yuv420p,split={}{labels}", outputs.len());
    for (at, output) in outputs.iter().enumerate() {
        let VideoDescription { width, height, codec_settings, .. } = &output.video_description;
        let _ = write!(filter, ";[s{at}]");
        if let VideoCodecSettings::FrameCapture { frame_capture_settings: it } = codec_settings {
            let seconds = f64::from(it.framerate_denominator) / f64::from(it.framerate_numerator);
            let _ = write!(filter, "select='gte(t-start_t,selected_n*{seconds})',");
        }
        let (colors, shape) = match codec_settings {
            VideoCodecSettings::H264 { h264_settings: it } => {
                ("", format!("{}/{}", it.par_numerator, it.par_denominator))
            }
            // JPEG has the matrix of BT.601.
            VideoCodecSettings::FrameCapture { .. } => (":out_color_matrix=bt601", "1".to_owned()),
        };
        let _ = write!(filter, "scale={width}:{height}{colors},setsar={shape}[v{at}]");
    }
    filter
}

/// The filter that converts colors to BT.709, and says so in the stream.
fn to_bt709(video: &Stream) -> String {
    let known =
        |name: &Option<String>| name.clone().filter(|it| it != "unknown" && it != "reserved");
    let matrix = if video.is_rgb() { Some("gbr".to_owned()) } else { known(&video.color_space) };
    let (primaries, transfer) = (known(&video.color_primaries), known(&video.color_transfer));
    let is_wide = primaries.as_deref() == Some("bt2020")
        || matches!(transfer.as_deref(), Some("smpte2084" | "arib-std-b67"));
    let matrix = matrix.unwrap_or(if is_wide { "bt2020nc" } else { "bt709" }.to_owned());
    // Of the primaries, the matrix tells which are meant.
    let primaries = primaries.unwrap_or_else(|| match &*matrix {
        "bt2020nc" | "bt2020c" => "bt2020".to_owned(),
        "bt470bg" | "smpte170m" | "smpte240m" => matrix.clone(),
        _ => "bt709".to_owned(),
    });
    let input = format!("matrixin={matrix}:primariesin={primaries}");
    if let Some(transfer @ ("smpte2084" | "arib-std-b67")) = transfer.as_deref() {
        return format!(
            "zscale={input}:transferin={transfer}:transfer=linear:npl=100,format=gbrpf32le,\
             zscale=primaries=bt709,tonemap=tonemap=hable:desat=0,\
             zscale=transfer=bt709:matrix=bt709:primaries=bt709:range=tv,"
        );
    }
    // The transfer characteristics of all cameras are about those of BT.709. To convert them would
    // change the brightness.
    format!("zscale={input}:transferin=bt709:transfer=bt709:matrix=bt709:primaries=bt709:range=tv,")
}

/// The filter for the audio of a selector, mixed to stereo.
fn audio_filter(selector: &AudioSelector, probed: &Probed) -> Result<String, JobError> {
    let mut filter = String::new();
    let mut channels = 0;
    let tracks = selector
        .tracks
        .iter()
        .map(|track| (track, track.checked_sub(1).and_then(|at| probed.audios().nth(at))));
    let streams = selector
        .streams
        .iter()
        .map(|number| (number, probed.stream(*number).filter(|stream| stream.is_audio())));
    let selected: Vec<_> = tracks.chain(streams).collect();
    for (number, stream) in &selected {
        let stream =
            stream.ok_or_else(|| JobError::new(1040, format!("audio track {number} not found")))?;
        if let Some(fault) = stream.find_decoding_fault() {
            return Err(JobError::new(1030, fault));
        }
        channels += stream.channels.unwrap_or(2);
        let _ = write!(filter, "[0:{}]", stream.index);
    }
    if selected.len() > 1 {
        let _ = write!(filter, "amerge=inputs={},", selected.len());
    }
    if let Some(remix) = &selector.remix_settings {
        filter.push_str("pan=stereo");
        for (at, output) in remix.channel_mapping.output_channels.iter().enumerate() {
            let audible =
                output.input_channels.iter().enumerate().filter(|(_, gain)| SILENCE < **gain);
            let terms: Vec<_> = audible
                .map(|(channel, gain)| {
                    format!("{}*c{channel}", 10f64.powf(f64::from(*gain) / 20.0))
                })
                .collect();
            let _ = write!(filter, "|c{at}={}", terms.join("+"));
            if output.input_channels.len() != channels as usize {
                let count = output.input_channels.len();
                let message = format!("the audio has {channels} channels, not {count}");
                return Err(JobError::new(1040, message));
            }
        }
        filter.push(',');
    }
    filter.push_str("aformat=channel_layouts=stereo");
    Ok(filter)
}

/// The arguments for an HLS group. `first` is the label of its first output.
fn hls_arguments(
    hls: &HlsGroupSettings,
    outputs: &[Output],
    first: usize,
    folder: &Path,
) -> Vec<OsString> {
    let name = base_name(&hls.destination);
    let mut arguments: Vec<OsString> = Vec::new();
    let mut push = |option: String, value: String| arguments.extend([option.into(), value.into()]);
    let mut streams = Vec::new();
    for (at, output) in outputs.iter().enumerate() {
        let label = first + at;
        push("-map".into(), format!("[v{label}]"));
        let modifier = &output.name_modifier;
        if let Some(audio) = output.audio_descriptions.first() {
            let AudioCodecSettings::Aac { aac_settings: aac } = &audio.codec_settings;
            push("-map".into(), format!("[a{label}]"));
            push(format!("-b:a:{at}"), aac.bitrate.to_string());
            push(format!("-ar:a:{at}"), aac.sample_rate.to_string());
            streams.push(format!("v:{at},a:{at},name:{modifier}"));
        } else {
            streams.push(format!("v:{at},name:{modifier}"));
        }
        let VideoCodecSettings::H264 { h264_settings: h264 } =
            &output.video_description.codec_settings
        else {
            continue;
        };
        // Maps the quality levels of QVBR to x264's useful range of quality.
        let quality = 38 - 2 * u32::from(h264.qvbr_settings.qvbr_quality_level.clamp(1, 10));
        push(format!("-crf:v:{at}"), quality.to_string());
        push(format!("-maxrate:v:{at}"), h264.max_bitrate.to_string());
        push(format!("-bufsize:v:{at}"), (2 * h264.max_bitrate).to_string());
        push(
            format!("-force_key_frames:v:{at}"),
            format!("expr:gte(t,n_forced*{})", h264.gop_size),
        );
    }
    let fixed = [
        ("-c:v", "libx264"),
        ("-preset", "ultrafast"),
        ("-profile:v", "high"),
        // Features of the profile that the fastest preset turns off.
        ("-x264-params", "cabac=1:8x8dct=1"),
        ("-sc_threshold", "0"),
        ("-c:a", "aac"),
        ("-f", "hls"),
        ("-hls_playlist_type", "vod"),
        ("-hls_flags", "independent_segments"),
        ("-start_number", "1"),
    ];
    for (option, value) in fixed {
        push(option.into(), value.into());
    }
    push("-hls_time".into(), hls.segment_length.to_string());
    push("-var_stream_map".into(), streams.join(" "));
    push("-master_pl_name".into(), format!("{name}.m3u8"));
    let segments = folder.join(format!("{name}%v_%05d.ts"));
    arguments.extend(["-hls_segment_filename".into(), segments.into()]);
    arguments.push(folder.join(format!("{name}%v.m3u8")).into());
    arguments
}

/// The arguments for a frame capture. Its files are numbered from 0.
fn capture_arguments(
    destination: &str,
    output: &Output,
    label: usize,
    folder: &Path,
) -> Vec<OsString> {
    let VideoCodecSettings::FrameCapture { frame_capture_settings: capture } =
        &output.video_description.codec_settings
    else {
        return Vec::new();
    };
    // ffmpeg's quality scale is from 2, the best, to 31.
    let quality = 2 + (100 - u32::from(capture.quality.min(100))) * 29 / 99;
    let name = format!("{}{}.%07d.jpg", base_name(destination), output.name_modifier);
    [
        "-map".into(),
        format!("[v{label}]").into(),
        "-fps_mode".into(),
        "passthrough".into(),
        "-frames:v".into(),
        capture.max_captures.to_string().into(),
        "-c:v".into(),
        "mjpeg".into(),
        "-pix_fmt".into(),
        "yuvj420p".into(),
        "-q:v".into(),
        quality.to_string().into(),
        "-start_number".into(),
        "0".into(),
        "-f".into(),
        "image2".into(),
        folder.join(name).into(),
    ]
    .into()
}

/// The last part of a destination, with which the names of its files begin.
fn base_name(destination: &str) -> &str {
    destination.rsplit('/').next().unwrap_or_default()
}

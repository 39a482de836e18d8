//! The ffmpeg arguments of a job's outputs.

use std::ffi::OsString;
use std::path::Path;

use super::audio_settings::{AacSettings, AudioCodecSettings};
use super::caption_settings::CaptionDestination;
use super::hls_settings::HlsGroupSettings;
use super::settings::{
    FrameCaptureSettings, H264Settings, MoovPlacement, Output, VideoCodecSettings,
};

/// The arguments for an HLS group. `first` is the label of its first output.
pub(super) fn hls_arguments(
    hls: &HlsGroupSettings,
    outputs: &[Output],
    first: usize,
    folder: &Path,
) -> Vec<OsString> {
    let name = base_name(&hls.destination);
    let mut arguments: Vec<OsString> = Vec::new();
    let mut push = |option: String, value: String| arguments.extend([option.into(), value.into()]);
    let mut streams = Vec::new();
    // With a group, ffmpeg counts the sounds into the bit rates and codecs of the pictures.
    let is_separate =
        |it: &Output| it.video_description.is_none() && !it.audio_descriptions.is_empty();
    let group = if outputs.iter().any(is_separate) { ",agroup:sounds" } else { "" };
    let (mut videos, mut audios) = (0, 0);
    for (at, output) in outputs.iter().enumerate() {
        let label = first + at;
        let mut parts = Vec::new();
        if let Some(VideoCodecSettings::H264 { h264_settings: h264 }) = output.codec() {
            push("-map".into(), format!("[v{label}]"));
            push(format!("-crf:v:{videos}"), x264_quality(h264).to_string());
            push(format!("-maxrate:v:{videos}"), h264.max_bitrate.to_string());
            push(format!("-bufsize:v:{videos}"), (2 * h264.max_bitrate).to_string());
            push(format!("-a53cc:v:{videos}"), embedded_captions(output).into());
            push(
                format!("-force_key_frames:v:{videos}"),
                format!("expr:gte(t,n_forced*{})", h264.gop_size),
            );
            parts.push(format!("v:{videos}"));
            videos += 1;
        }
        if let Some(aac) = aac_settings(output) {
            push("-map".into(), format!("[a{label}]"));
            push(format!("-b:a:{audios}"), aac.bitrate.to_string());
            push(format!("-ar:a:{audios}"), aac.sample_rate.to_string());
            parts.push(format!("a:{audios}"));
            audios += 1;
        }
        if !parts.is_empty() {
            let group = if parts.len() == 1 { group } else { "" };
            streams.push(format!("{}{group},name:{}", parts.join(","), output.name_modifier));
        }
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

/// The arguments for a file group. `first` is the label of its first output.
pub(super) fn file_arguments(
    destination: &str,
    outputs: &[Output],
    first: usize,
    folder: &Path,
) -> Vec<OsString> {
    let arguments = outputs.iter().enumerate().flat_map(|(at, output)| {
        let label = first + at;
        match output.codec() {
            Some(VideoCodecSettings::H264 { h264_settings }) => {
                mp4_arguments(destination, output, h264_settings, label, folder)
            }
            Some(VideoCodecSettings::FrameCapture { frame_capture_settings }) => {
                capture_arguments(destination, output, frame_capture_settings, label, folder)
            }
            None => Vec::new(),
        }
    });
    arguments.collect()
}

/// The arguments for an MP4 file.
fn mp4_arguments(
    destination: &str,
    output: &Output,
    h264: &H264Settings,
    label: usize,
    folder: &Path,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut push = |option: &str, value: String| arguments.extend([option.into(), value.into()]);
    push("-map", format!("[v{label}]"));
    push("-c:v", "libx264".into());
    push("-preset", "ultrafast".into());
    push("-profile:v", "high".into());
    push("-x264-params", "cabac=1:8x8dct=1".into());
    push("-fps_mode", "passthrough".into());
    push("-sc_threshold", "0".into());
    push("-crf", x264_quality(h264).to_string());
    push("-maxrate", h264.max_bitrate.to_string());
    push("-bufsize", (2 * h264.max_bitrate).to_string());
    push("-force_key_frames", format!("expr:gte(t,n_forced*{})", h264.gop_size));
    push("-a53cc", embedded_captions(output).into());
    if let Some(aac) = aac_settings(output) {
        push("-map", format!("[a{label}]"));
        push("-c:a", "aac".into());
        push("-b:a", aac.bitrate.to_string());
        push("-ar", aac.sample_rate.to_string());
    }
    let moov = output.container_settings.mp4_settings.as_ref().map(|it| it.moov_placement);
    if moov.unwrap_or_default() == MoovPlacement::ProgressiveDownload {
        push("-movflags", "+faststart".into());
    }
    push("-f", "mp4".into());
    arguments.push(folder.join(output.file_name(base_name(destination))).into());
    arguments
}

/// The arguments for a frame capture. Its files are numbered from 0.
fn capture_arguments(
    destination: &str,
    output: &Output,
    capture: &FrameCaptureSettings,
    label: usize,
    folder: &Path,
) -> Vec<OsString> {
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

fn aac_settings(output: &Output) -> Option<&AacSettings> {
    let AudioCodecSettings::Aac { aac_settings } =
        &output.audio_descriptions.first()?.codec_settings;
    Some(aac_settings)
}

/// Whether the captions in the pictures stay there. MediaConvert drops them if no caption description
/// asks for them.
///
/// Each frame carries a part of the captions. A lower frame rate loses the parts of the frames that it
/// drops; MediaConvert is expected to keep them.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/embedded-output-captions.html>
fn embedded_captions(output: &Output) -> &'static str {
    let is_embedded = |it: &CaptionDestination| matches!(it, CaptionDestination::Embedded {});
    let mut captions = output.caption_descriptions.iter();
    if captions.any(|it| is_embedded(&it.destination_settings)) { "1" } else { "0" }
}

/// Maps the quality levels of QVBR to x264's useful range of quality.
fn x264_quality(h264: &H264Settings) -> u32 {
    38 - 2 * u32::from(h264.qvbr_settings.qvbr_quality_level.clamp(1, 10))
}

/// The last part of a destination, with which the names of its files begin.
pub(super) fn base_name(destination: &str) -> &str {
    destination.rsplit('/').next().unwrap_or_default()
}

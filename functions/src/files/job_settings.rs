//! Builds the settings of the MediaConvert job that makes a clip's files.

use aws_sdk_mediaconvert::types::{
    AacCodingMode, AacSettings, AudioCodec, AudioCodecSettings, AudioDefaultSelection,
    AudioDescription, AudioSelector, AudioSelectorType, ContainerSettings, ContainerType,
    FileGroupSettings, FrameCaptureSettings, H264CodecProfile, H264FramerateControl,
    H264GopSizeUnits, H264ParControl, H264QualityTuningLevel, H264QvbrSettings,
    H264RateControlMode, H264SceneChangeDetect, H264Settings, HlsRenditionGroupSettings, Input,
    InputClipping, InputTimecodeSource, JobSettings, Mp4MoovPlacement, Mp4Settings, Output,
    OutputGroup, OutputGroupSettings, OutputGroupType, TimecodeConfig, TimecodeSource, VideoCodec,
    VideoCodecSettings, VideoDescription,
};
use chrono::TimeDelta;

use super::plan::FilesPlan;
use crate::asset::{BestRendition, RenditionSound};
use crate::clip::{FileKinds, FrameRate, POSTER_MODIFIER, SOURCE_MODIFIER, THUMBNAIL_MODIFIER};

const AUDIO_SELECTOR: &str = "Audio Selector 1";
/// The height of a poster at most, and of a thumbnail, in pixels.
const MAX_POSTER_HEIGHT: u32 = 720;
const THUMBNAIL_HEIGHT: u32 = 180;
/// The height of the MP4 of a job that makes only pictures.
const COMPANION_HEIGHT: u32 = 180;
const JPEG_QUALITY: i32 = 80;
/// The most bits per pixel of an MP4. QVBR takes fewer if the picture is simple.
const MAX_BITS_PER_PIXEL: f64 = 0.2;
const VIDEO_QUALITY: i32 = 8;
const GOP_SECONDS: f64 = 2.0;
const AUDIO_BITS_PER_SECOND: i32 = 128_000;
const SAMPLE_RATE: i32 = 48_000;

/// Builds the settings of a job that reads the multivariant manifest at `input`.
///
/// MediaConvert makes no pictures alone. If only pictures are wanted, the job also makes a small MP4 that
/// nothing names.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/file-group-with-frame-capture-output.html>
pub(super) fn build(
    kinds: FileKinds,
    plan: &FilesPlan,
    rendition: &BestRendition,
    input: &str,
    destination: &str,
) -> JobSettings {
    let group = OutputGroupSettings::builder()
        .r#type(OutputGroupType::FileGroupSettings)
        .file_group_settings(FileGroupSettings::builder().destination(destination).build());
    let (count, interval) = plan.thumbnails();
    let full_size = kinds == FileKinds::All;
    let size = if full_size {
        (rendition.width, rendition.height)
    } else {
        scale(rendition, COMPANION_HEIGHT)
    };
    let outputs = OutputGroup::builder()
        .name("Files")
        .output_group_settings(group.build())
        .outputs(mp4_output(rendition, size))
        // The first capture is the first frame, the second one is in the middle.
        .outputs(capture_output(
            POSTER_MODIFIER,
            scale(rendition, MAX_POSTER_HEIGHT),
            2,
            plan.poster_time(),
        ))
        .outputs(capture_output(
            THUMBNAIL_MODIFIER,
            scale(rendition, THUMBNAIL_HEIGHT),
            count,
            interval,
        ));
    JobSettings::builder()
        .timecode_config(TimecodeConfig::builder().source(TimecodeSource::Zerobased).build())
        .inputs(build_input(plan, rendition, input))
        .output_groups(outputs.build())
        .build()
}

fn build_input(plan: &FilesPlan, rendition: &BestRendition, url: &str) -> Input {
    let timecode = |frame: Option<i64>| frame.map(|it| format_timecode(it, rendition.frame_rate));
    let is_cut = plan.first.is_some() || plan.last.is_some();
    let clipping = InputClipping::builder()
        .set_start_timecode(timecode(plan.first))
        .set_end_timecode(timecode(plan.last))
        .build();
    let selector = match &rendition.sound {
        RenditionSound::Silent => None,
        RenditionSound::Muxed => {
            let selector = AudioSelector::builder().selector_type(AudioSelectorType::Track);
            Some(selector.tracks(1).default_selection(AudioDefaultSelection::Default).build())
        }
        RenditionSound::Rendition { group, name } => {
            let rendition = HlsRenditionGroupSettings::builder()
                .rendition_group_id(group)
                .rendition_name(name)
                .build();
            let selector =
                AudioSelector::builder().selector_type(AudioSelectorType::HlsRenditionGroup);
            Some(selector.hls_rendition_group_settings(rendition).build())
        }
    };
    Input::builder()
        .file_input(url)
        .timecode_source(InputTimecodeSource::Zerobased)
        .set_input_clippings(is_cut.then(|| vec![clipping]))
        .set_audio_selectors(selector.map(|it| [(AUDIO_SELECTOR.to_owned(), it)].into()))
        .build()
}

/// The timecode of a frame. Timecodes without dropped frames have 30 frames in a second of 29.97.
fn format_timecode(frame: i64, rate: FrameRate) -> String {
    let per_second = i64::from(rate.numerator().div_ceil(rate.denominator()));
    let (seconds, frames) = (frame / per_second, frame % per_second);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}:{frames:02}", seconds % 60)
}

fn mp4_output(rendition: &BestRendition, (width, height): (u32, u32)) -> Output {
    let pixels = f64::from(width) * f64::from(height) * rendition.frame_rate.as_f64();
    #[expect(clippy::cast_possible_truncation, reason = "clamped to MediaConvert's bounds")]
    let max_bitrate = (pixels * MAX_BITS_PER_PIXEL).clamp(200_000.0, 50_000_000.0) as i32;
    let h264 = H264Settings::builder()
        .codec_profile(H264CodecProfile::High)
        .rate_control_mode(H264RateControlMode::Qvbr)
        .quality_tuning_level(H264QualityTuningLevel::SinglePassHq)
        .qvbr_settings(H264QvbrSettings::builder().qvbr_quality_level(VIDEO_QUALITY).build())
        .max_bitrate(max_bitrate)
        .framerate_control(H264FramerateControl::InitializeFromSource)
        .gop_size(GOP_SECONDS)
        .gop_size_units(H264GopSizeUnits::Seconds)
        .gop_closed_cadence(1)
        .scene_change_detect(H264SceneChangeDetect::Disabled)
        .par_control(H264ParControl::Specified)
        .par_numerator(1)
        .par_denominator(1);
    let codec =
        VideoCodecSettings::builder().codec(VideoCodec::H264).h264_settings(h264.build()).build();
    let mp4 = Mp4Settings::builder().moov_placement(Mp4MoovPlacement::ProgressiveDownload).build();
    let container = ContainerSettings::builder().container(ContainerType::Mp4).mp4_settings(mp4);
    let audio = (rendition.sound != RenditionSound::Silent).then(|| vec![audio_description()]);
    Output::builder()
        .name_modifier(SOURCE_MODIFIER)
        .extension("mp4")
        .container_settings(container.build())
        .video_description(video_description((width, height), codec))
        .set_audio_descriptions(audio)
        .build()
}

fn capture_output(modifier: &str, size: (u32, u32), count: u32, interval: TimeDelta) -> Output {
    let milliseconds = i32::try_from(interval.num_milliseconds()).unwrap_or(i32::MAX);
    let captures = FrameCaptureSettings::builder()
        .framerate_numerator(1000)
        .framerate_denominator(milliseconds.max(1))
        .max_captures(i32::try_from(count).unwrap_or(i32::MAX))
        .quality(JPEG_QUALITY);
    let codec = VideoCodecSettings::builder()
        .codec(VideoCodec::FrameCapture)
        .frame_capture_settings(captures.build())
        .build();
    Output::builder()
        .name_modifier(modifier)
        .extension("jpg")
        .container_settings(ContainerSettings::builder().container(ContainerType::Raw).build())
        .video_description(video_description(size, codec))
        .build()
}

fn video_description((width, height): (u32, u32), codec: VideoCodecSettings) -> VideoDescription {
    let side = |length: u32| i32::try_from(length).unwrap_or(i32::MAX);
    VideoDescription::builder()
        .width(side(width))
        .height(side(height))
        .codec_settings(codec)
        .build()
}

fn audio_description() -> AudioDescription {
    let aac = AacSettings::builder()
        .bitrate(AUDIO_BITS_PER_SECOND)
        .sample_rate(SAMPLE_RATE)
        .coding_mode(AacCodingMode::CodingMode20);
    let codec =
        AudioCodecSettings::builder().codec(AudioCodec::Aac).aac_settings(aac.build()).build();
    AudioDescription::builder().audio_source_name(AUDIO_SELECTOR).codec_settings(codec).build()
}

/// The size of a rendition at this height at most. Both sides are even.
fn scale(rendition: &BestRendition, max_height: u32) -> (u32, u32) {
    let height = rendition.height.min(max_height) / 2 * 2;
    let half = u64::from(rendition.width) * u64::from(height) / (2 * u64::from(rendition.height));
    let width = u32::try_from(2 * half).unwrap_or(u32::MAX);
    (width.max(32), height.max(32))
}

//! The common settings of MediaConvert jobs.

use aws_sdk_mediaconvert::types::builders::AudioDescriptionBuilder;
use aws_sdk_mediaconvert::types::{
    AacCodingMode, AacSettings, AudioCodec, AudioCodecSettings, AudioDescription,
    CmfcAudioDuration, ContainerSettings, ContainerType, FileGroupSettings, FrameCaptureSettings,
    H264CodecProfile, H264FramerateControl, H264GopSizeUnits, H264ParControl,
    H264QualityTuningLevel, H264QvbrSettings, H264RateControlMode, H264SceneChangeDetect,
    H264Settings, Input, InputClipping, InputTimecodeSource, Mp4MoovPlacement, Mp4Settings, Output,
    OutputGroup, OutputGroupSettings, OutputGroupType, Rectangle, VideoCodec, VideoCodecSettings,
    VideoDescription,
};
use chrono::TimeDelta;

use super::ladder::Size;
use super::tracks::{audio_selectors, caption_selectors, media_captions, sound_selectors};
use crate::asset::BestRendition;
use crate::clip::FrameRate;

/// The most bits per pixel of an MP4. QVBR takes fewer if the picture is simple.
const MAX_BITS_PER_PIXEL: f64 = 0.2;
const MP4_QUALITY: i32 = 8;
const MP4_GOP_SECONDS: f64 = 2.0;
const MP4_AUDIO_BITRATE: i32 = 128_000;
const MP4_SAMPLE_RATE: i32 = 48_000;

/// The picture of an output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Picture {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The part of the source that is shown: x, y, width and height. `None` for all of it.
    pub(crate) crop: Option<[u32; 4]>,
}

impl From<Size> for Picture {
    fn from(size: Size) -> Self {
        let to_pixels = |side: i32| u32::try_from(side).unwrap_or_default();
        Self { width: to_pixels(size.width), height: to_pixels(size.height), crop: None }
    }
}

/// Builds an input that reads a clip's multivariant manifest, from one timecode to another. Both frames
/// belong to the input. The job reads all sounds and captions of `media`.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/assembling-multiple-inputs-and-input-clips.html>
pub(crate) fn media_input(
    url: &str,
    media: &BestRendition,
    start_timecode: Option<String>,
    end_timecode: Option<String>,
) -> Input {
    let is_cut = start_timecode.is_some() || end_timecode.is_some();
    let clipping = InputClipping::builder()
        .set_start_timecode(start_timecode)
        .set_end_timecode(end_timecode)
        .build();
    Input::builder()
        .file_input(url)
        .timecode_source(InputTimecodeSource::Zerobased)
        .set_input_clippings(is_cut.then(|| vec![clipping]))
        .set_audio_selectors(audio_selectors(sound_selectors(&media.sound)))
        .set_caption_selectors(caption_selectors(media_captions(media)))
        .build()
}

/// Builds an MP4 that starts to play before all of it is loaded.
pub(crate) fn mp4_output(
    modifier: Option<&str>,
    picture: Picture,
    rate: FrameRate,
    has_sound: bool,
) -> Output {
    let pixels = f64::from(picture.width) * f64::from(picture.height) * rate.as_f64();
    #[expect(clippy::cast_possible_truncation, reason = "clamped to MediaConvert's bounds")]
    let max_bitrate = (pixels * MAX_BITS_PER_PIXEL).clamp(200_000.0, 50_000_000.0) as i32;
    let mp4 = Mp4Settings::builder()
        .audio_duration(CmfcAudioDuration::MatchVideoDuration)
        .moov_placement(Mp4MoovPlacement::ProgressiveDownload);
    let container =
        ContainerSettings::builder().container(ContainerType::Mp4).mp4_settings(mp4.build());
    let codec = h264(MP4_QUALITY, max_bitrate, MP4_GOP_SECONDS, None);
    let audio = has_sound.then(|| vec![stereo(0, MP4_AUDIO_BITRATE, MP4_SAMPLE_RATE).build()]);
    Output::builder()
        .set_name_modifier(modifier.map(str::to_owned))
        .extension("mp4")
        .container_settings(container.build())
        .video_description(video_description(picture, codec))
        .set_audio_descriptions(audio)
        .build()
}

/// Builds an output that captures pictures.
pub(crate) fn captures_output(
    modifier: &str,
    picture: Picture,
    captures: VideoCodecSettings,
) -> Output {
    Output::builder()
        .name_modifier(modifier)
        .extension("jpg")
        .container_settings(ContainerSettings::builder().container(ContainerType::Raw).build())
        .video_description(video_description(picture, captures))
        .build()
}

/// Builds a picture of the source, or of a part of it.
pub(crate) fn video_description(picture: Picture, codec: VideoCodecSettings) -> VideoDescription {
    let crop = picture.crop.map(|[x, y, width, height]| {
        Rectangle::builder()
            .x(to_pixels(x))
            .y(to_pixels(y))
            .width(to_pixels(width))
            .height(to_pixels(height))
            .build()
    });
    VideoDescription::builder()
        .width(to_pixels(picture.width))
        .height(to_pixels(picture.height))
        .set_crop(crop)
        .codec_settings(codec)
        .build()
}

fn to_pixels(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}

/// Builds a group of files with names that begin with `destination`.
pub(crate) fn file_group(name: &str, destination: &str, outputs: Vec<Output>) -> OutputGroup {
    let group = OutputGroupSettings::builder()
        .r#type(OutputGroupType::FileGroupSettings)
        .file_group_settings(FileGroupSettings::builder().destination(destination).build());
    OutputGroup::builder()
        .name(name)
        .output_group_settings(group.build())
        .set_outputs(Some(outputs))
        .build()
}

/// Builds H.264 of constant quality. Without a frame rate, that of the source stays.
pub(crate) fn h264(
    quality: i32,
    max_bitrate: i32,
    gop_seconds: f64,
    frame_rate: Option<(i32, i32)>,
) -> VideoCodecSettings {
    let settings = H264Settings::builder()
        .codec_profile(H264CodecProfile::High)
        .rate_control_mode(H264RateControlMode::Qvbr)
        .quality_tuning_level(H264QualityTuningLevel::SinglePassHq)
        .qvbr_settings(H264QvbrSettings::builder().qvbr_quality_level(quality).build())
        .max_bitrate(max_bitrate)
        .framerate_control(match frame_rate {
            None => H264FramerateControl::InitializeFromSource,
            Some(_) => H264FramerateControl::Specified,
        })
        .set_framerate_numerator(frame_rate.map(|(numerator, _)| numerator))
        .set_framerate_denominator(frame_rate.map(|(_, denominator)| denominator))
        .gop_size(gop_seconds)
        .gop_size_units(H264GopSizeUnits::Seconds)
        .gop_closed_cadence(1)
        // Segments start at key frames, so all renditions must have theirs at the same times.
        .scene_change_detect(H264SceneChangeDetect::Disabled)
        .par_control(H264ParControl::Specified)
        .par_numerator(1)
        .par_denominator(1);
    VideoCodecSettings::builder().codec(VideoCodec::H264).h264_settings(settings.build()).build()
}

/// The name of an audio selector, by its number from 0.
pub(super) fn audio_selector_name(at: usize) -> String {
    format!("Audio Selector {}", at + 1)
}

/// Builds the stereo sound of an audio selector, by its number from 0.
pub(super) fn stereo(at: usize, bitrate: i32, sample_rate: i32) -> AudioDescriptionBuilder {
    let aac = AacSettings::builder()
        .bitrate(bitrate)
        .sample_rate(sample_rate)
        .coding_mode(AacCodingMode::CodingMode20);
    let codec =
        AudioCodecSettings::builder().codec(AudioCodec::Aac).aac_settings(aac.build()).build();
    AudioDescription::builder().audio_source_name(audio_selector_name(at)).codec_settings(codec)
}

/// Captures a picture at the start, and another one after each interval.
pub(crate) fn captures(count: u32, interval: TimeDelta, quality: i32) -> VideoCodecSettings {
    let milliseconds = i32::try_from(interval.num_milliseconds()).unwrap_or(i32::MAX);
    let captures = FrameCaptureSettings::builder()
        .framerate_numerator(1000)
        .framerate_denominator(milliseconds.max(1))
        .max_captures(i32::try_from(count).unwrap_or(i32::MAX))
        .quality(quality);
    VideoCodecSettings::builder()
        .codec(VideoCodec::FrameCapture)
        .frame_capture_settings(captures.build())
        .build()
}

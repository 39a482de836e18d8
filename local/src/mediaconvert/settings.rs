//! The settings of a MediaConvert job that the stand-in supports.
//!
//! Every other setting of MediaConvert is rejected by name, so that no job succeeds here whose result
//! on AWS would be different.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::audio_settings::AudioDescription;
use super::caption_settings::{CaptionDescription, CaptionDestination};
use super::hls_settings::{HlsGroupSettings, OutputSettings};
use super::input_settings::{Input, TimecodeSource};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct JobSettings {
    pub(super) inputs: Vec<Input>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timecode_config: Option<TimecodeConfig>,
    pub(super) output_groups: Vec<OutputGroup>,
}

impl JobSettings {
    /// The names of the caption selectors whose words the outputs need.
    pub(super) fn selectors_of_words(&self) -> BTreeSet<&str> {
        let outputs = self.output_groups.iter().flat_map(|group| &group.outputs);
        let captions = outputs.flat_map(|output| &output.caption_descriptions);
        let needed = captions.filter(|it| it.destination_settings.needs_words());
        needed.map(|it| it.caption_selector_name.as_str()).collect()
    }

    /// Whether the sound of the outputs lasts as long as the picture.
    pub(super) fn matches_audio_to_video(&self) -> bool {
        let outputs = self.output_groups.iter().flat_map(|group| &group.outputs);
        let audible = outputs.filter(|output| !output.audio_descriptions.is_empty());
        let mut durations = audible.filter_map(|it| it.container_settings.audio_duration());
        durations.any(|it| it == AudioDuration::MatchVideoDuration)
    }
}

/// How the timecodes of the outputs begin.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TimecodeConfig {
    source: TimecodeSource,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "MediaConvert's names")]
pub(super) struct OutputGroup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    pub(super) output_group_settings: OutputGroupSettings,
    pub(super) outputs: Vec<Output>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub(super) enum OutputGroupSettings {
    #[serde(rename = "HLS_GROUP_SETTINGS", rename_all = "camelCase")]
    Hls { hls_group_settings: HlsGroupSettings },
    #[serde(rename = "FILE_GROUP_SETTINGS", rename_all = "camelCase")]
    File { file_group_settings: FileGroupSettings },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FileGroupSettings {
    pub(super) destination: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "MediaConvert's names")]
pub(super) struct Output {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name_modifier: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) extension: Option<String>,
    pub(super) container_settings: ContainerSettings,
    /// The picture. An output without a picture has one sound, or one track of captions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) video_description: Option<VideoDescription>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) audio_descriptions: Vec<AudioDescription>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) caption_descriptions: Vec<CaptionDescription>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) output_settings: Option<OutputSettings>,
}

impl Output {
    /// The name of an output that is one file.
    pub(super) fn file_name(&self, base: &str) -> String {
        let default = match self.captions() {
            Some(CaptionDescription {
                destination_settings: CaptionDestination::Srt { .. },
                ..
            }) => "srt",
            Some(_) => "vtt",
            None => "mp4",
        };
        let extension = self.extension.as_deref().unwrap_or(default);
        format!("{base}{}.{extension}", self.name_modifier)
    }

    pub(super) fn codec(&self) -> Option<&VideoCodecSettings> {
        self.video_description.as_ref().map(|it| &it.codec_settings)
    }

    /// The captions of an output that has nothing else.
    pub(super) fn captions(&self) -> Option<&CaptionDescription> {
        let has_others = self.video_description.is_some() || !self.audio_descriptions.is_empty();
        self.caption_descriptions.first().filter(|_| !has_others)
    }

    /// The frame rate as a fraction, if it is not the frame rate of the input.
    pub(super) fn specified_frame_rate(&self) -> Option<(u32, u32)> {
        self.video_description.as_ref()?.specified_frame_rate()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ContainerSettings {
    pub(super) container: Container,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) m3u8_settings: Option<M3u8Settings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mp4_settings: Option<Mp4Settings>,
}

impl ContainerSettings {
    fn audio_duration(&self) -> Option<AudioDuration> {
        let segmented = self.m3u8_settings.as_ref().map(|it| it.audio_duration);
        segmented.or(self.mp4_settings.as_ref().and_then(|it| it.audio_duration))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct M3u8Settings {
    pub(super) audio_duration: AudioDuration,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Mp4Settings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audio_duration: Option<AudioDuration>,
    #[serde(default)]
    pub(super) moov_placement: MoovPlacement,
}

/// Where the index of an MP4 file lies. A player can start at once if it lies at the begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum MoovPlacement {
    #[default]
    ProgressiveDownload,
    Normal,
}

/// Whether the sound lasts as long as its codec makes it, or as long as the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum AudioDuration {
    DefaultCodecDuration,
    MatchVideoDuration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Container {
    M3u8,
    Mp4,
    Raw,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VideoDescription {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The part of the input's picture that the output shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crop: Option<Rectangle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) video_preprocessors: Option<VideoPreprocessors>,
    pub(super) codec_settings: VideoCodecSettings,
}

impl VideoDescription {
    /// The frame rate as a fraction, if it is not the frame rate of the input.
    pub(super) fn specified_frame_rate(&self) -> Option<(u32, u32)> {
        let VideoCodecSettings::H264 { h264_settings: it } = &self.codec_settings else {
            return None;
        };
        Some((it.framerate_numerator?, it.framerate_denominator?))
    }
}

/// A part of a picture, in pixels.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rectangle {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VideoPreprocessors {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deinterlacer: Option<Deinterlacer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) color_corrector: Option<ColorCorrector>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Deinterlacer {
    algorithm: DeinterlaceAlgorithm,
    mode: DeinterlacerMode,
    control: DeinterlacerControl,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum DeinterlaceAlgorithm {
    Interpolate,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum DeinterlacerMode {
    Deinterlace,
}

/// Only interlaced frames are deinterlaced.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum DeinterlacerControl {
    Normal,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ColorCorrector {
    color_space_conversion: ColorSpaceConversion,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum ColorSpaceConversion {
    #[serde(rename = "FORCE_709")]
    Force709,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "codec", deny_unknown_fields)]
pub(super) enum VideoCodecSettings {
    #[serde(rename = "H_264", rename_all = "camelCase")]
    H264 { h264_settings: H264Settings },
    #[serde(rename = "FRAME_CAPTURE", rename_all = "camelCase")]
    FrameCapture { frame_capture_settings: FrameCaptureSettings },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct H264Settings {
    codec_profile: CodecProfile,
    rate_control_mode: RateControlMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quality_tuning_level: Option<QualityTuningLevel>,
    pub(super) qvbr_settings: QvbrSettings,
    pub(super) max_bitrate: u32,
    pub(super) framerate_control: FramerateControl,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) framerate_numerator: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) framerate_denominator: Option<u32>,
    pub(super) gop_size: f64,
    gop_size_units: GopSizeUnits,
    gop_closed_cadence: u8,
    scene_change_detect: SceneChangeDetect,
    par_control: ParControl,
    pub(super) par_numerator: u32,
    pub(super) par_denominator: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum CodecProfile {
    High,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum RateControlMode {
    Qvbr,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum QualityTuningLevel {
    SinglePass,
    SinglePassHq,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct QvbrSettings {
    pub(super) qvbr_quality_level: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum FramerateControl {
    InitializeFromSource,
    Specified,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum GopSizeUnits {
    Seconds,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum SceneChangeDetect {
    Disabled,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum ParControl {
    Specified,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FrameCaptureSettings {
    pub(super) framerate_numerator: u32,
    pub(super) framerate_denominator: u32,
    pub(super) max_captures: u32,
    pub(super) quality: u8,
}

//! The settings of a MediaConvert job, as far as the stand-in does what they say.
//!
//! Whatever else MediaConvert has is refused by name: a job must not pass here that would come
//! out otherwise on AWS.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::wire::AwsError;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct JobSettings {
    pub(super) inputs: Vec<Input>,
    pub(super) output_groups: Vec<OutputGroup>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "MediaConvert's names")]
pub(super) struct Input {
    pub(super) file_input: String,
    /// Only clippings use it, and there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timecode_source: Option<TimecodeSource>,
    #[serde(default)]
    pub(super) video_selector: VideoSelector,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) audio_selectors: BTreeMap<String, AudioSelector>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum TimecodeSource {
    Zerobased,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VideoSelector {
    #[serde(default)]
    pub(super) rotate: Rotate,
}

/// As the file says, or not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Rotate {
    #[default]
    #[serde(rename = "DEGREE_0")]
    Not,
    #[serde(rename = "AUTO")]
    Auto,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AudioSelector {
    selector_type: SelectorType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_selection: Option<DefaultSelection>,
    /// Counted from 1.
    pub(super) tracks: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) remix_settings: Option<RemixSettings>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum SelectorType {
    Track,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DefaultSelection {
    Default,
    NotDefault,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RemixSettings {
    channels_in: usize,
    channels_out: usize,
    pub(super) channel_mapping: ChannelMapping,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChannelMapping {
    pub(super) output_channels: Vec<OutputChannel>,
}

/// The gain of each channel that goes in, in decibels; -60 is silence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OutputChannel {
    pub(super) input_channels: Vec<i32>,
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
pub(super) struct HlsGroupSettings {
    pub(super) destination: String,
    pub(super) segment_length: u32,
    /// Whether a last segment that is shorter joins the one before it: 0 is no.
    min_segment_length: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segment_control: Option<SegmentControl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory_structure: Option<DirectoryStructure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest_duration_format: Option<DurationFormat>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum SegmentControl {
    SegmentedFiles,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DirectoryStructure {
    SingleDirectory,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum DurationFormat {
    FloatingPoint,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FileGroupSettings {
    pub(super) destination: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Output {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) name_modifier: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extension: Option<String>,
    container_settings: ContainerSettings,
    pub(super) video_description: VideoDescription,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) audio_descriptions: Vec<AudioDescription>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ContainerSettings {
    container: Container,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Container {
    M3u8,
    Raw,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VideoDescription {
    pub(super) width: u32,
    pub(super) height: u32,
    #[serde(default)]
    pub(super) video_preprocessors: VideoPreprocessors,
    pub(super) codec_settings: VideoCodecSettings,
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

/// Only frames that are interlaced.
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
    framerate_control: FramerateControl,
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

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FramerateControl {
    InitializeFromSource,
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

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AudioDescription {
    pub(super) audio_source_name: String,
    pub(super) codec_settings: AudioCodecSettings,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "codec", deny_unknown_fields)]
pub(super) enum AudioCodecSettings {
    #[serde(rename = "AAC", rename_all = "camelCase")]
    Aac { aac_settings: AacSettings },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AacSettings {
    pub(super) bitrate: u32,
    pub(super) sample_rate: u32,
    coding_mode: CodingMode,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum CodingMode {
    #[serde(rename = "CODING_MODE_2_0")]
    Stereo,
}

impl JobSettings {
    /// Checks what makes CreateJob refuse settings that are well-formed.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        let refuse = |what: String| Err(AwsError::bad_request(what));
        let [input] = self.inputs.as_slice() else {
            return refuse(format!(
                "/inputs: the stand-in takes one input, not {}",
                self.inputs.len()
            ));
        };
        for (name, selector) in &input.audio_selectors {
            let out = selector.remix_settings.as_ref();
            let fits = out.is_none_or(|remix| {
                let outputs = &remix.channel_mapping.output_channels;
                outputs.len() == remix.channels_out
                    && outputs.iter().all(|it| it.input_channels.len() == remix.channels_in)
            });
            if !fits {
                return refuse(format!(
                    "/inputs/0/audioSelectors/{name}/remixSettings: the channels do not add up"
                ));
            }
        }
        let mut has_renditions = false;
        for (at, group) in self.output_groups.iter().enumerate() {
            let here = format!("/outputGroups/{at}");
            let (destination, container) = match &group.output_group_settings {
                OutputGroupSettings::Hls { hls_group_settings: hls } => {
                    (&hls.destination, Container::M3u8)
                }
                OutputGroupSettings::File { file_group_settings: file } => {
                    (&file.destination, Container::Raw)
                }
            };
            if object_of(destination).is_none() {
                return refuse(format!("{here}: {destination:?} is not s3://<bucket>/<base name>"));
            }
            let modifiers: BTreeSet<_> = group.outputs.iter().map(|it| &it.name_modifier).collect();
            if modifiers.len() < group.outputs.len() || group.outputs.is_empty() {
                return refuse(format!("{here}/outputs: each needs a nameModifier of its own"));
            }
            for output in &group.outputs {
                let is_capture = matches!(
                    output.video_description.codec_settings,
                    VideoCodecSettings::FrameCapture { .. }
                );
                if output.container_settings.container != container
                    || is_capture != (container == Container::Raw)
                {
                    return refuse(format!("{here}/outputs: container and codec do not fit"));
                }
                if is_capture && !output.audio_descriptions.is_empty() {
                    return refuse(format!("{here}/outputs: frame captures have no sound"));
                }
                for audio in &output.audio_descriptions {
                    let name = &audio.audio_source_name;
                    if !input.audio_selectors.contains_key(name) {
                        return refuse(format!("{here}/outputs: there is no selector {name:?}"));
                    }
                }
                if let Some(fault) = output.out_of_bounds() {
                    return refuse(format!("{here}/outputs: {fault}"));
                }
                let VideoDescription { width, height, .. } = output.video_description;
                let fits = |side: u32| (32..=8192).contains(&side) && side.is_multiple_of(2);
                if !fits(width) || !fits(height) {
                    return refuse(format!("{here}/outputs: no picture has {width}x{height}"));
                }
                has_renditions |= !is_capture;
            }
        }
        if !has_renditions {
            // <https://docs.aws.amazon.com/mediaconvert/latest/ug/file-group-with-frame-capture-output.html>
            return refuse("/outputGroups: frame captures need another output beside them".into());
        }
        Ok(())
    }
}

impl Output {
    /// The first number that is not within the bounds of MediaConvert's model.
    fn out_of_bounds(&self) -> Option<String> {
        let mut numbers = match &self.video_description.codec_settings {
            VideoCodecSettings::H264 { h264_settings: it } => vec![
                ("qvbrQualityLevel", it.qvbr_settings.qvbr_quality_level.into(), 1..=10),
                ("maxBitrate", it.max_bitrate, 1000..=1_152_000_000),
                ("parNumerator", it.par_numerator, 1..=i32::MAX.unsigned_abs()),
                ("parDenominator", it.par_denominator, 1..=i32::MAX.unsigned_abs()),
            ],
            VideoCodecSettings::FrameCapture { frame_capture_settings: it } => vec![
                ("framerateNumerator", it.framerate_numerator, 1..=i32::MAX.unsigned_abs()),
                ("framerateDenominator", it.framerate_denominator, 1..=i32::MAX.unsigned_abs()),
                ("maxCaptures", it.max_captures, 1..=10_000_000),
                ("quality", it.quality.into(), 1..=100),
            ],
        };
        for audio in &self.audio_descriptions {
            let AudioCodecSettings::Aac { aac_settings: it } = &audio.codec_settings;
            numbers.push(("bitrate", it.bitrate, 6000..=1_024_000));
            numbers.push(("sampleRate", it.sample_rate, 8000..=96_000));
        }
        let fault = numbers.into_iter().find(|(_, number, bounds)| !bounds.contains(number));
        fault.map(|(name, number, bounds)| {
            format!("{name} is {number}, and not from {} to {}", bounds.start(), bounds.end())
        })
    }
}

/// Bucket and key of an `s3://` URL.
pub(super) fn object_of(url: &str) -> Option<(&str, &str)> {
    let (bucket, key) = url.strip_prefix("s3://")?.split_once('/')?;
    (!bucket.is_empty() && !key.is_empty() && !key.ends_with('/')).then_some((bucket, key))
}

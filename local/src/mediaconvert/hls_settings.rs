//! The settings of an HLS group and of its outputs that the stand-in supports.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HlsGroupSettings {
    pub(super) destination: String,
    pub(super) segment_length: u32,
    /// With 0, a short last segment stays a segment of its own.
    min_segment_length: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    segment_control: Option<SegmentControl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory_structure: Option<DirectoryStructure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manifest_duration_format: Option<DurationFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) caption_segment_length_control: Option<CaptionSegmentLength>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) caption_language_setting: Option<CaptionLanguageSetting>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) caption_language_mappings: Vec<CaptionLanguageMapping>,
}

/// Segments of captions end where those of the video do. MediaConvert's default, segments of 300 s, is
/// not supported.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum CaptionSegmentLength {
    MatchVideo,
}

/// Whether the multivariant manifest announces embedded captions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum CaptionLanguageSetting {
    /// A line for each mapping.
    Insert,
    /// Nothing.
    Omit,
    /// That there are none.
    None,
}

/// The language of a channel of embedded captions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaptionLanguageMapping {
    pub(super) caption_channel: i32,
    /// Three letters.
    pub(super) custom_language_code: String,
    pub(super) language_description: String,
}

/// The settings of an output that depend on the type of its group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OutputSettings {
    pub(super) hls_settings: HlsSettings,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "MediaConvert's names")]
pub(super) struct HlsSettings {
    /// The rendition group to which a sound belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) audio_group_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) audio_track_type: Option<AudioTrackType>,
    /// The rendition group of the sounds of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) audio_rendition_sets: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum AudioTrackType {
    AlternateAudioAutoSelectDefault,
    AlternateAudioAutoSelect,
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

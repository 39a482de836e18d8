//! The settings of a job's input that the stand-in supports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::caption_settings::CaptionSelector;
use super::timecode::Timecode;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "MediaConvert's names")]
pub(super) struct Input {
    pub(super) file_input: String,
    /// Which timecodes the clippings refer to. Without it, MediaConvert takes the timecodes that are
    /// embedded in the video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timecode_source: Option<TimecodeSource>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) input_clippings: Vec<InputClipping>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) video_selector: Option<VideoSelector>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) audio_selectors: BTreeMap<String, AudioSelector>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) caption_selectors: BTreeMap<String, CaptionSelector>,
}

impl Input {
    /// The sounds with playlists of their own that the selectors name, each once.
    pub(super) fn separate_sounds(&self) -> Vec<&HlsRenditionGroupSettings> {
        let mut found = Vec::new();
        let selectors = self.audio_selectors.values();
        for sound in selectors.filter_map(|it| it.hls_rendition_group_settings.as_ref()) {
            if !found.contains(&sound) {
                found.push(sound);
            }
        }
        found
    }

    /// Whether a selector names a sound or captions with a playlist of their own.
    pub(super) fn has_rendition_groups(&self) -> bool {
        let has_group =
            |it: &CaptionSelector| it.source_settings.webvtt_hls_source_settings.is_some();
        !self.separate_sounds().is_empty() || self.caption_selectors.values().any(has_group)
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum TimecodeSource {
    /// The first frame has the timecode 00:00:00:00.
    Zerobased,
}

/// The part of an input that a job reads. Both frames belong to the part.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InputClipping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) start_timecode: Option<Timecode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end_timecode: Option<Timecode>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VideoSelector {
    #[serde(default)]
    pub(super) rotate: Rotate,
}

/// Whether the video is rotated as the file's metadata says.
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
    pub(super) selector_type: SelectorType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_selection: Option<DefaultSelection>,
    /// The numbers of the audio tracks, counted from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tracks: Vec<usize>,
    /// The numbers of audio tracks among all tracks, counted from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) streams: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hls_rendition_group_settings: Option<HlsRenditionGroupSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) remix_settings: Option<RemixSettings>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum SelectorType {
    Track,
    Stream,
    /// A sound that has a playlist of its own.
    HlsRenditionGroup,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct HlsRenditionGroupSettings {
    pub(super) rendition_group_id: String,
    pub(super) rendition_name: String,
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
    pub(super) channels_in: usize,
    pub(super) channels_out: usize,
    pub(super) channel_mapping: ChannelMapping,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ChannelMapping {
    pub(super) output_channels: Vec<OutputChannel>,
}

/// The gain of each input channel in decibels. -60 is silence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct OutputChannel {
    pub(super) input_channels: Vec<i32>,
}

/// The inputs as the event INPUT_INFORMATION lists them. Their ids are counted from 1.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/ev_status_input_information.html>
pub(super) fn describe_inputs(inputs: &[Input]) -> Vec<Value> {
    let describe = |(id, input): (usize, &Input)| json!({ "id": id, "uri": input.file_input });
    (1..).zip(inputs).map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_input_is_described_by_its_number_and_its_url() {
        let input = |url: &str| serde_json::from_value(json!({ "fileInput": url })).unwrap();
        let inputs = [input("s3://clips/a.m3u8"), input("s3://clips/b.m3u8")];
        let expected = json!([
            { "id": 1, "uri": "s3://clips/a.m3u8" },
            { "id": 2, "uri": "s3://clips/b.m3u8" },
        ]);
        assert_eq!(json!(describe_inputs(&inputs)), expected);
    }
}

//! The settings of the sound of an output that the stand-in supports.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AudioDescription {
    pub(super) audio_source_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language_code_control: Option<LanguageCodeControl>,
    /// Two or three letters, and further subtags of RFC 5646.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) custom_language_code: Option<String>,
    /// The name of the sound in a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stream_name: Option<String>,
    pub(super) codec_settings: AudioCodecSettings,
}

/// The language is the configured one, whatever the input says.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum LanguageCodeControl {
    UseConfigured,
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

impl AacSettings {
    /// The length of a sound that has a playlist of its own: whole frames, no longer than the picture.
    /// ffmpeg's playlist counts a part of a frame as a part, and the frame plays as a whole.
    pub(super) fn whole_frames(&self, seconds: f64) -> f64 {
        let frame = SAMPLES_PER_FRAME / f64::from(self.sample_rate);
        (seconds / frame).floor() * frame
    }
}

/// The samples of a frame of AAC.
const SAMPLES_PER_FRAME: f64 = 1024.0;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum CodingMode {
    #[serde(rename = "CODING_MODE_2_0")]
    Stereo,
}

//! The settings of captions that the stand-in supports: where they come from, and where they go.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/including-captions.html>

use serde::{Deserialize, Serialize};

/// Selects the captions of an input.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaptionSelector {
    pub(super) source_settings: CaptionSource,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaptionSource {
    pub(super) source_type: CaptionSourceType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file_source_settings: Option<FileSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) embedded_source_settings: Option<EmbeddedSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) webvtt_hls_source_settings: Option<WebvttHlsSource>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum CaptionSourceType {
    Srt,
    Webvtt,
    Ttml,
    /// CEA-608 in the pictures.
    Embedded,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FileSource {
    /// An `s3://` URL.
    pub(super) source_file: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EmbeddedSource {
    /// The channel from which words are extracted. It does not matter if captions stay in the pictures.
    #[serde(rename = "source608ChannelNumber", default, skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<u8>,
    #[serde(rename = "source608TrackNumber", default, skip_serializing_if = "Option::is_none")]
    pub(super) track: Option<u8>,
}

/// Captions that have a playlist of their own in an HLS input.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/WebVTT-in-HLS.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WebvttHlsSource {
    pub(super) rendition_group_id: String,
    pub(super) rendition_name: String,
}

/// The captions of an output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaptionDescription {
    pub(super) caption_selector_name: String,
    /// Two or three letters, and further subtags of RFC 5646.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) custom_language_code: Option<String>,
    /// The name of the captions in a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) language_description: Option<String>,
    pub(super) destination_settings: CaptionDestination,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "destinationType", deny_unknown_fields)]
pub(super) enum CaptionDestination {
    #[serde(rename = "WEBVTT", rename_all = "camelCase")]
    Webvtt {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        webvtt_destination_settings: Option<TextSettings>,
    },
    #[serde(rename = "SRT", rename_all = "camelCase")]
    Srt {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        srt_destination_settings: Option<TextSettings>,
    },
    /// The captions stay in the pictures.
    #[serde(rename = "EMBEDDED")]
    Embedded {},
    /// The words are drawn into the pictures.
    #[serde(rename = "BURN_IN", rename_all = "camelCase")]
    BurnIn {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        burnin_destination_settings: Option<BurnInSettings>,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TextSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    style_passthrough: Option<StylePassthrough>,
}

/// The styles and the positions of the source are dropped.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum StylePassthrough {
    Disabled,
}

/// How words are drawn into pictures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BurnInSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alignment: Option<Alignment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) background_color: Option<BoxColor>,
    /// From 0, transparent, to 255.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) background_opacity: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) font_color: Option<Color>,
    /// From 0, transparent, to 255.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) font_opacity: Option<u8>,
    /// In pixels. 0 is MediaConvert's choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) font_size: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) outline_color: Option<Color>,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) outline_size: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    style_passthrough: Option<StylePassthrough>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Alignment {
    Centered,
    Left,
    Auto,
}

/// The color of the box behind words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum BoxColor {
    None,
    #[default]
    Auto,
    Black,
    White,
}

/// The color of words or of their outline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Color {
    #[default]
    Auto,
    Black,
    White,
    Yellow,
    Red,
    Green,
    Blue,
}

impl CaptionDestination {
    /// Whether the words are needed, and not only the pictures that carry them.
    pub(super) fn needs_words(&self) -> bool {
        !matches!(self, Self::Embedded {})
    }
}

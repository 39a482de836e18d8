//! The sounds and captions that a job reads from its inputs and writes to its outputs.

use std::collections::HashMap;

use aws_sdk_mediaconvert::types::{
    AudioDefaultSelection, AudioLanguageCodeControl, AudioSelector, AudioSelectorType,
    CaptionDescription, CaptionDestinationSettings, CaptionDestinationType, CaptionSelector,
    CaptionSourceSettings, CaptionSourceType, ContainerSettings, ContainerType,
    EmbeddedSourceSettings, FileSourceSettings, HlsAudioTrackType, HlsCaptionLanguageMapping,
    HlsRenditionGroupSettings, HlsSettings, Output, OutputSettings, WebvttHlsSourceSettings,
};

use super::hls_output::m3u8_with_matching_sound;
use super::ladder::Audio;
use super::settings::{audio_selector_name, stereo};
use crate::asset::{BestRendition, ClosedCaptions, RenditionSound, TrackRendition};
use crate::clip::{Language, TrackLabel};

/// The sounds and captions that a job writes beside its pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OutputTracks {
    /// The default one first. A single one is part of every rendition.
    pub(crate) sounds: Vec<TrackLabel>,
    /// Each becomes a WebVTT rendition.
    pub(crate) captions: Vec<TrackLabel>,
    /// Whether captions in the video stay there.
    pub(crate) keeps_embedded: bool,
    /// Those of them that the manifest announces.
    pub(crate) closed_captions: Vec<ClosedCaptions>,
}

/// The rendition group of sounds.
const SOUNDS: &str = "audio";

impl OutputTracks {
    /// The tracks of media that a job reads, by the selectors of [`media_input`](super::media_input).
    pub(crate) fn of_media(media: &BestRendition) -> Self {
        let sounds = match &media.sound {
            RenditionSound::Silent => Vec::new(),
            RenditionSound::Muxed => vec![TrackLabel { name: String::new(), language: None }],
            RenditionSound::Separate(sounds) => sounds.iter().map(|it| it.label.clone()).collect(),
        };
        let captions = media.captions.iter().map(|it| it.label.clone()).collect();
        Self {
            sounds,
            captions,
            keeps_embedded: media.has_embedded_captions,
            closed_captions: media.closed_captions.clone(),
        }
    }

    pub(super) fn has_separate_sounds(&self) -> bool {
        self.sounds.len() > 1
    }

    /// The name of the captions selector of the channels that stay in the video.
    fn embedded_selector_name(&self) -> String {
        caption_selector_name(self.captions.len())
    }

    /// The settings by which a rendition of an HLS group refers to its sounds.
    pub(super) fn rendition_settings(&self) -> Option<OutputSettings> {
        self.has_separate_sounds()
            .then(|| hls_settings(HlsSettings::builder().audio_rendition_sets(SOUNDS).build()))
    }

    /// Keeps the captions that are in the video. MediaConvert passes all channels on.
    /// <https://docs.aws.amazon.com/mediaconvert/latest/ug/embedded-output-captions.html>
    pub(super) fn embedded_captions(&self) -> Option<Vec<CaptionDescription>> {
        if !self.keeps_embedded {
            return None;
        }
        let destination = CaptionDestinationSettings::builder()
            .destination_type(CaptionDestinationType::Embedded);
        let description = CaptionDescription::builder()
            .caption_selector_name(self.embedded_selector_name())
            .destination_settings(destination.build());
        Some(vec![description.build()])
    }

    /// Announces the captions in the video. Their languages have three capital letters.
    /// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
    pub(super) fn language_mappings(&self) -> Option<Vec<HlsCaptionLanguageMapping>> {
        let mapping = |captions: &ClosedCaptions| {
            HlsCaptionLanguageMapping::builder()
                .caption_channel(captions.channel.into())
                .set_custom_language_code(three_letter_code(&captions.label))
                .language_description(&captions.label.name)
                .build()
        };
        let mappings: Vec<_> = self.closed_captions.iter().map(mapping).collect();
        (!mappings.is_empty()).then_some(mappings)
    }

    /// The outputs of an HLS group that have no picture.
    pub(super) fn hls_outputs(&self, audio: &Audio) -> Vec<Output> {
        let sounds = self.sounds.iter().enumerate().filter(|_| self.has_separate_sounds());
        let sounds = sounds.map(|(at, label)| sound_output(audio, at, label));
        let captions = self.captions.iter().enumerate();
        sounds.chain(captions.map(|(at, label)| captions_output(at, label))).collect()
    }
}

fn three_letter_code(label: &TrackLabel) -> Option<String> {
    let language: Language = label.language.as_ref()?.parse().ok()?;
    language.three_letter_code().map(str::to_uppercase)
}

/// A sound of its own. <https://docs.aws.amazon.com/mediaconvert/latest/ug/hls-alternate-audio.html>
fn sound_output(audio: &Audio, at: usize, label: &TrackLabel) -> Output {
    let track_type = if at == 0 {
        HlsAudioTrackType::AlternateAudioAutoSelectDefault
    } else {
        HlsAudioTrackType::AlternateAudioAutoSelect
    };
    let settings = HlsSettings::builder().audio_group_id(SOUNDS).audio_track_type(track_type);
    let description = stereo(at, audio.bitrate, audio.sample_rate)
        .stream_name(&label.name)
        .set_language_code_control(
            label.language.as_ref().map(|_| AudioLanguageCodeControl::UseConfigured),
        )
        .set_custom_language_code(label.language.clone());
    Output::builder()
        .name_modifier(format!("_sound_{}", at + 1))
        .container_settings(m3u8_with_matching_sound())
        .audio_descriptions(description.build())
        .output_settings(hls_settings(settings.build()))
        .build()
}

/// Captions of their own.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/ttml-and-webvtt-output-captions.html>
fn captions_output(at: usize, label: &TrackLabel) -> Output {
    let destination =
        CaptionDestinationSettings::builder().destination_type(CaptionDestinationType::Webvtt);
    Output::builder()
        .name_modifier(format!("_captions_{}", at + 1))
        .container_settings(ContainerSettings::builder().container(ContainerType::M3U8).build())
        .caption_descriptions(caption_description(at, label, destination.build()))
        .output_settings(hls_settings(HlsSettings::builder().build()))
        .build()
}

/// Writes the captions of selector number `at`, counted from 0.
pub(crate) fn caption_description(
    at: usize,
    label: &TrackLabel,
    destination: CaptionDestinationSettings,
) -> CaptionDescription {
    CaptionDescription::builder()
        .caption_selector_name(caption_selector_name(at))
        .language_description(&label.name)
        .set_custom_language_code(label.language.clone())
        .destination_settings(destination)
        .build()
}

fn hls_settings(settings: HlsSettings) -> OutputSettings {
    OutputSettings::builder().hls_settings(settings).build()
}

/// Names selectors by their order.
pub(crate) fn audio_selectors(
    selectors: impl IntoIterator<Item = AudioSelector>,
) -> Option<HashMap<String, AudioSelector>> {
    let named = selectors.into_iter().enumerate();
    let named: HashMap<_, _> = named.map(|(at, it)| (audio_selector_name(at), it)).collect();
    (!named.is_empty()).then_some(named)
}

/// Names selectors by their order.
pub(crate) fn caption_selectors(
    sources: impl IntoIterator<Item = CaptionSourceSettings>,
) -> Option<HashMap<String, CaptionSelector>> {
    let selector = |source| CaptionSelector::builder().source_settings(source).build();
    let named = sources.into_iter().enumerate();
    let named: HashMap<_, _> =
        named.map(|(at, source)| (caption_selector_name(at), selector(source))).collect();
    (!named.is_empty()).then_some(named)
}

fn caption_selector_name(at: usize) -> String {
    format!("Captions Selector {}", at + 1)
}

/// Selects each sound of a clip's media.
pub(super) fn sound_selectors(sound: &RenditionSound) -> Vec<AudioSelector> {
    match sound {
        RenditionSound::Silent => Vec::new(),
        RenditionSound::Muxed => {
            let selector = AudioSelector::builder().selector_type(AudioSelectorType::Track);
            vec![selector.tracks(1).default_selection(AudioDefaultSelection::Default).build()]
        }
        RenditionSound::Separate(sounds) => {
            let select = |TrackRendition { group, label }: &TrackRendition| {
                let rendition = HlsRenditionGroupSettings::builder()
                    .rendition_group_id(group)
                    .rendition_name(&label.name)
                    .build();
                AudioSelector::builder()
                    .selector_type(AudioSelectorType::HlsRenditionGroup)
                    .hls_rendition_group_settings(rendition)
                    .build()
            };
            sounds.iter().map(select).collect()
        }
    }
}

/// Selects the captions of a clip's media, and those that stay in its video.
pub(super) fn media_captions(media: &BestRendition) -> Vec<CaptionSourceSettings> {
    let renditions = media.captions.iter().map(rendition_source);
    // MediaConvert passes all channels on, whichever is selected.
    let channel = media.closed_captions.first().map_or(1, |it| it.channel);
    renditions.chain(media.has_embedded_captions.then(|| embedded_source(channel))).collect()
}

/// The captions of a clip's media as texts: those of its renditions or, if there are none, those in its
/// video.
pub(crate) fn captions_of(media: &BestRendition) -> Vec<(TrackLabel, CaptionSourceSettings)> {
    let renditions = media.captions.iter().map(|it| (it.label.clone(), rendition_source(it)));
    let channels = media.closed_captions.iter().filter(|_| media.captions.is_empty());
    let channels = channels
        .map(|ClosedCaptions { channel, label }| (label.clone(), embedded_source(*channel)));
    renditions.chain(channels).collect()
}

/// Captions in a rendition of a clip's media.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/WebVTT-in-HLS.html>
fn rendition_source(TrackRendition { group, label }: &TrackRendition) -> CaptionSourceSettings {
    let rendition = WebvttHlsSourceSettings::builder()
        .rendition_group_id(group)
        .rendition_name(&label.name)
        .build();
    CaptionSourceSettings::builder()
        .source_type(CaptionSourceType::Webvtt)
        .webvtt_hls_source_settings(rendition)
        .build()
}

/// Captions of CEA-608 in the video of an input.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/embedded.html>
pub(crate) fn embedded_source(channel: u8) -> CaptionSourceSettings {
    let embedded = EmbeddedSourceSettings::builder()
        .source608_channel_number(channel.into())
        .source608_track_number(1)
        .build();
    CaptionSourceSettings::builder()
        .source_type(CaptionSourceType::Embedded)
        .embedded_source_settings(embedded)
        .build()
}

/// Captions in a file beside an input.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/sidecar-input.html>
pub(crate) fn file_source(kind: CaptionSourceType, url: &str) -> CaptionSourceSettings {
    CaptionSourceSettings::builder()
        .source_type(kind)
        .file_source_settings(FileSourceSettings::builder().source_file(url).build())
        .build()
}

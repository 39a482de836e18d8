//! The rules by which CreateJob rejects captions, and sounds that have playlists of their own.

use std::collections::BTreeSet;

use super::caption_settings::{
    BurnInSettings, CaptionDescription, CaptionDestination, CaptionSource, CaptionSourceType,
    FileSource,
};
use super::files::parse_s3_url;
use super::hls_settings::{AudioTrackType, CaptionLanguageSetting, HlsGroupSettings, HlsSettings};
use super::input_settings::Input;
use super::multivariant::hls_settings;
use super::settings::{Output, VideoCodecSettings};
use crate::aws_protocol::AwsError;

/// The extensions of caption files, in small or capital letters.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
const EXTENSIONS: [&str; 9] = ["scc", "ttml", "dfxp", "stl", "srt", "xml", "smi", "vtt", "webvtt"];

impl Input {
    pub(super) fn check_caption_selectors(&self, at: usize) -> Result<(), AwsError> {
        for (name, selector) in &self.caption_selectors {
            if let Some(fault) = selector.source_settings.find_fault() {
                let here = format!("/inputs/{at}/captionSelectors/{name}/sourceSettings");
                return Err(AwsError::bad_request(format!("{here}: {fault}")));
            }
        }
        Ok(())
    }
}

impl CaptionSource {
    fn find_fault(&self) -> Option<String> {
        let given = (
            self.file_source_settings.as_ref(),
            self.embedded_source_settings.as_ref(),
            self.webvtt_hls_source_settings.is_some(),
        );
        match (self.source_type, given) {
            (CaptionSourceType::Embedded, (None, None, false))
            | (CaptionSourceType::Webvtt, (None, None, true)) => None,
            (CaptionSourceType::Embedded, (None, Some(embedded), false)) => {
                let is_channel = embedded.channel.is_none_or(|it| (1..=4).contains(&it));
                let is_track = embedded.track.is_none_or(|it| it == 1);
                (!is_channel || !is_track).then(|| {
                    "source608ChannelNumber is not from 1 to 4, or source608TrackNumber is not 1"
                        .to_owned()
                })
            }
            (
                CaptionSourceType::Srt | CaptionSourceType::Webvtt | CaptionSourceType::Ttml,
                (Some(FileSource { source_file }), None, false),
            ) => {
                let extension = source_file.rsplit_once('.').map(|(_, it)| it).unwrap_or_default();
                let is_known =
                    EXTENSIONS.iter().any(|it| extension == *it || extension == it.to_uppercase());
                (!is_known || parse_s3_url(source_file).is_none()).then(|| {
                    format!("{source_file:?} is not s3://<bucket>/<key> of a caption file")
                })
            }
            _ => Some(
                "needs fileSourceSettings for SRT, TTML and WEBVTT, webvttHlsSourceSettings for \
                 WEBVTT of an HLS input, or embeddedSourceSettings for EMBEDDED"
                    .to_owned(),
            ),
        }
    }
}

impl Output {
    /// Returns the fault in the parts of an output: pictures, sound and captions.
    pub(super) fn find_parts_fault(&self, is_hls: bool) -> Option<String> {
        let (sounds, captions) = (self.audio_descriptions.len(), self.caption_descriptions.len());
        let fault = match self.codec() {
            _ if sounds > 1 => "/audioDescriptions: the stand-in supports one sound in an output",
            Some(VideoCodecSettings::FrameCapture { .. }) if sounds > 0 => {
                ": a frame capture cannot have audio"
            }
            Some(VideoCodecSettings::FrameCapture { .. }) if captions > 0 => {
                ": the stand-in supports no captions in a frame capture"
            }
            None if sounds + captions == 0 => {
                ": needs videoDescription, audioDescriptions or captionDescriptions"
            }
            None if sounds + captions > 1 => {
                ": without videoDescription, an output has one sound or one track of captions"
            }
            None if sounds > 0 && !is_hls => {
                ": the stand-in supports audio without video in HLS groups only"
            }
            _ => return None,
        };
        Some(fault.to_owned())
    }

    /// Returns the fault in the captions of an output.
    pub(super) fn find_caption_fault(&self, is_hls: bool, inputs: &[Input]) -> Option<String> {
        let descriptions = &self.caption_descriptions;
        let is_burnt_in = |it: &&CaptionDescription| {
            matches!(it.destination_settings, CaptionDestination::BurnIn { .. })
        };
        if descriptions.iter().filter(is_burnt_in).count() > 1 {
            return Some("/captionDescriptions: an output can have one BURN_IN".to_owned());
        }
        for (at, description) in descriptions.iter().enumerate() {
            let fault = description.find_fault(self.video_description.is_some(), is_hls, inputs);
            if let Some(fault) = fault {
                return Some(format!("/captionDescriptions/{at}{fault}"));
            }
        }
        None
    }
}

impl CaptionDescription {
    fn find_fault(&self, has_video: bool, is_hls: bool, inputs: &[Input]) -> Option<String> {
        let name = &self.caption_selector_name;
        let destination = &self.destination_settings;
        let fits = match destination {
            CaptionDestination::Webvtt { .. } => !has_video,
            CaptionDestination::Srt { .. } => !has_video && !is_hls,
            CaptionDestination::Embedded {} | CaptionDestination::BurnIn { .. } => has_video,
        };
        if !fits {
            return Some(
                "/destinationSettings: EMBEDDED and BURN_IN belong to an output with video, WEBVTT \
                 and SRT to an output of their own, and SRT to a file group"
                    .to_owned(),
            );
        }
        if let Some(fault) = find_language_fault(self.custom_language_code.as_deref()) {
            return Some(fault);
        }
        if is_hls
            && !has_video
            && let Some(fault) = find_name_fault(self.language_description.as_deref())
        {
            return Some(format!("/languageDescription: {fault}"));
        }
        for (at, input) in inputs.iter().enumerate() {
            let Some(selector) = input.caption_selectors.get(name) else {
                return Some(format!(": caption selector {name:?} not found in /inputs/{at}"));
            };
            if let Some(fault) = find_source_fault(destination, &selector.source_settings) {
                return Some(format!("{fault} (the source is caption selector {name:?})"));
            }
        }
        if let CaptionDestination::BurnIn { burnin_destination_settings: Some(style) } = destination
        {
            return style.find_fault();
        }
        None
    }
}

/// Describes a source that does not fit to a destination.
fn find_source_fault(destination: &CaptionDestination, source: &CaptionSource) -> Option<String> {
    let is_embedded = source.source_type == CaptionSourceType::Embedded;
    let fault = match destination {
        CaptionDestination::Embedded {} => {
            (!is_embedded).then_some("EMBEDDED needs an EMBEDDED source in the stand-in")
        }
        // Embedded captions have styles of their own.
        // <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
        CaptionDestination::BurnIn { burnin_destination_settings: Some(_) } if is_embedded => {
            Some("burninDestinationSettings are not valid for an EMBEDDED source")
        }
        _ => {
            let channel = source.embedded_source_settings.as_ref().and_then(|it| it.channel);
            matches!(channel, Some(2 | 4)).then_some(
                "the stand-in extracts the words of the channels 1 and 3 (CC1 and CC3) only",
            )
        }
    };
    fault.map(|fault| format!("/destinationSettings: {fault}"))
}

impl BurnInSettings {
    /// Describes the first number that is out of the bounds of MediaConvert's API model.
    fn find_fault(&self) -> Option<String> {
        let numbers = [("fontSize", self.font_size, 96), ("outlineSize", self.outline_size, 10)];
        let fault = numbers.into_iter().find(|(_, number, most)| *number > Some(*most));
        fault.map(|(name, _, most)| {
            format!("/destinationSettings/burninDestinationSettings/{name}: is above {most}")
        })
    }
}

impl HlsGroupSettings {
    /// Returns the fault in the outputs of the group: rendition groups and captions.
    pub(super) fn find_fault(&self, outputs: &[Output]) -> Option<String> {
        let has_video = outputs.iter().any(|it| it.video_description.is_some());
        let has_captions = outputs.iter().any(|it| it.captions().is_some());
        if !has_video {
            return Some("/outputs: the stand-in needs an output with video".to_owned());
        }
        if has_captions && self.caption_segment_length_control.is_none() {
            let fault = "the stand-in supports MATCH_VIDEO only";
            return Some(format!("/outputGroupSettings/captionSegmentLengthControl: {fault}"));
        }
        self.find_mapping_fault(outputs).or_else(|| find_rendition_fault(outputs))
    }

    fn find_mapping_fault(&self, outputs: &[Output]) -> Option<String> {
        let mut descriptions = outputs.iter().flat_map(|output| &output.caption_descriptions);
        let has_embedded = descriptions
            .any(|it| matches!(it.destination_settings, CaptionDestination::Embedded {}));
        let is_inserted = self.caption_language_setting == Some(CaptionLanguageSetting::Insert);
        let mappings = &self.caption_language_mappings;
        let fault = if is_inserted && (mappings.is_empty() || !has_embedded) {
            "INSERT needs captionLanguageMappings and an output with EMBEDDED captions".to_owned()
        } else if !is_inserted && !mappings.is_empty() {
            "captionLanguageMappings need captionLanguageSetting INSERT".to_owned()
        } else if mappings.iter().any(|it| !(1..=4).contains(&it.caption_channel)) {
            "captionChannel is not from 1 to 4".to_owned()
        } else if mappings.iter().any(|it| !is_three_letters(&it.custom_language_code)) {
            "customLanguageCode is not three letters".to_owned()
        } else {
            let name =
                mappings.iter().find_map(|it| find_name_fault(Some(&it.language_description)));
            format!("languageDescription {}", name?)
        };
        Some(format!("/outputGroupSettings/captionLanguageMappings: {fault}"))
    }
}

/// Returns the fault in the rendition groups of sounds.
fn find_rendition_fault(outputs: &[Output]) -> Option<String> {
    let (mut groups, mut defaults) = (BTreeSet::new(), BTreeSet::new());
    for (at, output) in outputs.iter().enumerate() {
        let is_sound = output.video_description.is_none() && output.captions().is_none();
        let settings = hls_settings(output);
        let group = settings.and_then(|it| it.audio_group_id.as_deref());
        let kind = settings.and_then(|it| it.audio_track_type);
        let here = format!("/outputs/{at}/outputSettings/hlsSettings");
        if !is_sound {
            if group.is_some() || kind.is_some() {
                return Some(format!(
                    "{here}: audioGroupId and audioTrackType belong to an output with audio only"
                ));
            }
            continue;
        }
        let (Some(group), Some(kind)) = (group, kind) else {
            return Some(format!("{here}: audio only needs audioGroupId and audioTrackType"));
        };
        let is_default = kind == AudioTrackType::AlternateAudioAutoSelectDefault;
        if is_default && !defaults.insert(group) {
            return Some(format!("{here}: the audio group {group:?} has two defaults"));
        }
        let audio = output.audio_descriptions.first();
        let fault = find_name_fault(Some(group))
            .or_else(|| find_name_fault(audio.and_then(|it| it.stream_name.as_deref())));
        if let Some(fault) = fault {
            return Some(format!("/outputs/{at}: audioGroupId or streamName {fault}"));
        }
        groups.insert(group);
    }
    let mut unused = groups.clone();
    for (at, output) in outputs.iter().enumerate() {
        let Some(HlsSettings { audio_rendition_sets: Some(set), .. }) = hls_settings(output) else {
            continue;
        };
        let here = format!("/outputs/{at}/outputSettings/hlsSettings/audioRenditionSets");
        unused.remove(&**set);
        if !groups.contains(&**set) {
            return Some(format!("{here}: no output has the audioGroupId {set:?}"));
        }
        if output.video_description.is_none() || !output.audio_descriptions.is_empty() {
            return Some(format!("{here}: belongs to an output with video and without audio"));
        }
    }
    let unused = unused.first()?;
    Some(format!("/outputs: the audioGroupId {unused:?} is in no audioRenditionSets"))
}

/// Describes a language code that is none.
pub(super) fn find_language_fault(code: Option<&str>) -> Option<String> {
    let code = code?;
    let (language, rest) = code.split_once('-').unwrap_or((code, "x"));
    let is_language = matches!(language.len(), 2 | 3) && is_letters(language);
    let is_rest = |it: char| it.is_ascii_alphanumeric() || it == '-';
    let fits = is_language && !rest.is_empty() && rest.chars().all(is_rest);
    (!fits).then(|| format!("/customLanguageCode: {code:?} is no language code"))
}

fn is_letters(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_alphabetic())
}

fn is_three_letters(code: &str) -> bool {
    code.len() == 3 && is_letters(code)
}

/// Describes a name that cannot be in a manifest.
fn find_name_fault(name: Option<&str>) -> Option<&'static str> {
    let is_name = |it: &str| !it.is_empty() && !it.contains(['"', '\n', '\r']);
    (!name.is_some_and(is_name)).then_some("is missing, or has a quotation mark or a line break")
}

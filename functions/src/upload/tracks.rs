//! The sounds and captions of an uploaded file: the selectors of its job, and the names in players.

use aws_sdk_mediaconvert::types::{AudioSelector, CaptionSourceSettings, CaptionSourceType};

use super::sound::SoundSelection;
use crate::asset::ClosedCaptions;
use crate::clip::{CaptionsFormat, CaptionsSource, Language, TrackLabel, UploadedCaptions};
use crate::encode::{OutputTracks, embedded_source, file_source};

#[derive(Clone, Debug, Default)]
pub(super) struct UploadTracks {
    pub(super) audio_selectors: Vec<AudioSelector>,
    pub(super) caption_sources: Vec<CaptionSourceSettings>,
    pub(super) outputs: OutputTracks,
}

impl UploadTracks {
    /// Builds the tracks of these sounds, the default one first, and of the announced captions. `url`
    /// returns the URL of a file with captions, by its number from 0.
    pub(super) fn new(
        sounds: Vec<SoundSelection>,
        captions: &[UploadedCaptions],
        url: impl Fn(usize, CaptionsFormat) -> String,
    ) -> Self {
        let mut tracks = Self::default();
        for (at, selection) in sounds.into_iter().enumerate() {
            tracks.audio_selectors.push(selection.selector);
            let name = selection.language.as_ref().map(Language::name);
            tracks.outputs.sounds.push(TrackLabel {
                name: name.unwrap_or_else(|| format!("Sound {}", at + 1)),
                language: selection.language.map(|it| it.to_string()),
            });
        }
        for (at, UploadedCaptions { language, name, source }) in captions.iter().enumerate() {
            let label = TrackLabel { name: name.clone(), language: Some(language.to_string()) };
            match source {
                CaptionsSource::File(format) => {
                    tracks
                        .caption_sources
                        .push(file_source(source_type(*format), &url(at, *format)));
                    tracks.outputs.captions.push(label);
                }
                CaptionsSource::Channel(channel) => {
                    let captions = ClosedCaptions { channel: *channel, label };
                    tracks.outputs.closed_captions.push(captions);
                }
            }
        }
        let embedded = tracks.outputs.closed_captions.first();
        tracks.caption_sources.extend(embedded.map(|it| embedded_source(it.channel)));
        tracks.outputs.keeps_embedded = !tracks.outputs.closed_captions.is_empty();
        tracks
    }
}

fn source_type(format: CaptionsFormat) -> CaptionSourceType {
    match format {
        CaptionsFormat::Srt => CaptionSourceType::Srt,
        CaptionsFormat::Webvtt => CaptionSourceType::Webvtt,
        CaptionsFormat::Ttml => CaptionSourceType::Ttml,
    }
}

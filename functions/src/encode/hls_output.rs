//! Builds the renditions that a job makes for an asset.
//!
//! Of the segmented formats of MediaConvert, MediaPackage VOD reads only HLS with TS segments.
//! <https://docs.aws.amazon.com/mediapackage/latest/ug/supported-inputs-vod.html>

use aws_sdk_mediaconvert::types::{
    ContainerSettings, ContainerType, HlsCaptionLanguageSetting, HlsCaptionSegmentLengthControl,
    HlsDirectoryStructure, HlsGroupSettings, HlsManifestDurationFormat, HlsSegmentControl,
    M3u8AudioDuration, M3u8Settings, Output, OutputGroup, OutputGroupSettings, OutputGroupType,
    VideoCodecSettings, VideoDescription,
};

use super::ladder::{Ladder, Rendition};
use super::settings::{h264, stereo};
use super::tracks::OutputTracks;

impl Ladder {
    /// Builds the coding of a rendition. Without a frame rate, that of the source stays.
    pub(crate) fn h264(
        &self,
        rendition: &Rendition,
        frame_rate: Option<(i32, i32)>,
    ) -> VideoCodecSettings {
        h264(rendition.quality, rendition.max_bitrate, self.video.gop_seconds, frame_rate)
    }
}

/// Builds an HLS presentation with a rendition for each picture, and with these sounds and captions.
/// `destination` is the URL of its multivariant manifest without `.m3u8`.
pub(crate) fn hls_group(
    ladder: &Ladder,
    destination: &str,
    pictures: impl IntoIterator<Item = VideoDescription>,
    tracks: &OutputTracks,
) -> OutputGroup {
    let mappings = tracks.language_mappings();
    let match_video = HlsCaptionSegmentLengthControl::MatchVideo;
    let settings = HlsGroupSettings::builder()
        .destination(destination)
        .segment_length(ladder.hls.segment_length)
        .min_segment_length(ladder.hls.min_segment_length)
        .segment_control(HlsSegmentControl::SegmentedFiles)
        .directory_structure(HlsDirectoryStructure::SingleDirectory)
        .manifest_duration_format(HlsManifestDurationFormat::FloatingPoint)
        .set_caption_segment_length_control((!tracks.captions.is_empty()).then_some(match_video))
        .set_caption_language_setting(mappings.as_ref().map(|_| HlsCaptionLanguageSetting::Insert))
        .set_caption_language_mappings(mappings);
    let group = OutputGroupSettings::builder()
        .r#type(OutputGroupType::HlsGroupSettings)
        .hls_group_settings(settings.build());
    let outputs = pictures.into_iter().enumerate();
    let outputs = outputs.map(|(at, picture)| rendition_output(ladder, at, picture, tracks));
    let outputs: Vec<_> = outputs.chain(tracks.hls_outputs(&ladder.audio)).collect();
    OutputGroup::builder()
        .name("HLS")
        .output_group_settings(group.build())
        .set_outputs(Some(outputs))
        .build()
}

fn rendition_output(
    ladder: &Ladder,
    at: usize,
    picture: VideoDescription,
    tracks: &OutputTracks,
) -> Output {
    let audio = (tracks.sounds.len() == 1)
        .then(|| vec![stereo(0, ladder.audio.bitrate, ladder.audio.sample_rate).build()]);
    Output::builder()
        .name_modifier(format!("_{}", at + 1))
        .container_settings(m3u8_with_matching_sound())
        .video_description(picture)
        .set_audio_descriptions(audio)
        .set_caption_descriptions(tracks.embedded_captions())
        .set_output_settings(tracks.rendition_settings())
        .build()
}

/// MediaPackage packages the outputs again. Without this, sound that is longer than the picture makes
/// the last segment longer than its manifest states.
pub(super) fn m3u8_with_matching_sound() -> ContainerSettings {
    let m3u8 = M3u8Settings::builder().audio_duration(M3u8AudioDuration::MatchVideoDuration);
    let container = ContainerSettings::builder().container(ContainerType::M3U8);
    container.m3u8_settings(m3u8.build()).build()
}

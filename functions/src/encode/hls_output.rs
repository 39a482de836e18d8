//! Builds the renditions that a job makes for an asset.
//!
//! Of the segmented formats of MediaConvert, MediaPackage VOD reads only HLS with TS segments.
//! <https://docs.aws.amazon.com/mediapackage/latest/ug/supported-inputs-vod.html>

use aws_sdk_mediaconvert::types::{
    ContainerSettings, ContainerType, HlsDirectoryStructure, HlsGroupSettings,
    HlsManifestDurationFormat, HlsSegmentControl, M3u8AudioDuration, M3u8Settings, Output,
    OutputGroup, OutputGroupSettings, OutputGroupType, VideoCodecSettings, VideoDescription,
};

use super::ladder::{Ladder, Rendition};
use super::settings::{h264, stereo};

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

/// Builds an HLS presentation with a rendition for each picture. `destination` is the URL of its
/// multivariant manifest without `.m3u8`.
pub(crate) fn hls_group(
    ladder: &Ladder,
    destination: &str,
    pictures: impl IntoIterator<Item = VideoDescription>,
    has_sound: bool,
) -> OutputGroup {
    let settings = HlsGroupSettings::builder()
        .destination(destination)
        .segment_length(ladder.hls.segment_length)
        .min_segment_length(ladder.hls.min_segment_length)
        .segment_control(HlsSegmentControl::SegmentedFiles)
        .directory_structure(HlsDirectoryStructure::SingleDirectory)
        .manifest_duration_format(HlsManifestDurationFormat::FloatingPoint);
    let group = OutputGroupSettings::builder()
        .r#type(OutputGroupType::HlsGroupSettings)
        .hls_group_settings(settings.build());
    let outputs = pictures.into_iter().enumerate();
    let outputs = outputs.map(|(at, picture)| rendition_output(ladder, at, picture, has_sound));
    OutputGroup::builder()
        .name("HLS")
        .output_group_settings(group.build())
        .set_outputs(Some(outputs.collect()))
        .build()
}

fn rendition_output(
    ladder: &Ladder,
    at: usize,
    picture: VideoDescription,
    has_sound: bool,
) -> Output {
    let audio = has_sound.then(|| vec![stereo(ladder.audio.bitrate, ladder.audio.sample_rate)]);
    // MediaPackage packages the outputs again. Without this, sound that is longer than the picture
    // makes the last segment longer than its manifest states.
    let m3u8 = M3u8Settings::builder().audio_duration(M3u8AudioDuration::MatchVideoDuration);
    let container = ContainerSettings::builder().container(ContainerType::M3U8);
    Output::builder()
        .name_modifier(format!("_{}", at + 1))
        .container_settings(container.m3u8_settings(m3u8.build()).build())
        .video_description(picture)
        .set_audio_descriptions(audio)
        .build()
}

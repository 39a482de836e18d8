//! HLS manifests of a stretch of the live stream, as MediaPackage writes them.

use std::fmt::Write as _;

use chrono::{SecondsFormat, TimeDelta};

use super::startover::{Segment, Stretch};
use crate::i_frames::{IFrame, video_codecs, write_entries};
use crate::ladder::{FRAMES_PER_SECOND, LADDER, Ladder};

/// The `manifestName` of the origin endpoint; child manifests and segments are named after it.
const MANIFEST_NAME: &str = "index";

/// The name of the I-frame playlist. AWS does not document the name or the form of its playlist.
pub(crate) const I_FRAME_PLAYLIST: &str = "index_iframes.m3u8";

/// MediaPackage makes the I-frame playlist from the first rendition.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/trick-play.html>
pub(crate) const I_FRAME_RENDITION: usize = 0;

/// The name of a rendition's manifest. Renditions are numbered from 1.
pub(crate) fn rendition_name(rendition: usize) -> String {
    format!("{MANIFEST_NAME}_{}.m3u8", rendition + 1)
}

/// The name of a segment.
pub(crate) fn segment_name(rendition: usize, sequence: u64) -> String {
    format!("{MANIFEST_NAME}_{}_{sequence}.ts", rendition + 1)
}

/// Parses the rendition and the sequence number from a segment's name.
pub(crate) fn parse_segment_name(name: &str) -> Option<(usize, u64)> {
    let numbers = name.strip_prefix(MANIFEST_NAME)?.strip_prefix('_')?.strip_suffix(".ts")?;
    let (rendition, sequence) = numbers.split_once('_')?;
    let rendition = rendition.parse::<usize>().ok()?.checked_sub(1)?;
    (rendition < LADDER.len()).then_some((rendition, sequence.parse().ok()?))
}

/// The multivariant manifest. `query` is appended to the URLs of its child manifests.
pub(crate) fn multivariant_playlist(ladder: &Ladder, stretch: &Stretch, query: &str) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let peak = |rendition: usize| {
        let peak = stretch.segments.iter().map(|segment| bits_per_second(segment, rendition)).max();
        peak.unwrap_or_else(|| u64::from(ladder[rendition].kilobits) * 1000)
    };
    for (rendition, format) in ladder.iter().enumerate() {
        let _ = writeln!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={},RESOLUTION={}x{},FRAME-RATE={FRAMES_PER_SECOND}.000,CODECS=\"{}\"\n{}{query}",
            peak(rendition),
            format.width,
            format.height,
            format.codecs,
            rendition_name(rendition),
        );
    }
    let format = ladder[I_FRAME_RENDITION];
    // A segment has one I frame, so its bit rate is never above that of the segment.
    let _ = writeln!(
        text,
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={},RESOLUTION={}x{},CODECS=\"{}\",URI=\"{I_FRAME_PLAYLIST}{query}\"",
        peak(I_FRAME_RENDITION),
        format.width,
        format.height,
        video_codecs(format.codecs),
    );
    text
}

/// A rendition's manifest.
pub(crate) fn media_playlist(stretch: &Stretch, rendition: usize) -> String {
    playlist(stretch, "#EXT-X-VERSION:3\n", |text, segment| {
        let seconds = segment.duration.as_seconds_f64();
        let name = segment_name(rendition, segment.sequence);
        let _ = writeln!(text, "#EXTINF:{seconds:.6},\n{name}");
    })
}

/// The I-frame playlist, from the I frames of each segment.
pub(crate) fn i_frame_playlist(stretch: &Stretch, frames: &[Vec<IFrame>]) -> String {
    let mut frames = frames.iter();
    playlist(stretch, "#EXT-X-VERSION:4\n#EXT-X-I-FRAMES-ONLY\n", |text, segment| {
        let name = segment_name(I_FRAME_RENDITION, segment.sequence);
        write_entries(text, frames.next().map_or(&[], Vec::as_slice), &name);
    })
}

/// A manifest with some tags at its head. `write` adds the entries of a segment.
fn playlist(stretch: &Stretch, head: &str, mut write: impl FnMut(&mut String, &Segment)) -> String {
    let longest = stretch.segments.iter().map(|segment| segment.duration).max();
    let first = stretch.segments.first();
    let mut text = format!(
        "#EXTM3U\n{head}#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-DISCONTINUITY-SEQUENCE:{}\n",
        (longest.unwrap_or_default() + TimeDelta::milliseconds(499)).num_seconds().max(1),
        first.map_or(0, |segment| segment.sequence),
        first.map_or(0, |segment| segment.run),
    );
    let mut run = first.map(|segment| segment.run);
    for segment in &stretch.segments {
        if run.replace(segment.run) != Some(segment.run) {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        let start = segment.start.to_rfc3339_opts(SecondsFormat::Millis, true);
        let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{start}");
        write(&mut text, segment);
    }
    if stretch.ended {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    text
}

fn bits_per_second(segment: &Segment, rendition: usize) -> u64 {
    let milliseconds = segment.duration.num_milliseconds().max(1).unsigned_abs();
    segment.sizes[rendition] * 8 * 1000 / milliseconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_names_parse_back() {
        assert_eq!(parse_segment_name(&segment_name(2, 17)), Some((2, 17)));
        for name in ["index_0_1.ts", "index_4_1.ts", "index_1.m3u8", "index_1_x.ts", "1_1.ts"] {
            assert_eq!(parse_segment_name(name), None, "{name}");
        }
    }
}

//! HLS manifests of a stretch of the live stream, as MediaPackage writes them.

use std::fmt::Write as _;

use chrono::{SecondsFormat, TimeDelta};

use super::startover::{Segment, Stretch};
use super::streams::Streams;
use crate::i_frames::{IFrame, video_codecs, write_entries};
use crate::tracks::Track;

/// The name of the I-frame playlist. AWS does not document the name or the form of its playlist.
pub(crate) const I_FRAME_PLAYLIST: &str = "index_iframes.m3u8";

/// MediaPackage makes the I-frame playlist from the first rendition.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/trick-play.html>
pub(crate) const I_FRAME_RENDITION: usize = 0;

/// The rendition groups of sounds and of captions, as MediaPackage names them.
const SOUNDS: &str = "audio_0";
const CAPTIONS: &str = "subtitles";

/// The multivariant manifest. `query` is appended to the URLs of its child manifests.
pub(crate) fn multivariant_playlist(streams: &Streams, stretch: &Stretch, query: &str) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let peak = |stream: usize| {
        stretch.segments.iter().map(|segment| bits_per_second(segment, stream)).max()
    };
    let video_peak = |rendition: usize| {
        peak(rendition).unwrap_or_else(|| u64::from(streams.ladder[rendition].kilobits) * 1000)
    };
    let sound_peak = streams.sounds().filter_map(|(stream, _)| peak(stream)).max().unwrap_or(0);
    let mut groups = String::new();
    if streams.sounds().next().is_some() {
        let _ = write!(groups, ",AUDIO=\"{SOUNDS}\"");
    }
    if streams.captions().next().is_some() {
        let _ = write!(groups, ",SUBTITLES=\"{CAPTIONS}\"");
    }
    for (rendition, format) in streams.ladder.iter().enumerate() {
        let _ = writeln!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={},RESOLUTION={}x{},FRAME-RATE={:.3},CODECS=\"{}\"{groups}\n{}{query}",
            video_peak(rendition) + sound_peak,
            format.width,
            format.height,
            streams.frame_rate.as_f64(),
            format.codecs(streams.frame_rate),
            Streams::playlist(rendition),
        );
    }
    let tracks = [("AUDIO", SOUNDS, streams.sounds().collect::<Vec<_>>())];
    for (kind, group, tracks) in
        tracks.into_iter().chain([("SUBTITLES", CAPTIONS, streams.captions().collect())])
    {
        for (at, (stream, track)) in tracks.into_iter().enumerate() {
            let uri = format!("{}{query}", Streams::playlist(stream));
            write_media(&mut text, kind, group, track, at == 0, &uri);
        }
    }
    let format = streams.ladder[I_FRAME_RENDITION];
    // A segment has one I frame, so its bit rate is never above that of the segment.
    let _ = writeln!(
        text,
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={},RESOLUTION={}x{},CODECS=\"{}\",URI=\"{I_FRAME_PLAYLIST}{query}\"",
        video_peak(I_FRAME_RENDITION),
        format.width,
        format.height,
        video_codecs(&format.codecs(streams.frame_rate)),
    );
    text
}

/// The tag of a sound or of captions. MediaPackage makes the first one of a group its default.
fn write_media(
    text: &mut String,
    kind: &str,
    group: &str,
    Track { name, language }: &Track,
    is_first: bool,
    uri: &str,
) {
    let default = if is_first { "YES" } else { "NO" };
    let _ = writeln!(
        text,
        "#EXT-X-MEDIA:TYPE={kind},GROUP-ID=\"{group}\",NAME=\"{name}\",DEFAULT={default},AUTOSELECT=YES,LANGUAGE=\"{language}\",URI=\"{uri}\""
    );
}

/// The manifest of a stream.
pub(crate) fn media_playlist(streams: &Streams, stretch: &Stretch, stream: usize) -> String {
    playlist(stretch, "#EXT-X-VERSION:3\n", |text, segment| {
        let seconds = segment.duration.as_seconds_f64();
        let name = streams.segment(stream, segment.sequence);
        let _ = writeln!(text, "#EXTINF:{seconds:.6},\n{name}");
    })
}

/// The I-frame playlist, from the I frames of each segment.
pub(crate) fn i_frame_playlist(
    streams: &Streams,
    stretch: &Stretch,
    frames: &[Vec<IFrame>],
) -> String {
    let mut frames = frames.iter();
    playlist(stretch, "#EXT-X-VERSION:4\n#EXT-X-I-FRAMES-ONLY\n", |text, segment| {
        let name = streams.segment(I_FRAME_RENDITION, segment.sequence);
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

fn bits_per_second(segment: &Segment, stream: usize) -> u64 {
    let milliseconds = segment.duration.num_milliseconds().max(1).unsigned_abs();
    segment.sizes[stream] * 8 * 1000 / milliseconds
}

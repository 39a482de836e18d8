//! Writes the captions of a job: WebVTT segments beside the video's in an HLS group, and files beside the
//! MP4 in a file group.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use chrono::TimeDelta;

use super::arguments::base_name;
use super::caption_settings::CaptionDestination;
use super::captions::to_time;
use super::hls_settings::HlsGroupSettings;
use super::multivariant::child_name;
use super::settings::{JobSettings, Output, OutputGroupSettings};
use crate::i_frames::first_time;
use crate::webvtt::{Cue, TimestampMap, Webvtt, escape_words, format_time};

/// The cues of the outputs by the name of their selector.
pub(super) type OutputCaptions<'a> = BTreeMap<&'a str, Vec<Cue>>;

/// Writes the captions of the outputs that have nothing else. The files of group `n` are in folder `n` in
/// `work`, with those of the video.
pub(super) fn write_captions(
    settings: &JobSettings,
    captions: &OutputCaptions<'_>,
    work: &Path,
) -> io::Result<()> {
    for (at, group) in settings.output_groups.iter().enumerate() {
        let folder = work.join(at.to_string());
        for output in &group.outputs {
            let Some(description) = output.captions() else { continue };
            let cues = captions.get(&*description.caption_selector_name);
            let cues = cues.map(Vec::as_slice).unwrap_or_default();
            match &group.output_group_settings {
                OutputGroupSettings::Hls { hls_group_settings } => {
                    write_segments(hls_group_settings, &group.outputs, output, cues, &folder)?;
                }
                OutputGroupSettings::File { file_group_settings } => {
                    let is_srt =
                        matches!(description.destination_settings, CaptionDestination::Srt { .. });
                    let text = if is_srt { to_srt(cues) } else { to_webvtt(cues) };
                    let name = output.file_name(base_name(&file_group_settings.destination));
                    fs::write(folder.join(name), text)?;
                }
            }
        }
    }
    Ok(())
}

/// Writes the segments of captions, which end where those of the first video in the group do.
fn write_segments(
    hls: &HlsGroupSettings,
    outputs: &[Output],
    output: &Output,
    cues: &[Cue],
    folder: &Path,
) -> io::Result<()> {
    let video = outputs.iter().find(|it| it.video_description.is_some());
    let video = video.ok_or_else(|| io::Error::other("the group has no video"))?;
    let playlist = fs::read_to_string(folder.join(child_name(hls, video)))?;
    let mut children = playlist.lines().filter(|line| !line.starts_with('#'));
    let first = children.next().ok_or_else(|| io::Error::other("the video has no segments"))?;
    let mpegts = first_time(&fs::read(folder.join(first))?).unwrap_or_default();
    let map = TimestampMap { mpegts, local: TimeDelta::zero() };
    let durations: Vec<&str> =
        playlist.lines().filter_map(|line| line.strip_prefix("#EXTINF:")).collect();
    let child = child_name(hls, output);
    let stem = child.trim_end_matches(".m3u8");
    let target = playlist.lines().find(|it| it.starts_with("#EXT-X-TARGETDURATION:"));
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n{}\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:VOD\n",
        target.unwrap_or_default()
    );
    let mut position = 0.0;
    for (number, duration) in durations.iter().enumerate() {
        let seconds = duration.trim_end_matches(',').parse::<f64>().map_err(io::Error::other)?;
        // The last segment has all that is left: durations in a playlist are rounded.
        let is_last = number + 1 == durations.len();
        let end = if is_last { TimeDelta::MAX } else { to_time(position + seconds) };
        let cues = touching(cues, to_time(position), end);
        let name = format!("{stem}_{:05}.vtt", number + 1);
        fs::write(folder.join(&name), Webvtt { map, cues }.to_string())?;
        let _ = writeln!(text, "#EXTINF:{duration}\n{name}");
        position += seconds;
    }
    text.push_str("#EXT-X-ENDLIST\n");
    fs::write(folder.join(child), text)
}

/// The cues that are shown at some time from `begin` to `end`, with their words escaped.
fn touching(cues: &[Cue], begin: TimeDelta, end: TimeDelta) -> Vec<Cue> {
    let touches = |cue: &&Cue| cue.start < end && begin < cue.end;
    cues.iter().filter(touches).map(escape).collect()
}

fn escape(cue: &Cue) -> Cue {
    Cue { text: escape_words(&cue.text), ..cue.clone() }
}

fn to_webvtt(cues: &[Cue]) -> String {
    let mut text = "WEBVTT\n".to_owned();
    for Cue { start, end, text: words } in cues.iter().map(escape) {
        let (start, end) = (format_time(start), format_time(end));
        let _ = write!(text, "\n{start} --> {end}\n{words}\n");
    }
    text
}

fn to_srt(cues: &[Cue]) -> String {
    let mut text = String::new();
    for (number, Cue { start, end, text: words }) in (1..).zip(cues) {
        let [start, end] = [start, end].map(|it| format_time(*it).replace('.', ","));
        // A blank line would end the cue.
        let lines = words.lines().filter(|line| !line.trim().is_empty());
        let words = lines.collect::<Vec<_>>().join("\n");
        let _ = write!(text, "{number}\n{start} --> {end}\n{words}\n\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cue_is_in_each_segment_that_it_touches() {
        let cues = [
            Cue::sample(0, 1000, "a"),
            Cue::sample(3500, 4500, "b"),
            Cue::sample(4000, 8000, "c & d"),
        ];
        let words = |begin: i64, end: i64| {
            let [begin, end] = [begin, end].map(TimeDelta::milliseconds);
            touching(&cues, begin, end).into_iter().map(|it| it.text).collect::<Vec<_>>()
        };
        assert_eq!(words(0, 2000), ["a"]);
        assert_eq!(words(2000, 3000), [""; 0]);
        assert_eq!(words(2000, 4000), ["b"]);
        assert_eq!(words(4000, 6000), ["b", "c &amp; d"]);
        assert_eq!(words(8000, 10_000), [""; 0]);
    }

    #[test]
    fn files_are_written_as_their_formats_ask() {
        let cues = [
            Cue::sample(1500, 2000, "Tom & Jerry\n\n1 < 2"),
            Cue::sample(3_600_000, 3_600_001, "end"),
        ];
        assert_eq!(
            to_srt(&cues),
            "1\n00:00:01,500 --> 00:00:02,000\nTom & Jerry\n1 < 2\n\n\
             2\n01:00:00,000 --> 01:00:00,001\nend\n\n"
        );
        assert_eq!(
            to_webvtt(&cues),
            "WEBVTT\n\n00:00:01.500 --> 00:00:02.000\nTom &amp; Jerry\n1 &lt; 2\n\n\
             01:00:00.000 --> 01:00:00.001\nend\n"
        );
    }
}

//! Completes the DASH manifest that ffmpeg writes: exact times, the names of sounds, the buffer.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use crate::webvtt::escape_xml;

/// Completes a manifest. `names` are those of the sounds that are streams of their own.
pub(super) fn complete(
    manifest: &Path,
    names: &[&str],
    min_buffer_seconds: Option<u32>,
) -> io::Result<()> {
    let mut text = start_with_the_picture(&fs::read_to_string(manifest)?);
    if let Some(seconds) = min_buffer_seconds {
        // ffmpeg has no option for it and writes the length of a segment.
        set_attribute(&mut text, "minBufferTime", &format!("PT{seconds}.0S"));
    }
    add_labels(&mut text, names);
    fs::write(manifest, text)
}

/// The times of a representation's segments, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Timeline {
    timescale: u64,
    start: u64,
    length: u64,
    longest: u64,
}

impl Timeline {
    /// Reads the attributes and the timeline of a `SegmentTemplate`, from its first attribute on.
    fn parse(template: &str) -> Self {
        let timescale = attribute(template, "timescale").unwrap_or(1).max(1);
        let mut timeline = Self { timescale, ..Self::default() };
        let entries = template.split("</SegmentTimeline>").next().unwrap_or_default();
        for (at, entry) in entries.split("<S ").skip(1).enumerate() {
            let duration = attribute(entry, "d").unwrap_or(0);
            if at == 0 {
                timeline.start = attribute(entry, "t").unwrap_or(0);
            }
            timeline.length += duration * (1 + attribute(entry, "r").unwrap_or(0));
            timeline.longest = timeline.longest.max(duration);
        }
        timeline
    }

    /// A number of ticks as an XML duration, rounded up to whole microseconds.
    fn duration(self, ticks: u64) -> String {
        let microseconds = (ticks * 1_000_000).div_ceil(self.timescale);
        format!("PT{}.{:06}S", microseconds / 1_000_000, microseconds % 1_000_000)
    }
}

/// Makes the presentation start with the first picture and end with the last one. The encoder's first
/// frame of sound is earlier, and players skip it.
///
/// ffmpeg counts from the earliest frame. Players would find a gap before the first picture, and would
/// show captions too early. It also cuts durations to a tenth of a second, and with them the last
/// pictures.
fn start_with_the_picture(text: &str) -> String {
    let mut parts = text.split_inclusive("<SegmentTemplate ");
    let mut changed = parts.next().unwrap_or_default().to_owned();
    let mut video = None;
    let mut longest = String::new();
    for part in parts {
        let timeline = Timeline::parse(part);
        // The first adaptation set is the video.
        let video = *video.get_or_insert(timeline);
        let offset =
            (2 * video.start * timeline.timescale + video.timescale) / (2 * video.timescale);
        if offset > 0 {
            let _ = write!(changed, "presentationTimeOffset=\"{offset}\" ");
        }
        changed.push_str(part);
        longest = longest.max(timeline.duration(timeline.longest));
    }
    // With segments of equal durations there is no timeline.
    if let Some(video) = video.filter(|video| video.length > 0) {
        set_attribute(&mut changed, "mediaPresentationDuration", &video.duration(video.length));
        set_attribute(&mut changed, "maxSegmentDuration", &longest);
    }
    changed
}

/// Adds the names of the sounds to their adaptation sets. ffmpeg writes their languages only.
fn add_labels(text: &mut String, names: &[&str]) {
    for (at, name) in names.iter().enumerate() {
        let set = format!("<AdaptationSet id=\"{}\"", at + 1);
        let Some(end) = text.find(&set).and_then(|it| Some(it + text[it..].find(">\n")? + 2))
        else {
            continue;
        };
        text.insert_str(end, &format!("\t\t\t<Label>{}</Label>\n", escape_xml(name)));
    }
}

/// Replaces the value of the first attribute of this name, if there is one.
fn set_attribute(text: &mut String, name: &str, value: &str) {
    let start = format!("{name}=\"");
    let Some(begin) = text.find(&start).map(|at| at + start.len()) else { return };
    let Some(length) = text[begin..].find('"') else { return };
    text.replace_range(begin..begin + length, value);
}

/// The first attribute of this name, if it is a whole number.
fn attribute(text: &str, name: &str) -> Option<u64> {
    let (_, rest) = text.split_once(&format!("{name}=\""))?;
    rest.split('"').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presentation_starts_and_ends_with_its_pictures() {
        let text = r#"<MPD mediaPresentationDuration="PT7.9S" maxSegmentDuration="PT4.0S">
            <SegmentTemplate timescale="30000" startNumber="1"><SegmentTimeline>
                <S t="640" d="120120" /><S d="119119" /></SegmentTimeline></SegmentTemplate>
            <SegmentTemplate timescale="48000" startNumber="1"><SegmentTimeline>
                <S t="0" d="191488" r="1" /></SegmentTimeline></SegmentTemplate></MPD>"#;
        let changed = start_with_the_picture(text);
        assert_eq!(
            changed.matches("presentationTimeOffset=\"640\" timescale=\"30000\"").count(),
            1
        );
        assert_eq!(
            changed.matches("presentationTimeOffset=\"1024\" timescale=\"48000\"").count(),
            1
        );
        assert!(changed.contains(r#""PT7.974634S" maxSegmentDuration="PT4.004000S""#), "{changed}");
    }

    #[test]
    fn a_manifest_without_a_timeline_keeps_its_times() {
        let text = r#"<MPD mediaPresentationDuration="PT8.0S">
            <SegmentTemplate timescale="1000000" duration="4000000" startNumber="1"></SegmentTemplate>"#;
        assert_eq!(start_with_the_picture(text), text);
    }
}

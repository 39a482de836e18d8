//! HLS with TS segments: joins source segments to the configured length.
//!
//! Transport streams are joined byte by byte, so frames and time stamps do not change. Captions are
//! joined cue by cue.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use m3u8_rs::VariantStream;

use super::packaging_group::HlsPackage;
use super::source::{EmbeddedCaptions, Presentation, SourceSegment, Track};
use crate::i_frames::{IFrame, find_i_frames, video_codecs, write_entries};
use crate::webvtt::Webvtt;

/// Writes the manifests and the segments into a folder.
pub(super) fn package(
    hls: &HlsPackage,
    presentation: &Presentation,
    folder: &Path,
) -> io::Result<()> {
    let manifest = &hls.hls_manifests[0];
    let name = &manifest.manifest_name;
    let length = TimeDelta::seconds(hls.segment_duration_seconds.into());
    let mut parent = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let mut i_frames = String::new();
    let groups_of_tracks = presentation.group_attributes();
    let sounds = presentation.sounds.iter().map(|it| group_segments(&it.segments, length));
    let sound_peak = sounds.map(|it| peak(&it)).collect::<io::Result<Vec<_>>>()?;
    let sound_peak = sound_peak.into_iter().max().unwrap_or(0);
    for (at, rendition) in presentation.renditions.iter().enumerate() {
        let number = at + 1;
        let child = format!("{name}_{number}.m3u8");
        let groups = group_segments(&rendition.segments, length);
        // Segments can need more than the encoder announced, because its buffer is full at first.
        let bandwidth = rendition.stream.bandwidth.max(peak(&groups)? + sound_peak);
        let stream = stream_info(&rendition.stream, bandwidth);
        let _ = writeln!(parent, "{stream}{groups_of_tracks}\n{child}");

        let segment_name = |sequence: usize| format!("{name}_{number}_{sequence}.ts");
        for (sequence, parts) in groups.iter().enumerate() {
            join_media(parts, &folder.join(segment_name(sequence)))?;
        }
        let interval = manifest.program_date_time_interval_seconds;
        let head = "#EXT-X-VERSION:3\n";
        let text = media_playlist(&groups, interval, head, |text, sequence, duration| {
            let (seconds, name) = (duration.as_seconds_f64(), segment_name(sequence));
            let _ = writeln!(text, "#EXTINF:{seconds:.6},\n{name}");
            Ok(())
        })?;
        fs::write(folder.join(child), text)?;
        // MediaPackage makes the I-frame playlist from the first rendition in the manifest.
        // https://docs.aws.amazon.com/mediapackage/latest/ug/trick-play.html
        if manifest.include_iframe_only_stream && at == 0 {
            let mut peak = 0;
            let head = "#EXT-X-VERSION:4\n#EXT-X-I-FRAMES-ONLY\n";
            let text = media_playlist(&groups, interval, head, |text, sequence, duration| {
                let name = segment_name(sequence);
                let frames = find_i_frames(&fs::read(folder.join(&name))?, duration);
                peak = frames.iter().map(IFrame::bits_per_second).chain([peak]).max().unwrap_or(0);
                write_entries(text, &frames, &name);
                Ok(())
            })?;
            let child = format!("{name}_iframes.m3u8");
            fs::write(folder.join(&child), text)?;
            i_frames = i_frame_info(&rendition.stream, peak, &child);
        }
    }
    let tracks = package_tracks(hls, presentation, folder)?;
    fs::write(folder.join(format!("{name}.m3u8")), parent + &tracks + &i_frames)
}

/// Writes the manifests and the segments of sounds and captions. Returns their tags in the multivariant
/// manifest.
fn package_tracks(
    hls: &HlsPackage,
    presentation: &Presentation,
    folder: &Path,
) -> io::Result<String> {
    let manifest = &hls.hls_manifests[0];
    let length = TimeDelta::seconds(hls.segment_duration_seconds.into());
    let sounds = presentation.sounds.iter().map(|it| (it, SOUNDS, "AUDIO", "ts"));
    let captions = presentation.captions.iter().map(|it| (it, CAPTIONS, "SUBTITLES", "vtt"));
    let mut tags = String::new();
    let first = presentation.renditions.len() + 1;
    for (number, (track, group, kind, extension)) in (first..).zip(sounds.chain(captions)) {
        let base = format!("{}_{number}_0", manifest.manifest_name);
        let groups = group_segments(&track.segments, length);
        let interval = manifest.program_date_time_interval_seconds;
        let head = "#EXT-X-VERSION:3\n";
        let text = media_playlist(&groups, interval, head, |text, sequence, duration| {
            let name = format!("{base}_{sequence}.{extension}");
            let (seconds, parts) = (duration.as_seconds_f64(), groups[sequence]);
            let _ = writeln!(text, "#EXTINF:{seconds:.6},\n{name}");
            let file = folder.join(name);
            if extension == "ts" { join_media(parts, &file) } else { join_captions(parts, &file) }
        })?;
        fs::write(folder.join(format!("{base}.m3u8")), text)?;
        let Track { name, language, is_default, .. } = track;
        let default = if *is_default { "YES" } else { "NO" };
        let _ = writeln!(
            tags,
            "#EXT-X-MEDIA:TYPE={kind},GROUP-ID=\"{group}\",NAME=\"{name}\",DEFAULT={default},AUTOSELECT=YES,LANGUAGE=\"{language}\",URI=\"{base}.m3u8\""
        );
    }
    // The first captions are made the default.
    // <https://docs.aws.amazon.com/mediapackage/latest/ug/supported-inputs-vod.html>
    let mut default = "YES";
    for EmbeddedCaptions { name, language, channel } in &presentation.embedded {
        let _ = writeln!(
            tags,
            "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"{EMBEDDED}\",NAME=\"{name}\",DEFAULT={default},AUTOSELECT=YES,LANGUAGE=\"{language}\",INSTREAM-ID=\"{channel}\""
        );
        default = "NO";
    }
    Ok(tags)
}

/// The rendition groups of sounds and of captions, as MediaPackage names them. That of captions in the
/// pictures is not documented.
const SOUNDS: &str = "audio_0";
const CAPTIONS: &str = "subtitles";
const EMBEDDED: &str = "CC";

impl Presentation {
    /// The attributes by which a rendition refers to its sounds and captions.
    fn group_attributes(&self) -> String {
        let groups = [
            ("AUDIO", SOUNDS, self.sounds.is_empty()),
            ("SUBTITLES", CAPTIONS, self.captions.is_empty()),
            ("CLOSED-CAPTIONS", EMBEDDED, self.embedded.is_empty()),
        ];
        let used = groups.into_iter().filter(|(_, _, is_empty)| !is_empty);
        used.map(|(name, group, _)| format!(",{name}=\"{group}\"")).collect()
    }
}

fn join_media(parts: &[SourceSegment], file: &Path) -> io::Result<()> {
    let mut media = fs::File::create(file)?;
    for part in parts {
        io::copy(&mut fs::File::open(&part.file)?, &mut media)?;
    }
    Ok(())
}

fn join_captions(parts: &[SourceSegment], file: &Path) -> io::Result<()> {
    let mut joined: Option<Webvtt> = None;
    for part in parts {
        let next = Webvtt::parse(&fs::read_to_string(&part.file)?);
        match &mut joined {
            Some(joined) => joined.append(next),
            None => joined = Some(next),
        }
    }
    fs::write(file, joined.unwrap_or_default().to_string())
}

/// Groups segments so that each group is about `length` long and has no discontinuity inside.
///
/// MediaPackage rounds the length to a multiple of the source segments' length.
fn group_segments(segments: &[SourceSegment], length: TimeDelta) -> Vec<&[SourceSegment]> {
    let source = segments.iter().map(|segment| segment.duration).max().unwrap_or(length);
    let ratio = length.as_seconds_f64() / source.as_seconds_f64().max(0.001);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small ratio")]
    let group_size = ratio.round().max(1.0) as usize;
    segments
        .chunk_by(|_, next| !next.discontinuity)
        .flat_map(|continuous| continuous.chunks(group_size))
        .collect()
}

/// The bit rate of the segment that needs most.
/// <https://www.rfc-editor.org/rfc/rfc8216#section-4.3.4.2>
fn peak(groups: &[&[SourceSegment]]) -> io::Result<u64> {
    let mut peak = 0;
    for parts in groups {
        let sizes = parts.iter().map(|part| Ok(fs::metadata(&part.file)?.len()));
        let bits = sizes.sum::<io::Result<u64>>()? * 8;
        let length: TimeDelta = parts.iter().map(|part| part.duration).sum();
        let milliseconds = length.num_milliseconds().max(1).unsigned_abs();
        peak = peak.max(bits * 1000 / milliseconds);
    }
    Ok(peak)
}

/// A manifest with some tags at its head. `write` adds the entries of a group, by its number and duration.
fn media_playlist(
    groups: &[&[SourceSegment]],
    date_time_interval: u32,
    head: &str,
    mut write: impl FnMut(&mut String, usize, TimeDelta) -> io::Result<()>,
) -> io::Result<String> {
    let duration =
        |parts: &[SourceSegment]| parts.iter().map(|part| part.duration).sum::<TimeDelta>();
    let longest = groups.iter().map(|parts| duration(parts)).max().unwrap_or_default();
    let mut text = format!(
        "#EXTM3U\n{head}#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n",
        (longest + TimeDelta::milliseconds(499)).num_seconds().max(1)
    );
    let interval = TimeDelta::seconds(date_time_interval.into());
    let mut tagged: Option<DateTime<Utc>> = None;
    for (sequence, parts) in groups.iter().enumerate() {
        let Some(first) = parts.first() else { continue };
        if first.discontinuity && sequence > 0 {
            text.push_str("#EXT-X-DISCONTINUITY\n");
            tagged = None;
        }
        if let Some(start) = first.start.filter(|_| date_time_interval > 0)
            && tagged.is_none_or(|tagged| interval <= start - tagged)
        {
            let time = start.to_rfc3339_opts(SecondsFormat::Millis, true);
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{time}");
            tagged = Some(start);
        }
        write(&mut text, sequence, duration(parts))?;
    }
    text.push_str("#EXT-X-ENDLIST\n");
    Ok(text)
}

fn i_frame_info(stream: &VariantStream, peak: u64, playlist: &str) -> String {
    let mut text = format!("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={peak}");
    if let Some(resolution) = &stream.resolution {
        let _ = write!(text, ",RESOLUTION={}x{}", resolution.width, resolution.height);
    }
    if let Some(codecs) = &stream.codecs {
        let _ = write!(text, ",CODECS=\"{}\"", video_codecs(codecs));
    }
    let _ = writeln!(text, ",URI=\"{playlist}\"");
    text
}

fn stream_info(stream: &VariantStream, bandwidth: u64) -> String {
    let mut text = format!("#EXT-X-STREAM-INF:BANDWIDTH={bandwidth}");
    if let Some(resolution) = &stream.resolution {
        let _ = write!(text, ",RESOLUTION={}x{}", resolution.width, resolution.height);
    }
    if let Some(rate) = stream.frame_rate {
        let _ = write!(text, ",FRAME-RATE={rate:.3}");
    }
    if let Some(codecs) = &stream.codecs {
        let _ = write!(text, ",CODECS=\"{codecs}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(discontinuities: &[usize], count: usize) -> Vec<SourceSegment> {
        (0..count)
            .map(|at| SourceSegment {
                file: format!("{at}.ts").into(),
                duration: TimeDelta::seconds(2),
                start: DateTime::from_timestamp(1_580_736_600 + 2 * i64::try_from(at).unwrap(), 0),
                discontinuity: discontinuities.contains(&at),
            })
            .collect()
    }

    #[track_caller]
    fn check(seconds: i64, discontinuities: &[usize], expected: &[usize]) {
        let segments = segments(discontinuities, 7);
        let groups = group_segments(&segments, TimeDelta::seconds(seconds));
        let sizes: Vec<_> = groups.iter().map(|parts| parts.len()).collect();
        assert_eq!(sizes, expected);
    }

    #[test]
    fn lengths_are_multiples_of_the_source_and_end_at_discontinuities() {
        check(2, &[], &[1, 1, 1, 1, 1, 1, 1]);
        check(1, &[], &[1, 1, 1, 1, 1, 1, 1]);
        check(4, &[], &[2, 2, 2, 1]);
        check(5, &[], &[3, 3, 1]);
        check(4, &[3], &[2, 1, 2, 2]);
    }

    #[test]
    fn date_times_are_written_at_the_start_at_the_interval_and_after_a_discontinuity() {
        let segments = segments(&[5], 7);
        let groups = group_segments(&segments, TimeDelta::seconds(2));
        let playlist = |interval| media_playlist(&groups, interval, "", |_, _, _| Ok(())).unwrap();
        let text = playlist(4);
        let tagged: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:"))
            .collect();
        assert_eq!(tagged, ["00.000Z", "04.000Z", "08.000Z", "10.000Z"]);
        assert!(!playlist(0).contains("DATE-TIME"));
    }
}

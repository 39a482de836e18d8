//! The segments of sounds that have playlists of their own in an HLS group.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::path::Path;
use std::{fs, io};

use super::hls_settings::HlsGroupSettings;
use super::multivariant::child_name;
use super::settings::{JobSettings, Output, OutputGroupSettings};

/// Lets the separate sounds of a job have as many segments as the video. The files of group `n` are in
/// folder `n` in `work`.
///
/// The encoder begins 21 ms before the first sound, so ffmpeg may write a last segment with one packet.
pub(super) fn match_segments(settings: &JobSettings, work: &Path) -> io::Result<()> {
    for (at, group) in settings.output_groups.iter().enumerate() {
        let OutputGroupSettings::Hls { hls_group_settings: hls } = &group.output_group_settings
        else {
            continue;
        };
        let folder = work.join(at.to_string());
        let video = group.outputs.iter().find(|it| it.video_description.is_some());
        let Some(video) = video else { continue };
        let count = segments(&fs::read_to_string(folder.join(child_name(hls, video)))?).len();
        let is_sound = |it: &&Output| it.video_description.is_none() && it.captions().is_none();
        for sound in group.outputs.iter().filter(is_sound) {
            join_last_segments(hls, sound, count, &folder)?;
        }
    }
    Ok(())
}

/// Joins the segments behind the first `count` ones to the last of these.
fn join_last_segments(
    hls: &HlsGroupSettings,
    sound: &Output,
    count: usize,
    folder: &Path,
) -> io::Result<()> {
    let playlist = folder.join(child_name(hls, sound));
    let text = fs::read_to_string(&playlist)?;
    let segments = segments(&text);
    let Some((kept, more)) = segments.split_at_checked(count) else { return Ok(()) };
    let (Some(last), false) = (kept.last(), more.is_empty()) else { return Ok(()) };
    let mut file = OpenOptions::new().append(true).open(folder.join(last.name))?;
    for segment in more {
        let path = folder.join(segment.name);
        io::copy(&mut fs::File::open(&path)?, &mut file)?;
        fs::remove_file(path)?;
    }
    fs::write(playlist, without_last_segments(&text, &segments, count))
}

/// A playlist whose segment number `count` lasts as long as all segments from there on.
fn without_last_segments(text: &str, segments: &[Segment<'_>], count: usize) -> String {
    let seconds: f64 = segments[count - 1..].iter().map(|it| it.seconds).sum();
    let head = text.lines().take_while(|line| !line.starts_with("#EXTINF:"));
    let mut joined: String = head.map(|line| format!("{line}\n")).collect();
    for (at, Segment { name, seconds: own }) in segments[..count].iter().enumerate() {
        let seconds = if at + 1 == count { seconds } else { *own };
        let _ = writeln!(joined, "#EXTINF:{seconds:.6},\n{name}");
    }
    joined + "#EXT-X-ENDLIST\n"
}

/// A segment in a playlist of ffmpeg.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Segment<'a> {
    name: &'a str,
    seconds: f64,
}

fn segments(playlist: &str) -> Vec<Segment<'_>> {
    let mut lines = playlist.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let duration = line.strip_prefix("#EXTINF:").and_then(|it| it.split(',').next());
        let Some(seconds) = duration.and_then(|it| it.parse().ok()) else { continue };
        found.extend(lines.next().map(|name| Segment { name, seconds }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_segments_of_a_playlist_are_joined() {
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.010667,\na_1.ts\n\
                    #EXTINF:3.989333,\na_2.ts\n#EXTINF:0.021333,\na_3.ts\n#EXT-X-ENDLIST\n";
        let found = segments(text);
        assert_eq!(found[2], Segment { name: "a_3.ts", seconds: 0.021_333 });
        assert_eq!(
            without_last_segments(text, &found, 2),
            "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4.010667,\na_1.ts\n\
             #EXTINF:4.010666,\na_2.ts\n#EXT-X-ENDLIST\n"
        );
        assert_eq!(without_last_segments(text, &found, 3), text);
    }
}

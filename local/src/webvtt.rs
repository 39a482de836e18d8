//! WebVTT: the cues of a segment, and how their times relate to the time stamps of the video.
//! <https://www.rfc-editor.org/rfc/rfc8216#section-3.5>

use std::fmt::Write as _;

use chrono::TimeDelta;

/// Time stamps of video count ticks of 90 kHz.
const TICKS_PER_SECOND: i64 = 90_000;
/// Time stamps begin again after so many ticks.
const TICKS: i64 = 1 << 33;

/// A text and when it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cue {
    pub(crate) start: TimeDelta,
    pub(crate) end: TimeDelta,
    pub(crate) text: String,
}

/// The tag `X-TIMESTAMP-MAP`: the cue time `local` is the time stamp `mpegts` of the video.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimestampMap {
    pub(crate) mpegts: i64,
    pub(crate) local: TimeDelta,
}

/// A segment of captions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Webvtt {
    pub(crate) map: TimestampMap,
    pub(crate) cues: Vec<Cue>,
}

impl Cue {
    /// A cue with its times in milliseconds.
    #[cfg(test)]
    pub(crate) fn sample(start: i64, end: i64, text: &str) -> Self {
        let [start, end] = [start, end].map(TimeDelta::milliseconds);
        Self { start, end, text: text.to_owned() }
    }

    /// Whether a cue has words and lasts.
    pub(crate) fn is_shown(&self) -> bool {
        !self.text.trim().is_empty() && self.start < self.end
    }
}

impl TimestampMap {
    /// The time to add to that of a cue, to count it from a time stamp of the video.
    pub(crate) fn offset_from(self, mpegts: i64) -> TimeDelta {
        let ticks = (self.mpegts - mpegts + TICKS / 2).rem_euclid(TICKS) - TICKS / 2;
        TimeDelta::microseconds(ticks * 1_000_000 / TICKS_PER_SECOND) - self.local
    }
}

impl Webvtt {
    /// Parses cues. Their settings and identifiers, notes and styles are dropped.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let map = text.lines().find_map(parse_map).unwrap_or_default();
        Self { map, cues: text.split("\n\n").filter_map(parse_cue).collect() }
    }

    /// Adds the cues of another segment, which may repeat a cue that crosses the edge of the segments.
    pub(crate) fn append(&mut self, other: Self) {
        let offset = other.map.offset_from(self.map.mpegts) + self.map.local;
        for cue in other.cues {
            let cue = Cue { start: cue.start + offset, end: cue.end + offset, ..cue };
            if !self.cues.contains(&cue) {
                self.cues.push(cue);
            }
        }
    }
}

impl std::fmt::Display for Webvtt {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let TimestampMap { mpegts, local } = self.map;
        writeln!(to, "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{mpegts},LOCAL:{}", format_time(local))?;
        for Cue { start, end, text } in &self.cues {
            write!(to, "\n{} --> {}\n{text}\n", format_time(*start), format_time(*end))?;
        }
        Ok(())
    }
}

/// The cues as TTML, for DASH. MediaPackage makes EBU-TT of WebVTT there.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/supported-inputs-vod.html>
pub(crate) fn to_ttml(cues: &[Cue], language: &str) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <tt xmlns=\"http://www.w3.org/ns/ttml\" xml:lang=\"{language}\">\n<body><div>\n"
    );
    for Cue { start, end, text: words } in cues {
        let words = escape_xml(&plain_words(words)).replace('\n', "<br/>");
        let (begin, end) = (format_time(*start), format_time(*end));
        let _ = writeln!(text, "<p begin=\"{begin}\" end=\"{end}\">{words}</p>");
    }
    text + "</div></body>\n</tt>\n"
}

/// Escapes a text for XML.
pub(crate) fn escape_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The words of a cue: without the tags and the escapes of WebVTT.
pub(crate) fn plain_words(text: &str) -> String {
    remove_tags(text)
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
}

/// Escapes words for WebVTT. A blank line would end the cue, so it is removed.
pub(crate) fn escape_words(words: &str) -> String {
    let lines = words.lines().filter(|line| !line.trim().is_empty());
    let words = lines.collect::<Vec<_>>().join("\n");
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Removes tags, as `<i>`, `</c>` and `<00:01.000>`. Any other `<` is a character.
pub(crate) fn remove_tags(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        words.push_str(before);
        let begins_tag =
            |it: &str| it[1..].starts_with(|it: char| it.is_ascii_alphanumeric() || it == '/');
        if let Some(end) = tag.find('>').filter(|_| begins_tag(tag)) {
            rest = &tag[end + 1..];
        } else {
            words.push('<');
            rest = &tag[1..];
        }
    }
    words + rest
}

fn parse_map(line: &str) -> Option<TimestampMap> {
    let mut map = TimestampMap::default();
    for part in line.strip_prefix("X-TIMESTAMP-MAP=")?.split(',') {
        match part.split_once(':')? {
            ("MPEGTS", ticks) => map.mpegts = ticks.trim().parse().ok()?,
            ("LOCAL", time) => map.local = parse_time(time)?,
            _ => {}
        }
    }
    Some(map)
}

fn parse_cue(block: &str) -> Option<Cue> {
    let mut lines = block.lines().skip_while(|line| !line.contains("-->"));
    let (start, rest) = lines.next()?.split_once("-->")?;
    let end = rest.split_whitespace().next()?;
    let text = lines.collect::<Vec<_>>().join("\n");
    Some(Cue { start: parse_time(start)?, end: parse_time(end)?, text })
}

/// Parses `hh:mm:ss.ttt`. The hours may be missing.
pub(crate) fn parse_time(text: &str) -> Option<TimeDelta> {
    let (clock, milliseconds) = text.trim().split_once('.')?;
    let seconds = clock
        .split(':')
        .try_fold(0i64, |sum, part| part.parse::<i64>().ok().map(|number| sum * 60 + number))?;
    Some(TimeDelta::seconds(seconds) + TimeDelta::milliseconds(milliseconds.parse().ok()?))
}

/// Writes `hh:mm:ss.ttt`.
pub(crate) fn format_time(time: TimeDelta) -> String {
    let milliseconds = time.num_milliseconds().max(0);
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    format!("{:02}:{:02}:{:02}.{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_and_their_map_are_parsed_and_written() {
        let text = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:10.000\n\n\
                    NOTE nothing\n\nid\n00:09.500 --> 00:00:11.000 align:start\none\ntwo\n\n\
                    100:00:12.000 --> 100:00:13.000\nthree\n";
        let parsed = Webvtt::parse(&text.replace('\n', "\r\n"));
        assert_eq!(parsed.map, TimestampMap { mpegts: 900_000, local: TimeDelta::seconds(10) });
        let expected =
            [Cue::sample(9500, 11_000, "one\ntwo"), Cue::sample(360_012_000, 360_013_000, "three")];
        assert_eq!(parsed.cues, expected);
        assert_eq!(Webvtt::parse(&parsed.to_string()), parsed);
        assert_eq!(Webvtt::parse("WEBVTT\n"), Webvtt::default());
    }

    #[test]
    fn a_cue_that_two_segments_have_is_kept_once() {
        let at = |mpegts, local| TimestampMap { mpegts, local: TimeDelta::seconds(local) };
        let mut first =
            Webvtt { map: at(900_000, 10), cues: vec![Cue::sample(11_000, 13_000, "over")] };
        // The second segment counts its cues from another time.
        let cues = vec![Cue::sample(0, 1000, "over"), Cue::sample(1000, 2000, "next")];
        first.append(Webvtt { map: at(990_000, 0), cues });
        let expected = [
            Cue::sample(11_000, 13_000, "over"),
            Cue::sample(11_000, 12_000, "over"),
            Cue::sample(12_000, 13_000, "next"),
        ];
        assert_eq!(first.cues, expected, "a cue with other times is another cue");
        first.append(Webvtt {
            map: at(1_080_000, 12),
            cues: vec![Cue::sample(11_000, 13_000, "over")],
        });
        assert_eq!(first.cues.len(), 3);
    }

    #[test]
    fn ttml_has_the_words_without_the_tags_of_webvtt() {
        let text =
            to_ttml(&[Cue::sample(1500, 2000, "<i>Tom</i> &amp; <v Ann>Jerry\n1 &lt; 2")], "eng");
        let expected =
            "<p begin=\"00:00:01.500\" end=\"00:00:02.000\">Tom &amp; Jerry<br/>1 &lt; 2</p>";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("xml:lang=\"eng\""), "{text}");
    }
}

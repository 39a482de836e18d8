//! TTML: the words of its paragraphs and their times.
//! <https://www.w3.org/TR/ttml1/#timing>

use chrono::TimeDelta;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::webvtt::Cue;

/// Longer than any video. An element without an end lasts so long.
const FOREVER: TimeDelta = TimeDelta::hours(1000);
/// The frames in a second if a document does not say it.
const DEFAULT_FRAME_RATE: f64 = 30.0;

/// An element that is open, and when it is shown.
#[derive(Clone, Copy, Debug)]
struct Element {
    begin: TimeDelta,
    end: TimeDelta,
    /// Whether it is in the body, and not in the head.
    is_in_body: bool,
    /// Whether its text is shown.
    has_words: bool,
    keeps_spaces: bool,
}

/// How a document counts.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Clock {
    frames_per_second: f64,
    ticks_per_second: f64,
}

/// Parses the cues of a document. Words without a line break between them are one line.
pub(super) fn parse_ttml(text: &str) -> Result<Vec<Cue>, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("is not TTML: {error}");
    let mut reader = Reader::from_str(text);
    let mut clock = Clock { frames_per_second: DEFAULT_FRAME_RATE, ticks_per_second: 1.0 };
    let mut open: Vec<Element> = Vec::new();
    let mut cues = Vec::new();
    // The words of a paragraph. Spans in it may have times of their own.
    let mut words: Vec<Cue> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| unreadable(&error))?;
        match event {
            Event::Start(tag) => {
                if open.is_empty() {
                    clock = read_clock(&tag)?;
                }
                let element = read_element(&tag, open.last(), clock)?;
                open.push(element);
            }
            Event::Empty(tag) if tag.local_name().as_ref() == b"br" => {
                add_words(&mut words, open.last(), "\n", true);
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|error| unreadable(&error))?;
                let keeps_spaces = open.last().is_some_and(|it| it.keeps_spaces);
                add_words(&mut words, open.last(), &text, keeps_spaces);
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|error| unreadable(&error))?;
                add_words(&mut words, open.last(), &text, true);
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode().map_err(|error| unreadable(&error))?;
                let character = reference.resolve_char_ref().ok().flatten().map(String::from);
                let known = || resolve_predefined_entity(&name).map(str::to_owned);
                let text = character
                    .or_else(known)
                    .ok_or_else(|| format!("is not TTML: the entity {name} is unknown"))?;
                add_words(&mut words, open.last(), &text, true);
            }
            Event::End(tag) => {
                open.pop();
                if tag.local_name().as_ref() == b"p" {
                    cues.extend(words.drain(..).map(trim_lines).filter(Cue::is_shown));
                }
            }
            Event::Eof if open.is_empty() => break,
            Event::Eof => return Err("is not TTML: it ends within an element".to_owned()),
            _ => {}
        }
    }
    cues.sort_by_key(|cue| cue.start);
    Ok(cues)
}

/// Adds text to the words of a paragraph.
fn add_words(words: &mut Vec<Cue>, element: Option<&Element>, text: &str, keeps_spaces: bool) {
    let Some(Element { begin, end, .. }) = element.filter(|it| it.has_words) else { return };
    let collapsed = || {
        let outer = |found: Option<char>| found.is_some_and(char::is_whitespace).then_some(" ");
        let inner = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let before = outer(text.chars().next()).unwrap_or_default();
        let after = outer(text.chars().last()).filter(|_| !inner.is_empty()).unwrap_or_default();
        format!("{before}{inner}{after}")
    };
    let text = if keeps_spaces { text.to_owned() } else { collapsed() };
    match words.last_mut() {
        Some(last) if (last.start, last.end) == (*begin, *end) => last.text.push_str(&text),
        // White space between two spans with times of their own is not shown.
        _ if text.trim().is_empty() => {}
        _ => words.push(Cue { start: *begin, end: *end, text }),
    }
}

fn trim_lines(cue: Cue) -> Cue {
    let Cue { start, end, text } = cue;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Cue { start, end, text: lines.collect::<Vec<_>>().join("\n") }
}

/// When an element is shown. Its times count from the begin of its parent.
fn read_element(
    tag: &BytesStart<'_>,
    parent: Option<&Element>,
    clock: Clock,
) -> Result<Element, String> {
    let root = Element {
        begin: TimeDelta::zero(),
        end: FOREVER,
        is_in_body: false,
        has_words: false,
        keeps_spaces: false,
    };
    let parent = parent.copied().unwrap_or(root);
    let time = |name: &str| {
        let text = attribute(tag, name);
        let parsed = text.as_ref().map(|text| {
            clock.parse(text).ok_or_else(|| format!("is not TTML: {name}={text:?} is no time"))
        });
        parsed.transpose()
    };
    let begin = parent.begin + time("begin")?.unwrap_or_default();
    let ends = [time("end")?.map(|end| parent.begin + end), time("dur")?.map(|it| begin + it)];
    let end = ends.into_iter().flatten().chain([parent.end]).min().unwrap_or(parent.end);
    let name = tag.local_name();
    let is_in_body = parent.is_in_body || name.as_ref() == b"body";
    let has_words = match name.as_ref() {
        b"p" => is_in_body,
        b"span" => parent.has_words,
        _ => false,
    };
    let space = attribute(tag, "space");
    let keeps_spaces = space.map_or(parent.keeps_spaces, |it| it == "preserve");
    Ok(Element { begin, end, is_in_body, has_words, keeps_spaces })
}

/// The value of an attribute, whatever its namespace.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes().flatten();
    let found = attributes.find(|it| it.key.local_name().as_ref() == name.as_bytes())?;
    Some(String::from_utf8_lossy(&found.value).into_owned())
}

/// Reads how a document counts from its root element.
fn read_clock(root: &BytesStart<'_>) -> Result<Clock, String> {
    if root.local_name().as_ref() != b"tt" {
        return Err("is not TTML: its root element is not tt".to_owned());
    }
    let number = |name: &str| attribute(root, name).and_then(|it| it.trim().parse::<f64>().ok());
    let positive = |name: &str| number(name).filter(|it| *it > 0.0);
    let rate = positive("frameRate");
    let multiplier = attribute(root, "frameRateMultiplier").and_then(|text| {
        // TTML separates the two numbers by a space, and an older draft by a colon.
        let mut numbers = text.split([' ', ':']).map(|it| it.parse::<f64>().ok());
        Some(numbers.next()?? / numbers.next()??)
    });
    let multiplier = multiplier.filter(|it| it.is_finite() && *it > 0.0).unwrap_or(1.0);
    let frames_per_second = rate.unwrap_or(DEFAULT_FRAME_RATE) * multiplier;
    let ticks_per_second =
        positive("tickRate").unwrap_or(if rate.is_some() { frames_per_second } else { 1.0 });
    Ok(Clock { frames_per_second, ticks_per_second })
}

impl Clock {
    /// Parses a time: `hh:mm:ss`, `hh:mm:ss.mmm`, `hh:mm:ss:ff`, or a number with its unit, as `12.5s`.
    fn parse(self, text: &str) -> Option<TimeDelta> {
        let text = text.trim();
        if !text.contains(':') {
            let unit = text.find(|it: char| !it.is_ascii_digit() && it != '.')?;
            let number: f64 = text[..unit].parse().ok()?;
            let seconds = match &text[unit..] {
                "h" => number * 3600.0,
                "m" => number * 60.0,
                "s" => number,
                "ms" => number / 1000.0,
                "f" => number / self.frames_per_second,
                "t" => number / self.ticks_per_second,
                _ => return None,
            };
            return to_time(seconds);
        }
        let parts: Vec<&str> = text.split(':').collect();
        let [hours, minutes, seconds, frames @ ..] = &parts[..] else { return None };
        let (hours, minutes) = (hours.parse::<u32>().ok()?, minutes.parse::<u32>().ok()?);
        let frames = match frames {
            [] => 0.0,
            [frames] => frames.parse::<f64>().ok()? / self.frames_per_second,
            _ => return None,
        };
        let seconds: f64 = seconds.parse().ok()?;
        to_time(f64::from(hours) * 3600.0 + f64::from(minutes) * 60.0 + seconds + frames)
    }
}

fn to_time(seconds: f64) -> Option<TimeDelta> {
    #[expect(clippy::cast_possible_truncation, reason = "less than a million seconds")]
    let microseconds = (seconds * 1e6).round() as i64;
    (0.0..1e6).contains(&seconds).then(|| TimeDelta::microseconds(microseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<(i64, i64, String)>, String> {
        let cues = parse_ttml(text)?;
        let flat = |it: Cue| (it.start.num_milliseconds(), it.end.num_milliseconds(), it.text);
        Ok(cues.into_iter().map(flat).collect())
    }

    #[test]
    fn every_kind_of_time_is_parsed() {
        let clock = Clock { frames_per_second: 25.0, ticks_per_second: 10_000_000.0 };
        let milliseconds = |text: &str| clock.parse(text).map(|it| it.num_milliseconds());
        for (text, expected) in [
            ("00:00:01.500", 1500),
            ("01:02:03", 3_723_000),
            ("00:00:02:05", 2200),
            ("12.5s", 12_500),
            ("1.5h", 5_400_000),
            ("2m", 120_000),
            ("750ms", 750),
            ("50f", 2000),
            ("15000000t", 1500),
        ] {
            assert_eq!(milliseconds(text), Some(expected), "{text}");
        }
        for text in ["", "12", "s", "1:2", "00:00:xx", "00:00:01:02:03:04", "-1s", "1e9s", "5x"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_document_says_how_it_counts() {
        let text = "<tt:tt xmlns:tt='http://www.w3.org/ns/ttml' \
                    xmlns:ttp='http://www.w3.org/ns/ttml#parameter' ttp:frameRate='30' \
                    ttp:frameRateMultiplier='1000 1001' ttp:tickRate='1000'><tt:body><tt:div>\
                    <tt:p begin='00:00:01:15' end='3000t'>a</tt:p></tt:div></tt:body></tt:tt>";
        assert_eq!(parse(text).unwrap(), [(1500, 3000, "a".to_owned())]);
    }

    #[test]
    fn words_keep_their_lines_and_lose_their_styles() {
        let text = "<?xml version='1.0' encoding='UTF-8'?><!-- x -->\n\
            <tt xmlns='http://www.w3.org/ns/ttml' xml:lang='fi'>\
            <head><metadata><p>no</p></metadata><styling><style/></styling></head>\n\
            <body begin='1s'><div>\n\
            <p begin='1s' end='2s'>\n  Tom &amp; <span style='x'>Jerry\n   <span>run</span></span><br/>\
            1 &lt; 2 &#228; <![CDATA[<b>]]>\n</p>\n\
            <p begin='10s' dur='2s'><span begin='0s' end='1s'>one</span> \
            <span begin='1s'>two</span></p>\n\
            <p begin='20s'>ever</p><p>all</p><p begin='3s' end='3s'>never</p>\n\
            </div></body></tt>";
        let cues = parse(text).unwrap();
        let words: Vec<_> = cues.iter().map(|(start, end, text)| (*start, *end, &**text)).collect();
        let forever = FOREVER.num_milliseconds();
        let expected = [
            (1000, forever, "all"),
            (2000, 3000, "Tom & Jerry run\n1 < 2 ä <b>"),
            (11_000, 12_000, "one"),
            (12_000, 13_000, "two"),
            (21_000, forever, "ever"),
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn what_is_no_ttml_is_refused() {
        for (text, reason) in [
            ("<html></html>", "root element"),
            ("<tt><body>", "ends within"),
            ("<tt><body></tt>", "is not TTML"),
            ("<tt><body><p begin='soon'>x</p></body></tt>", "begin=\"soon\" is no time"),
            ("<tt><body><p begin='1s'>&who;</p></body></tt>", "entity who"),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}

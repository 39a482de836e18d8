//! Caption files: SRT, WebVTT and TTML.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/sidecar-input.html>

use super::caption_settings::CaptionSourceType;
use super::ttml::parse_ttml;
use crate::webvtt::{Cue, Webvtt, parse_time, plain_words, remove_tags};

/// Parses the cues of a caption file. Their words have neither tags nor escapes.
///
/// The error names the fault of the file. A file without cues is an error too.
pub(super) fn parse_captions(body: &[u8], kind: CaptionSourceType) -> Result<Vec<Cue>, String> {
    let text = decode(body)?;
    let cues = match kind {
        CaptionSourceType::Srt => parse_srt(&text),
        CaptionSourceType::Webvtt => parse_webvtt(&text)?,
        CaptionSourceType::Ttml => parse_ttml(&text)?,
        CaptionSourceType::Embedded => Vec::new(),
    };
    if cues.is_empty() {
        return Err("has no captions that can be read".to_owned());
    }
    Ok(cues)
}

/// Decodes a text of UTF-8, or of UTF-16 with a byte order mark. AWS does not document which other
/// encodings MediaConvert detects.
fn decode(body: &[u8]) -> Result<String, String> {
    let words = |from: fn([u8; 2]) -> u16| {
        let (pairs, rest) = body[2..].as_chunks();
        let units: Vec<_> = pairs.iter().map(|pair| from(*pair)).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    let text = match body {
        [0xFF, 0xFE, ..] => words(u16::from_le_bytes).ok_or("is not valid UTF-16")?,
        [0xFE, 0xFF, ..] => words(u16::from_be_bytes).ok_or("is not valid UTF-16")?,
        _ => String::from_utf8(body.to_vec())
            .map_err(|_| "is neither UTF-8 nor UTF-16 with a byte order mark")?,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

fn parse_webvtt(text: &str) -> Result<Vec<Cue>, String> {
    if !text.starts_with("WEBVTT") {
        return Err("does not begin with WEBVTT".to_owned());
    }
    Ok(to_plain(Webvtt::parse(text).cues))
}

/// The cues of WebVTT without their tags, escapes and styles.
pub(super) fn to_plain(cues: Vec<Cue>) -> Vec<Cue> {
    let plain = |cue: Cue| Cue { text: plain_words(&cue.text), ..cue };
    cues.into_iter().map(plain).filter(Cue::is_shown).collect()
}

/// Parses SRT. The numbers of the cues may be missing, and words may have blank lines.
fn parse_srt(text: &str) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    for line in text.lines() {
        if let Some((start, end)) = parse_srt_times(line) {
            if let Some(earlier) = cues.last_mut() {
                remove_number(&mut earlier.text);
            }
            cues.push(Cue { start, end, text: String::new() });
        } else if let Some(cue) = cues.last_mut() {
            cue.text.push_str(line);
            cue.text.push('\n');
        }
    }
    let plain = |cue: Cue| Cue { text: remove_overrides(&remove_tags(&cue.text)), ..cue };
    cues.into_iter().map(plain).filter(Cue::is_shown).collect()
}

fn parse_srt_times(line: &str) -> Option<(chrono::TimeDelta, chrono::TimeDelta)> {
    let (start, rest) = line.split_once("-->")?;
    let end = rest.split_whitespace().next()?;
    Some((parse_time(&start.replace(',', "."))?, parse_time(&end.replace(',', "."))?))
}

/// Removes the number of the next cue, which follows a blank line.
fn remove_number(text: &mut String) {
    let words = text.trim_end();
    let (before, last) = words.rsplit_once('\n').unwrap_or(("", words));
    let is_number = !last.is_empty() && last.trim().bytes().all(|it| it.is_ascii_digit());
    if is_number && (before.is_empty() || before.ends_with('\n')) {
        text.truncate(before.len());
    }
}

/// Removes styles as `{\an8}`, which some players read in SRT.
fn remove_overrides(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{\\") {
        words.push_str(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    (words + rest).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &[u8], kind: CaptionSourceType) -> Result<Vec<(i64, i64, String)>, String> {
        let cues = parse_captions(body, kind)?;
        let flat = |it: Cue| (it.start.num_milliseconds(), it.end.num_milliseconds(), it.text);
        Ok(cues.into_iter().map(flat).collect())
    }

    fn cue(start: i64, end: i64, text: &str) -> (i64, i64, String) {
        (start, end, text.to_owned())
    }

    #[test]
    fn srt_is_parsed_without_its_styles() {
        let text = "1\n00:00:01,500 --> 00:00:02,000\n{\\an8}<i>Heippa</i>\nhei I <3 \"x\" & y\n\n\
                    2\n00:00:03,000 --> 00:00:04,250 X1:0 X2:9\nblank\n\n1999\n\n3\n\
                    00:00:05.000 --> 00:00:06.000\n<font color=\"red\">last</font>\n\n\
                    00:00:07,000 --> 00:00:07,000\nnever\n\n4\n00:00:08,000 --> 00:00:09,000\n\n";
        let expected = [
            cue(1500, 2000, "Heippa\nhei I <3 \"x\" & y"),
            cue(3000, 4250, "blank\n\n1999"),
            cue(5000, 6000, "last"),
        ];
        for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
            assert_eq!(parse(text.as_bytes(), CaptionSourceType::Srt).unwrap(), expected);
        }
    }

    #[test]
    fn webvtt_is_parsed_without_its_styles() {
        let text = "\u{feff}WEBVTT - film\n\nSTYLE\n::cue { color: red }\n\nNOTE no\n\nintro\n\
                    00:01.000 --> 00:02.000 line:0\n<v Ann>Tom &amp; <c.red>Jerry</c>\n\n\
                    01:00:03.000 --> 01:00:04.000\n1 &lt; 2\n";
        let expected = [cue(1000, 2000, "Tom & Jerry"), cue(3_603_000, 3_604_000, "1 < 2")];
        assert_eq!(parse(text.as_bytes(), CaptionSourceType::Webvtt).unwrap(), expected);
        let refused = parse(b"1\n00:00:01.000 --> 00:00:02.000\nx\n", CaptionSourceType::Webvtt);
        assert!(refused.unwrap_err().contains("WEBVTT"));
    }

    #[test]
    fn utf_16_is_decoded_and_other_encodings_are_refused() {
        let text = "\u{feff}1\n00:00:01,000 --> 00:00:02,000\nÄiti\n";
        let expected = [cue(1000, 2000, "Äiti")];
        for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let body: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
            assert_eq!(parse(&body, CaptionSourceType::Srt).unwrap(), expected);
            let refused = parse(&body[..body.len() - 1], CaptionSourceType::Srt).unwrap_err();
            assert!(refused.contains("UTF-16"), "{refused}");
        }
        let latin_1 = b"1\n00:00:01,000 --> 00:00:02,000\n\xC4iti\n";
        let refused = parse(latin_1, CaptionSourceType::Srt).unwrap_err();
        assert!(refused.contains("neither UTF-8"), "{refused}");
    }

    #[test]
    fn a_file_without_cues_is_refused() {
        for (body, kind) in [
            ("", CaptionSourceType::Srt),
            ("words\n", CaptionSourceType::Srt),
            ("WEBVTT\n", CaptionSourceType::Webvtt),
        ] {
            let refused = parse(body.as_bytes(), kind).unwrap_err();
            assert!(refused.contains("no captions"), "{body}: {refused}");
        }
    }
}

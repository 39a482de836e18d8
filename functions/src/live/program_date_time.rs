//! PROGRAM-DATE-TIME in the forms of ISO 8601, for a parser that only reads those of RFC 3339.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, NaiveDateTime, SecondsFormat};

const TAG: &[u8] = b"#EXT-X-PROGRAM-DATE-TIME:";

/// Rewrites each PROGRAM-DATE-TIME of a playlist that is in a form of ISO 8601 but not of RFC 3339,
/// such as `2020-02-03T13:30:58+0000`.
///
/// HLS says that a time should have a zone. A time without one is in UTC, as MediaPackage writes it.
/// <https://www.rfc-editor.org/rfc/rfc8216#section-4.3.2.6>
pub(super) fn normalize_times(playlist: &[u8]) -> Cow<'_, [u8]> {
    let mut rewritten: Option<Vec<u8>> = None;
    let mut copied = 0;
    let mut position = 0;
    for line in playlist.split_inclusive(|byte| *byte == b'\n') {
        let begin = position;
        position += line.len();
        let Some(value) = line.strip_prefix(TAG) else { continue };
        let Some(time) = std::str::from_utf8(value.trim_ascii()).ok().and_then(parse_other_form)
        else {
            continue;
        };
        let text = rewritten.get_or_insert_with(|| Vec::with_capacity(playlist.len()));
        text.extend_from_slice(&playlist[copied..begin]);
        text.extend_from_slice(TAG);
        text.extend_from_slice(time.to_rfc3339_opts(SecondsFormat::AutoSi, true).as_bytes());
        text.push(b'\n');
        copied = position;
    }
    match rewritten {
        None => Cow::Borrowed(playlist),
        Some(mut text) => {
            text.extend_from_slice(&playlist[copied..]);
            Cow::Owned(text)
        }
    }
}

/// Parses a time that RFC 3339 does not allow: an offset without colon or minutes, no zone, a comma
/// before the fraction, or the basic format.
fn parse_other_form(text: &str) -> Option<DateTime<FixedOffset>> {
    if DateTime::parse_from_rfc3339(text).is_ok() {
        return None;
    }
    let text = text.replace(',', ".");
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y%m%dT%H%M%S%.f"].into_iter().find_map(|form| {
        let zoned = DateTime::parse_from_str(&text, &format!("{form}%#z")).ok();
        let local = || NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), form).ok();
        zoned.or_else(|| Some(local()?.and_utc().fixed_offset()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let playlist =
            |time| format!("#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:{time}\n#EXTINF:2,\na.ts\n");
        let normalized =
            String::from_utf8(normalize_times(playlist(text).as_bytes()).into()).unwrap();
        let line = normalized.lines().nth(1).unwrap().split_once(':').unwrap().1.to_owned();
        let time = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        assert_eq!(time(&line), time(expected), "{text}");
        assert_eq!(normalized, playlist(&line), "{text}");
    }

    #[test]
    fn every_form_of_iso_8601_is_read() {
        check("2020-02-03T13:30:58Z", "2020-02-03T13:30:58Z");
        check("2020-02-03T13:30:58.040+01:00", "2020-02-03T12:30:58.040Z");
        check("2020-02-03T13:30:58.040+0000", "2020-02-03T13:30:58.040Z");
        check("2020-02-03T21:30:58+0800", "2020-02-03T13:30:58Z");
        check("2020-02-03T10:00:58-0330", "2020-02-03T13:30:58Z");
        check("2020-02-03T21:30:58+08", "2020-02-03T13:30:58Z");
        check("2020-02-03T13:30:58", "2020-02-03T13:30:58Z");
        check("2020-02-03T13:30:58.04", "2020-02-03T13:30:58.040Z");
        check("2020-02-03T13:30:58,040Z", "2020-02-03T13:30:58.040Z");
        check("20200203T133058Z", "2020-02-03T13:30:58Z");
        check("20200203T213058+0800", "2020-02-03T13:30:58Z");
    }

    #[test]
    fn other_lines_and_other_texts_are_kept() {
        let text = b"#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:soon\r\n#EXTINF:2,\na.ts";
        assert_eq!(*normalize_times(text), *text);
        let mixed = "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:58+0000\r\na.ts\r\nb.ts";
        let expected = "#EXTM3U\n#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:58Z\na.ts\r\nb.ts";
        assert_eq!(*normalize_times(mixed.as_bytes()), *expected.as_bytes());
    }
}

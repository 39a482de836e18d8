//! Ad breaks: what SCTE-35 says of a live stream, as MediaPackage writes it with
//! `adMarkers: DATERANGE`.
//! <https://docs.aws.amazon.com/mediapackage/latest/ug/scte-date-range.html>

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

const TAG: &str = "#EXT-X-DATERANGE:";
/// Longest id that is read, in characters. The ids of MediaPackage are numbers.
const MAX_ID_LENGTH: usize = 200;
/// A longer time is a fault of the encoder.
const MAX_SECONDS: f64 = 86_400.0;

/// An ad break, on the clock of PROGRAM-DATE-TIME.
#[derive(Clone, Debug, PartialEq)]
pub struct AdBreak {
    /// The same in each manifest that has the break.
    pub id: String,
    pub start: DateTime<Utc>,
    /// `None` if the stream does not say how long the break will be.
    pub end: Option<DateTime<Utc>>,
    /// Whether the break is over, so that its end is not a plan.
    pub is_over: bool,
}

/// What the tags of one id say together.
#[derive(Default)]
struct DateRange<'a> {
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    duration: Option<TimeDelta>,
    planned: Option<TimeDelta>,
    is_break: bool,
    id: &'a str,
}

/// Reads the ad breaks of a media playlist, in the order of their first tags.
///
/// A break has a tag with `SCTE35-OUT` at its start, and later one with `SCTE35-IN` and the same id.
/// HLS says that a client combines the attributes of all tags of an id. A tag that cannot be read is
/// skipped.
/// <https://datatracker.ietf.org/doc/html/rfc8216#section-4.3.2.7>
pub fn parse_ad_breaks(playlist: &[u8]) -> Vec<AdBreak> {
    let mut ranges: Vec<DateRange<'_>> = Vec::new();
    let lines = playlist.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = line.strip_prefix(TAG.as_bytes())?;
        std::str::from_utf8(line).ok()
    });
    for line in lines {
        let attributes = parse_attributes(line.trim());
        let Some(id) = attributes.get("ID").filter(|id| (1..=MAX_ID_LENGTH).contains(&id.len()))
        else {
            continue;
        };
        let at = ranges.iter().position(|range| range.id == *id).unwrap_or_else(|| {
            ranges.push(DateRange { id, ..DateRange::default() });
            ranges.len() - 1
        });
        ranges[at].add(&attributes);
    }
    ranges.iter().filter(|range| range.is_break).filter_map(DateRange::to_break).collect()
}

impl DateRange<'_> {
    fn add(&mut self, attributes: &HashMap<&str, &str>) {
        let attribute = |name| attributes.get(name).copied();
        self.start = self.start.or_else(|| parse_time(attribute("START-DATE")?));
        self.end = self.end.or_else(|| parse_time(attribute("END-DATE")?));
        self.duration = self.duration.or_else(|| parse_seconds(attribute("DURATION")?));
        self.planned = self.planned.or_else(|| parse_seconds(attribute("PLANNED-DURATION")?));
        self.is_break |= ["SCTE35-OUT", "SCTE35-IN"].into_iter().any(|it| attribute(it).is_some());
    }

    fn to_break(&self) -> Option<AdBreak> {
        let start = self.start?;
        let after = |length: TimeDelta| start.checked_add_signed(length);
        let over = self.end.or_else(|| after(self.duration?)).filter(|end| *end > start);
        let planned = || after(self.planned?).filter(|end| *end > start);
        Some(AdBreak {
            id: self.id.to_owned(),
            start,
            end: over.or_else(planned),
            is_over: over.is_some(),
        })
    }
}

/// Parses an attribute list. A comma in quotation marks separates nothing.
fn parse_attributes(mut list: &str) -> HashMap<&str, &str> {
    let mut attributes = HashMap::new();
    while let Some((name, rest)) = list.split_once('=') {
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some((value, rest)) => (value, rest.strip_prefix(',').unwrap_or_default()),
                None => break,
            },
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        attributes.entry(name.trim()).or_insert(value.trim());
        list = rest;
    }
    attributes
}

fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

fn parse_seconds(text: &str) -> Option<TimeDelta> {
    let seconds: f64 = text.parse().ok().filter(|it| (0.0..=MAX_SECONDS).contains(it))?;
    #[expect(clippy::cast_possible_truncation, reason = "at most a day of milliseconds")]
    Some(TimeDelta::milliseconds((seconds * 1000.0).round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A break as AWS's page shows it.
    const OUT: &str = "#EXT-X-DATERANGE:ID=\"2415919105\",START-DATE=\"2020-05-03T00:01:00.018Z\",\
                       PLANNED-DURATION=29.988,SCTE35-OUT=0xFC303E00000000000000";

    #[track_caller]
    fn check(tags: &[&str], expected: &[(&str, &str, Option<&str>, bool)]) {
        let text = format!("#EXTM3U\n#EXTINF:2,\na.ts\n{}\n#EXTINF:2,\nb.ts\n", tags.join("\r\n"));
        let breaks = parse_ad_breaks(text.as_bytes());
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let expected: Vec<_> = expected
            .iter()
            .map(|(id, start, end, is_over)| AdBreak {
                id: (*id).to_owned(),
                start: time(start),
                end: end.map(time),
                is_over: *is_over,
            })
            .collect();
        assert_eq!(breaks, expected);
    }

    #[test]
    fn a_break_has_its_planned_end_until_it_is_over() {
        let start = "2020-05-03T00:01:00.018Z";
        let planned = ("2415919105", start, Some("2020-05-03T00:01:30.006Z"), false);
        check(&[OUT], &[planned]);
        let over = ("2415919105", start, Some("2020-05-03T00:01:20.018Z"), true);
        let back = |attributes: &str| {
            format!("{TAG}ID=\"2415919105\",START-DATE=\"{start}\",{attributes},SCTE35-IN=0xFC30")
        };
        check(&[OUT, &back("DURATION=20")], &[over]);
        check(&[OUT, &back("END-DATE=\"2020-05-03T00:01:20.018Z\"")], &[over]);
        check(&[&back("DURATION=20")], &[over]);
        check(&[OUT, OUT], &[planned]);
    }

    #[test]
    fn a_break_need_not_say_its_length() {
        let tag = "#EXT-X-DATERANGE:SCTE35-OUT=0xFC,START-DATE=\"2020-05-03T01:01:00+01:00\",ID=\"a,b=c\"";
        check(&[tag], &[("a,b=c", "2020-05-03T00:01:00Z", None, false)]);
        let wrong = format!("{tag},PLANNED-DURATION=-5,DURATION=soon,END-DATE=\"2020\"");
        check(&[&wrong], &[("a,b=c", "2020-05-03T00:01:00Z", None, false)]);
    }

    #[test]
    fn two_breaks_can_begin_before_one_segment() {
        let second = OUT.replace("2415919105", "7").replace("00:01:00.018", "00:02:00");
        let first =
            ("2415919105", "2020-05-03T00:01:00.018Z", Some("2020-05-03T00:01:30.006Z"), false);
        check(
            &[OUT, &second],
            &[first, ("7", "2020-05-03T00:02:00Z", Some("2020-05-03T00:02:29.988Z"), false)],
        );
    }

    #[test]
    fn a_tag_that_is_no_break_is_skipped() {
        check(&[], &[]);
        check(
            &[
                "#EXT-X-DATERANGE:",
                "#EXT-X-DATERANGE:ID=\"",
                "#EXT-X-DATERANGE:ID=\"\",SCTE35-OUT=0",
            ],
            &[],
        );
        check(
            &["#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2020-05-03T00:01:00Z\",CLASS=\"chapter\""],
            &[],
        );
        check(&["#EXT-X-DATERANGE:ID=\"a\",SCTE35-OUT=0xFC"], &[]);
    }
}

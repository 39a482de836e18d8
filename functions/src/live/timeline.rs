//! The segments of a media playlist, with their times.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use m3u8_rs::MediaPlaylist;

use crate::clip::{Bounds, Window};

/// The segments of a media playlist, on the clock of PROGRAM-DATE-TIME.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    // Invariant: not empty.
    segments: Vec<Segment>,
    /// Whether the playlist is complete: it has EXT-X-ENDLIST.
    pub ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Segment {
    start: DateTime<Utc>,
    duration: TimeDelta,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("this is not an HLS manifest")]
    NotHls,
    #[error("the manifest has no rendition")]
    NoRendition,
    #[error("the manifest has no segment")]
    NoSegment,
    #[error("the manifest has no PROGRAM-DATE-TIME")]
    NoProgramDateTime,
    #[error("a time of the manifest is out of range")]
    OutOfRange,
}

/// How far the end of a segment may be from the start of the next one.
const MAX_JITTER: TimeDelta = TimeDelta::milliseconds(500);

impl Timeline {
    /// Computes the times of all segments of a media playlist.
    ///
    /// Some segments have a PROGRAM-DATE-TIME, at least the first after each discontinuity. The times
    /// of the others follow from the durations, before the first tag as well as after it.
    /// <https://www.rfc-editor.org/rfc/rfc8216#section-6.2.1>
    pub fn from_playlist(playlist: &MediaPlaylist) -> Result<Self, ManifestError> {
        let durations = playlist
            .segments
            .iter()
            .map(|segment| parse_duration(segment.duration))
            .collect::<Result<Vec<_>, _>>()?;
        if durations.is_empty() {
            return Err(ManifestError::NoSegment);
        }

        let (first_tagged, first_time) = playlist
            .segments
            .iter()
            .enumerate()
            .find_map(|(at, segment)| Some((at, segment.program_date_time?.to_utc())))
            .ok_or(ManifestError::NoProgramDateTime)?;
        let before: TimeDelta = durations[..first_tagged].iter().sum();
        let mut next = first_time.checked_sub_signed(before);

        let mut segments = Vec::with_capacity(durations.len());
        for (segment, duration) in playlist.segments.iter().zip(durations) {
            let tagged = segment.program_date_time.map(|time| time.to_utc());
            let start = tagged.or(next).filter(in_range).ok_or(ManifestError::OutOfRange)?;
            next = start.checked_add_signed(duration);
            segments.push(Segment { start, duration });
        }
        next.filter(in_range).ok_or(ManifestError::OutOfRange)?;
        Ok(Self { segments, ended: playlist.end_list })
    }

    /// When the first segment starts.
    pub fn start(&self) -> DateTime<Utc> {
        self.segments[0].start
    }

    /// When the last segment ends. In a live playlist, this is the live edge.
    pub fn end(&self) -> DateTime<Utc> {
        let last = self.segments[self.segments.len() - 1];
        last.start + last.duration
    }

    /// The playing time. If the stream went off air in between, it is less than `end - start`.
    pub fn duration(&self) -> TimeDelta {
        self.segments.iter().map(|segment| segment.duration).sum()
    }

    /// Whether the segments cover a time span without a gap.
    pub fn covers(&self, start: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        let mut covered = start;
        for segment in &self.segments {
            // The times of neighboring segments may differ by some milliseconds.
            if segment.start <= covered + MAX_JITTER {
                covered = covered.max(segment.start + segment.duration);
            }
        }
        self.start() <= start && end <= covered
    }

    /// Whether this is the complete timeline of a window: it reaches from the window's start to its
    /// end, and no segment is outside of the window. The stream may have been off air in between.
    pub fn is_whole(&self, window: Window) -> bool {
        let first = self.segments[0];
        let last = self.segments[self.segments.len() - 1];
        self.ended
            && first.start <= window.start()
            && window.start() < first.start + first.duration
            && last.start < window.end()
            && window.end() <= last.start + last.duration
    }

    /// The bounds of a clip of all segments.
    pub fn bounds(&self) -> Bounds {
        Bounds {
            start: self.start(),
            end: self.end(),
            duration_seconds: self.duration().as_seconds_f64(),
        }
    }
}

/// Whether a clip id can hold the time. Years in ids have four digits.
fn in_range(time: &DateTime<Utc>) -> bool {
    (1970..=9999).contains(&time.year())
}

/// Converts an EXTINF duration, rounded to microseconds.
fn parse_duration(seconds: f32) -> Result<TimeDelta, ManifestError> {
    const MAX_SEGMENT_SECONDS: f32 = 3600.0;
    if !(0.0..=MAX_SEGMENT_SECONDS).contains(&seconds) {
        return Err(ManifestError::OutOfRange);
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked to be at most 3.6e9")]
    let microseconds = (f64::from(seconds) * 1e6).round() as i64;
    Ok(TimeDelta::microseconds(microseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Timeline, ManifestError> {
        let text = format!("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n{body}");
        let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).unwrap();
        Timeline::from_playlist(&playlist)
    }

    #[track_caller]
    fn check(body: &str, start: &str, end: &str, seconds: f64) {
        let timeline = read(body).unwrap();
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!((timeline.start(), timeline.end()), (time(start), time(end)));
        assert!((timeline.duration().as_seconds_f64() - seconds).abs() < 1e-6);
    }

    #[test]
    fn counts_from_the_tag_in_both_directions() {
        check(
            "#EXTINF:2,\na.ts\n#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:58Z\n#EXTINF:2,\nb.ts\n#EXTINF:1.96,\nc.ts\n",
            "2020-02-03T13:30:56Z",
            "2020-02-03T13:31:01.960Z",
            5.96,
        );
    }

    #[test]
    fn reads_offsets_and_stops_of_the_stream() {
        check(
            "#EXT-X-PROGRAM-DATE-TIME:2020-02-03T14:30:58+01:00\n#EXTINF:2,\na.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:32:00Z\n#EXTINF:2,\nb.ts\n#EXT-X-ENDLIST\n",
            "2020-02-03T13:30:58Z",
            "2020-02-03T13:32:02Z",
            4.0,
        );
    }

    #[test]
    fn covers_time_spans_without_a_gap() {
        let timeline = read(
            "#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:00Z\n#EXTINF:2,\na.ts\n#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:02.040Z\n#EXTINF:2,\nb.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:10Z\n#EXTINF:2,\nc.ts\n",
        )
        .unwrap();
        let at = |seconds: i64| timeline.start() + TimeDelta::seconds(seconds);
        let covers = |start, end| timeline.covers(at(start), at(end));
        assert!(covers(0, 4) && covers(1, 3) && covers(10, 12));
        assert!(!covers(-1, 3) && !covers(3, 5) && !covers(3, 11) && !covers(11, 13));
    }

    #[test]
    fn a_whole_timeline_has_the_segments_of_its_window_and_no_other() {
        let body =
            "#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:00Z\n#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n";
        let complete = read(&format!("{body}#EXT-X-ENDLIST\n")).unwrap();
        let growing = read(body).unwrap();
        let check = |timeline: &Timeline, start: i64, end: i64, expected| {
            let at = |seconds| complete.start() + TimeDelta::seconds(seconds);
            let window = Window::new(at(start), at(end)).unwrap();
            assert_eq!(timeline.is_whole(window), expected, "{start} to {end}");
        };
        check(&complete, 0, 4, true);
        check(&complete, 1, 3, true);
        check(&growing, 0, 4, false);
        check(&complete, -1, 4, false);
        check(&complete, 0, 5, false);
        check(&complete, 2, 4, false);
        check(&complete, 0, 2, false);
    }

    #[test]
    fn durations_do_not_drift() {
        let body = format!(
            "#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:00:00Z\n{}",
            "#EXTINF:1.920,\na.ts\n".repeat(1000)
        );
        check(&body, "2020-02-03T13:00:00Z", "2020-02-03T13:32:00Z", 1920.0);
    }

    #[test]
    fn refuses_what_tells_no_time() {
        assert_eq!(read(""), Err(ManifestError::NoSegment));
        assert_eq!(read("#EXTINF:2,\na.ts\n"), Err(ManifestError::NoProgramDateTime));
        assert_eq!(
            read("#EXT-X-PROGRAM-DATE-TIME:2020-02-03T13:30:58Z\n#EXTINF:99999,\na.ts\n"),
            Err(ManifestError::OutOfRange)
        );
        for time in ["1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"] {
            let body = format!("#EXT-X-PROGRAM-DATE-TIME:{time}\n#EXTINF:2,\na.ts\n");
            assert_eq!(read(&body), Err(ManifestError::OutOfRange), "{time}");
        }
    }
}

//! A playlist's timeline, and the bounds of a clip cut from it.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use matchcut::live::{ManifestError, Timeline};
use proptest::prelude::*;

/// A segment: how many milliseconds it lasts, and how many the stream was off air before it.
type Aired = (u32, u32);

fn stream() -> impl Strategy<Value = Vec<Aired>> {
    let gap = prop_oneof![4 => Just(0_u32), 1 => 1..600_000_u32];
    prop::collection::vec((1..20_000_u32, gap), 1..60)
}

fn begin() -> DateTime<Utc> {
    "2020-02-03T13:30:00Z".parse().expect("it is a time")
}

/// When each segment starts and ends.
fn times(stream: &[Aired]) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut edge = begin();
    stream
        .iter()
        .map(|&(length, gap)| {
            let start = edge + TimeDelta::milliseconds(gap.into());
            edge = start + TimeDelta::milliseconds(length.into());
            (start, edge)
        })
        .collect()
}

/// Parses a playlist of segments. `tagged` segments and each segment after a gap have a time tag.
fn read(
    times: &[(DateTime<Utc>, DateTime<Utc>)],
    tagged: impl Fn(usize) -> bool,
) -> Result<Timeline, ManifestError> {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:20\n".to_owned();
    let mut edge = None;
    for (at, (start, end)) in times.iter().enumerate() {
        let stopped = edge.is_some_and(|edge| edge != *start);
        edge = Some(*end);
        if stopped {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        if stopped || tagged(at) {
            let time = start.to_rfc3339_opts(SecondsFormat::Millis, true);
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{time}");
        }
        let _ = writeln!(text, "#EXTINF:{:.3},\na.ts", (*end - *start).as_seconds_f64());
    }
    let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).expect("it is a playlist");
    Timeline::from_playlist(&playlist)
}

/// Durations are read as 32-bit floats.
fn near(one: TimeDelta, other: TimeDelta) -> bool {
    (one - other).abs() <= TimeDelta::milliseconds(1)
}

proptest! {
    #[test]
    fn a_timeline_matches_its_segments(stream in stream()) {
        let times = times(&stream);
        let timeline = read(&times, |_| true).unwrap();
        prop_assert_eq!(timeline.start(), times[0].0);
        prop_assert!(near(timeline.end() - begin(), times[times.len() - 1].1 - begin()));
        let length: TimeDelta = times.iter().map(|(start, end)| *end - *start).sum();
        prop_assert!(near(timeline.duration(), length));
        prop_assert!(timeline.duration() <= timeline.end() - timeline.start() + TimeDelta::milliseconds(1));
        prop_assert!(!timeline.ended);
    }

    #[test]
    fn one_time_tag_before_the_first_gap_is_enough(
        stream in stream(),
        at in any::<prop::sample::Index>(),
    ) {
        let times = times(&stream);
        let stop = stream.iter().skip(1).position(|(_, gap)| *gap > 0);
        let at = at.index(stop.map_or(stream.len(), |stop| stop + 1));
        let (every, one) = (read(&times, |_| true).unwrap(), read(&times, |it| it == at).unwrap());
        prop_assert!(near(every.start() - begin(), one.start() - begin()));
        prop_assert!(near(every.end() - begin(), one.end() - begin()));
    }

    /// MediaPackage widens a window to the segments it touches; those are the clip.
    #[test]
    fn bounds_exceed_the_window_by_less_than_a_segment(
        stream in stream(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let all = times(&stream);
        let length = usize::try_from((all[all.len() - 1].1 - all[0].0).num_milliseconds()).unwrap();
        let (from, to) = (from.index(length), to.index(length));
        let moment = |it: usize| all[0].0 + TimeDelta::milliseconds(i64::try_from(it).unwrap());
        let (start, end) = (moment(from.min(to)), moment(from.max(to) + 1));
        let touched: Vec<_> = all.iter().copied().filter(|it| start < it.1 && it.0 < end).collect();
        prop_assume!(!touched.is_empty());
        let bounds = read(&touched, |_| true).unwrap().bounds();
        let (first, last) = (touched[0], touched[touched.len() - 1]);
        prop_assert!(near(bounds.start - begin(), first.0 - begin()));
        prop_assert!(near(bounds.end - begin(), last.1 - begin()));
        // A window may begin or end where the stream was off air.
        prop_assert!(start - bounds.start < first.1 - first.0 + TimeDelta::milliseconds(1));
        prop_assert!(bounds.end - end < last.1 - last.0 + TimeDelta::milliseconds(1));
        let played: TimeDelta = touched.iter().map(|it| it.1 - it.0).sum();
        prop_assert!((bounds.duration_seconds - played.as_seconds_f64()).abs() < 0.001);
    }
}

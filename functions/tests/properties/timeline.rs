//! The timeline of a media playlist, and the bounds of a clip cut from it.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use matchcut::live::{ManifestError, Timeline};
use proptest::prelude::*;

/// The duration of a segment, and of the gap before it in which the stream was off air, in
/// milliseconds.
type SegmentAndGap = (u32, u32);

fn stream() -> impl Strategy<Value = Vec<SegmentAndGap>> {
    let gap = prop_oneof![4 => Just(0_u32), 1 => 1..600_000_u32];
    prop::collection::vec((1..20_000_u32, gap), 1..60)
}

fn stream_start() -> DateTime<Utc> {
    "2020-02-03T13:30:00Z".parse().expect("the text is a time")
}

/// The start and the end of each segment.
fn segment_times(stream: &[SegmentAndGap]) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut edge = stream_start();
    stream
        .iter()
        .map(|&(length, gap)| {
            let start = edge + TimeDelta::milliseconds(gap.into());
            edge = start + TimeDelta::milliseconds(length.into());
            (start, edge)
        })
        .collect()
}

/// Formats and parses a playlist. The segments that are `tagged`, and the first one after each gap,
/// have a PROGRAM-DATE-TIME.
fn parse_playlist(
    times: &[(DateTime<Utc>, DateTime<Utc>)],
    tagged: impl Fn(usize) -> bool,
) -> Result<Timeline, ManifestError> {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:20\n".to_owned();
    let mut edge = None;
    for (at, (start, end)) in times.iter().enumerate() {
        let is_after_gap = edge.is_some_and(|edge| edge != *start);
        edge = Some(*end);
        if is_after_gap {
            text.push_str("#EXT-X-DISCONTINUITY\n");
        }
        if is_after_gap || tagged(at) {
            let time = start.to_rfc3339_opts(SecondsFormat::Millis, true);
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{time}");
        }
        let _ = writeln!(text, "#EXTINF:{:.3},\na.ts", (*end - *start).as_seconds_f64());
    }
    let playlist =
        m3u8_rs::parse_media_playlist_res(text.as_bytes()).expect("the text is a playlist");
    Timeline::from_playlist(&playlist)
}

/// Compares with a tolerance, because m3u8-rs parses durations as 32-bit floats.
fn is_near(one: TimeDelta, other: TimeDelta) -> bool {
    (one - other).abs() <= TimeDelta::milliseconds(1)
}

proptest! {
    #[test]
    fn a_timeline_has_the_times_of_its_segments(stream in stream()) {
        let times = segment_times(&stream);
        let timeline = parse_playlist(&times, |_| true).unwrap();
        prop_assert_eq!(timeline.start(), times[0].0);
        prop_assert!(is_near(timeline.end() - stream_start(), times[times.len() - 1].1 - stream_start()));
        let length: TimeDelta = times.iter().map(|(start, end)| *end - *start).sum();
        prop_assert!(is_near(timeline.duration(), length));
        prop_assert!(timeline.duration() <= timeline.end() - timeline.start() + TimeDelta::milliseconds(1));
        prop_assert!(!timeline.ended);
    }

    #[test]
    fn one_tag_before_the_first_gap_is_enough_for_all_times(
        stream in stream(),
        at in any::<prop::sample::Index>(),
    ) {
        let times = segment_times(&stream);
        let first_gap = stream.iter().skip(1).position(|(_, gap)| *gap > 0);
        let at = at.index(first_gap.map_or(stream.len(), |gap| gap + 1));
        let (every, one) = (parse_playlist(&times, |_| true).unwrap(), parse_playlist(&times, |it| it == at).unwrap());
        prop_assert!(is_near(every.start() - stream_start(), one.start() - stream_start()));
        prop_assert!(is_near(every.end() - stream_start(), one.end() - stream_start()));
    }

    /// MediaPackage widens a window to whole segments.
    #[test]
    fn the_bounds_of_a_clip_contain_its_window_and_less_than_a_segment_more(
        stream in stream(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let all = segment_times(&stream);
        let length = usize::try_from((all[all.len() - 1].1 - all[0].0).num_milliseconds()).unwrap();
        let (from, to) = (from.index(length), to.index(length));
        let time = |it: usize| all[0].0 + TimeDelta::milliseconds(i64::try_from(it).unwrap());
        let (start, end) = (time(from.min(to)), time(from.max(to) + 1));
        let touched: Vec<_> = all.iter().copied().filter(|it| start < it.1 && it.0 < end).collect();
        prop_assume!(!touched.is_empty());
        let bounds = parse_playlist(&touched, |_| true).unwrap().bounds();
        let (first, last) = (touched[0], touched[touched.len() - 1]);
        prop_assert!(is_near(bounds.start - stream_start(), first.0 - stream_start()));
        prop_assert!(is_near(bounds.end - stream_start(), last.1 - stream_start()));
        // A window may begin or end in a gap.
        prop_assert!(start - bounds.start < first.1 - first.0 + TimeDelta::milliseconds(1));
        prop_assert!(bounds.end - end < last.1 - last.0 + TimeDelta::milliseconds(1));
        let played: TimeDelta = touched.iter().map(|it| it.1 - it.0).sum();
        prop_assert!((bounds.duration_seconds - played.as_seconds_f64()).abs() < 0.001);
    }
}

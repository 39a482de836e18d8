//! Which frames of a clip's media become its MP4, and which of them become pictures.

use chrono::{DateTime, TimeDelta, Utc};

use crate::asset::BestRendition;
use crate::clip::{Bounds, Clip, FrameRate, Source};

/// Most thumbnails of a clip.
const MAX_THUMBNAILS: i64 = 10;
/// The shortest time between two thumbnails.
const MIN_INTERVAL: TimeDelta = TimeDelta::milliseconds(500);

/// What a job makes of the media of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FilesPlan {
    /// The first requested frame, counted from 0. `None` if the media starts with it.
    pub(super) first: Option<i64>,
    /// The last requested frame. `None` if the media ends with it.
    pub(super) last: Option<i64>,
    /// The duration of the MP4. `None` if it is unknown.
    pub(super) duration: Option<TimeDelta>,
}

impl FilesPlan {
    /// Plans the files of a clip. If the bounds of its media are unknown, the MP4 has all of it.
    pub(super) fn new(clip: &Clip, rendition: &BestRendition) -> Self {
        let Some(bounds) = clip.actual else {
            return Self { first: None, last: None, duration: None };
        };
        let length = Bounds::lasting(bounds.start, bounds.duration_seconds);
        let length = length.end - length.start;
        let Source::Live { requested, .. } = &clip.source else {
            return Self { first: None, last: None, duration: Some(length) };
        };
        let rate = rendition.frame_rate;
        let count = rate.count_frames(length);
        let frame_at = |time: DateTime<Utc>| {
            let offset = (time - bounds.start).max(TimeDelta::zero());
            rate.count_frames(offset)
        };
        let first = frame_at(requested.exact_start()).min(count - 1).max(0);
        // If the stream was off air in between, the media is shorter than its bounds. Then the last frame
        // is counted from the end.
        let gap = count_frames_of_gap(rate, bounds, length);
        let end = (frame_at(requested.exact_end()) - gap).clamp(first + 1, count.max(first + 1));
        let frames = end - first;
        Self {
            first: (first > 0).then_some(first),
            last: (end < count).then_some(end - 1),
            duration: Some(duration_of(rate, frames)),
        }
    }

    /// The number of thumbnails, and the time from one to the next.
    pub(super) fn thumbnails(&self) -> (u32, TimeDelta) {
        let Some(duration) = self.duration else { return (1, TimeDelta::seconds(1)) };
        let count = duration.num_milliseconds() / MIN_INTERVAL.num_milliseconds();
        let count = count.clamp(1, MAX_THUMBNAILS);
        let milliseconds = duration.num_milliseconds() / count;
        let count = u32::try_from(count).unwrap_or(1);
        (count, TimeDelta::milliseconds(milliseconds.max(1)))
    }

    /// When the poster is captured, from the start of the MP4: in its middle.
    pub(super) fn poster_time(&self) -> TimeDelta {
        self.duration.map_or(TimeDelta::seconds(1), |duration| duration / 2)
    }
}

fn count_frames_of_gap(rate: FrameRate, bounds: Bounds, length: TimeDelta) -> i64 {
    /// The largest difference that comes from rounding.
    const MAX_ROUNDING: TimeDelta = TimeDelta::milliseconds(100);
    let gap = bounds.end - bounds.start - length;
    if gap > MAX_ROUNDING { rate.count_frames(gap) } else { 0 }
}

fn duration_of(rate: FrameRate, frames: i64) -> TimeDelta {
    let per_second = i64::from(rate.numerator());
    TimeDelta::milliseconds(frames * 1000 * i64::from(rate.denominator()) / per_second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::RenditionSound;
    use crate::clip::transition::tests::clip;
    use crate::clip::{Status, Window};

    fn plan(start: i64, end: i64, rate: f64, bounds: (i64, i64), seconds: f64) -> FilesPlan {
        let origin = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        let at = |milliseconds| origin + TimeDelta::milliseconds(milliseconds);
        let mut clip = clip(Status::Ready);
        let requested = Window::new(at(start), at(end)).unwrap();
        clip.source = Source::Live { channel: "main".into(), requested };
        clip.actual =
            Some(Bounds { start: at(bounds.0), end: at(bounds.1), duration_seconds: seconds });
        let frame_rate = FrameRate::from_decimal(rate).unwrap();
        let (width, height, sound) = (1280, 720, RenditionSound::Muxed);
        FilesPlan::new(&clip, &BestRendition { width, height, frame_rate, sound })
    }

    #[test]
    fn the_frames_are_those_of_the_requested_window() {
        let frames = |plan: FilesPlan| (plan.first, plan.last);
        let whole = |start, end, rate| frames(plan(start, end, rate, (0, 10_000), 10.0));
        assert_eq!(whole(800, 7400, 25.0), (Some(20), Some(184)));
        assert_eq!(whole(0, 10_000, 25.0), (None, None));
        assert_eq!(whole(1001, 5005, 29.97), (Some(30), Some(149)));
        assert_eq!(whole(1001, 5005, 59.94), (Some(60), Some(299)));
        assert_eq!(whole(1000, 5000, 50.0), (Some(50), Some(249)));
        // A window that the media does not cover, and one of less than a frame.
        assert_eq!(whole(-500, 12_000, 25.0), (None, None));
        assert_eq!(whole(1000, 1001, 25.0), (Some(25), Some(25)));
    }

    #[test]
    fn a_gap_of_the_stream_is_no_frames() {
        let plan = plan(1000, 19_000, 25.0, (0, 20_000), 12.0);
        assert_eq!((plan.first, plan.last), (Some(25), Some(274)));
        assert_eq!(plan.duration, Some(TimeDelta::seconds(10)));
    }

    #[test]
    fn a_clip_has_up_to_ten_thumbnails_at_least_half_a_second_apart() {
        let check = |milliseconds, expected: (u32, i64)| {
            let plan = plan(
                0,
                milliseconds,
                25.0,
                (0, milliseconds),
                TimeDelta::milliseconds(milliseconds).as_seconds_f64(),
            );
            let (count, interval) = plan.thumbnails();
            assert_eq!((count, interval.num_milliseconds()), expected, "{milliseconds} ms");
        };
        check(40, (1, 40));
        check(2600, (5, 520));
        check(30_000, (10, 3000));
    }
}

//! Which frames of a clip's media become its MP4, and which of them become pictures.

use chrono::TimeDelta;

use crate::asset::BestRendition;
use crate::clip::{Bounds, Clip, Source, floor_millisecond};
use crate::encode::FrameRange;

/// Most thumbnails of a clip.
const MAX_THUMBNAILS: i64 = 10;
/// The shortest time between two thumbnails.
const MIN_INTERVAL: TimeDelta = TimeDelta::milliseconds(500);

/// The frames and pictures that a job makes of the media of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FilesPlan {
    /// The frames of the MP4. `None` for all of the media.
    pub(super) frames: Option<FrameRange>,
    /// The duration of the MP4. `None` if it is unknown.
    pub(super) duration: Option<TimeDelta>,
    /// The frame of the poster, from the start of the MP4. `None` for its middle.
    pub(super) poster: Option<TimeDelta>,
}

impl FilesPlan {
    /// Plans the files of a clip. If the bounds of its media are unknown, the MP4 has all of it.
    pub(super) fn new(clip: &Clip, rendition: &BestRendition) -> Self {
        let Some(bounds) = clip.actual else {
            return Self { frames: None, duration: None, poster: None };
        };
        let poster = find_poster(clip, rendition);
        let Source::Live { requested, .. } = &clip.source else {
            let length = Bounds::lasting(bounds.start, bounds.duration_seconds);
            return Self { frames: None, duration: Some(length.end - length.start), poster };
        };
        let (start, end) = (requested.exact_start(), requested.exact_end());
        let frames = FrameRange::of_window(start, end, bounds, rendition.frame_rate);
        Self { frames: Some(frames), duration: Some(frames.duration()), poster }
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

    /// How many pictures are captured for the poster, and the time from one to the next. The last one is
    /// the poster.
    pub(super) fn poster_captures(&self) -> (u32, TimeDelta) {
        match self.poster {
            // The first capture is the first frame.
            Some(time) if time < ONE_MILLISECOND => (1, TimeDelta::seconds(1)),
            Some(time) => (2, time),
            None => {
                let middle = self.duration.map(|duration| duration / 2);
                (2, middle.unwrap_or(TimeDelta::seconds(1)))
            }
        }
    }
}

const ONE_MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);

/// When the frame of a clip's poster is shown, counted from the first frame that players show. `None` if
/// no frame was chosen, or if the clip does not show it any more.
fn find_poster(clip: &Clip, rendition: &BestRendition) -> Option<TimeDelta> {
    let (time, shown) = (clip.poster_at?, clip.shown_bounds()?);
    let rate = rendition.frame_rate;
    let frame = rate.count_frames((time - shown.start).max(TimeDelta::zero()));
    let milliseconds = frame * 1000 * i64::from(rate.denominator()) / i64::from(rate.numerator());
    let is_shown = (floor_millisecond(shown.start)..shown.end).contains(&time);
    is_shown.then(|| TimeDelta::milliseconds(milliseconds))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::clip::transition::tests::clip;
    use crate::clip::{Status, Window};

    /// Plans a clip whose media is exactly the requested window.
    fn plan(length: TimeDelta) -> FilesPlan {
        let start = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        let end = start + length;
        let mut clip = clip(Status::Ready);
        let requested = Window::new(start, end).unwrap();
        clip.source = Source::Live { channel: "main".into(), requested };
        let duration_seconds = length.as_seconds_f64();
        clip.actual = Some(Bounds { start, end, duration_seconds });
        FilesPlan::new(&clip, &BestRendition::sample(1280, 720, 25.0))
    }

    #[test]
    fn a_clip_has_up_to_ten_thumbnails_at_least_half_a_second_apart() {
        let check = |milliseconds, expected: (u32, i64)| {
            let plan = plan(TimeDelta::milliseconds(milliseconds));
            let (count, interval) = plan.thumbnails();
            assert_eq!((count, interval.num_milliseconds()), expected, "{milliseconds} ms");
        };
        check(40, (1, 40));
        check(2600, (5, 520));
        check(30_000, (10, 3000));
    }
}

//! Which frames of a clip's media become its MP4, and which of them become pictures.

use chrono::TimeDelta;

use crate::asset::BestRendition;
use crate::clip::{Bounds, Clip, Source};
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
}

impl FilesPlan {
    /// Plans the files of a clip. If the bounds of its media are unknown, the MP4 has all of it.
    pub(super) fn new(clip: &Clip, rendition: &BestRendition) -> Self {
        let Some(bounds) = clip.actual else { return Self { frames: None, duration: None } };
        let Source::Live { requested, .. } = &clip.source else {
            let length = Bounds::lasting(bounds.start, bounds.duration_seconds);
            return Self { frames: None, duration: Some(length.end - length.start) };
        };
        let (start, end) = (requested.exact_start(), requested.exact_end());
        let frames = FrameRange::of_window(start, end, bounds, rendition.frame_rate);
        Self { frames: Some(frames), duration: Some(frames.duration()) }
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::asset::RenditionSound;
    use crate::clip::transition::tests::clip;
    use crate::clip::{FrameRate, Status, Window};

    /// Plans a clip whose media is exactly the requested window.
    fn plan(length: TimeDelta) -> FilesPlan {
        let start = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        let end = start + length;
        let mut clip = clip(Status::Ready);
        let requested = Window::new(start, end).unwrap();
        clip.source = Source::Live { channel: "main".into(), requested };
        let duration_seconds = length.as_seconds_f64();
        clip.actual = Some(Bounds { start, end, duration_seconds });
        let frame_rate = FrameRate::from_decimal(25.0).unwrap();
        let (width, height, sound) = (1280, 720, RenditionSound::Muxed);
        FilesPlan::new(
            &clip,
            &BestRendition { width, height, frame_rate, sound, has_more_tracks: false },
        )
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

//! Writes the WebVTT track that names the picture of each time, which players show while scrubbing.

use std::fmt::Write as _;

use chrono::TimeDelta;

use crate::clip::{THUMBNAIL_MODIFIER, capture_name};

/// Writes the track of `count` thumbnails. Each is shown until the next one, and the last one until the
/// end. The names are relative to the track.
pub(super) fn write(count: u32, interval: TimeDelta, duration: Option<TimeDelta>) -> String {
    let mut text = "WEBVTT\n".to_owned();
    let at = |number: u32| interval * i32::try_from(number).unwrap_or(i32::MAX);
    for number in 0..count {
        let is_last = number + 1 == count;
        let end = duration.filter(|end| is_last && *end > at(number)).unwrap_or(at(number + 1));
        let name = capture_name(THUMBNAIL_MODIFIER, number);
        let _ = write!(text, "\n{} --> {}\n{name}\n", format(at(number)), format(end));
    }
    text
}

fn format(time: TimeDelta) -> String {
    let milliseconds = time.num_milliseconds();
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    format!("{:02}:{:02}:{:02}.{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thumbnail_is_shown_until_the_next_one() {
        let text = write(2, TimeDelta::milliseconds(3050), Some(TimeDelta::milliseconds(6101)));
        assert_eq!(
            text,
            "WEBVTT\n\n00:00:00.000 --> 00:00:03.050\nclip_thumbnail.0000000.jpg\n\n\
             00:00:03.050 --> 00:00:06.101\nclip_thumbnail.0000001.jpg\n"
        );
        assert!(write(1, TimeDelta::hours(2), None).contains("00:00:00.000 --> 02:00:00.000\n"));
        assert_eq!(write(0, TimeDelta::seconds(1), None), "WEBVTT\n");
    }
}

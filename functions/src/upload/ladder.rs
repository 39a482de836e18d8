//! Which renditions a video gets: a ladder that never makes a picture larger.

use serde::Deserialize;

use super::video::{SMALLEST_SIDE, Video};

/// The template of every job; `functions/ladders/standard.json`, in MediaConvert's own words
/// where it has one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Ladder {
    pub(super) hls: Hls,
    pub(super) video: VideoCoding,
    pub(super) audio: Audio,
    /// The largest first.
    renditions: Vec<Rung>,
    pub(super) thumbnails: Thumbnails,
}

/// Segments, in whole seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Hls {
    pub(super) segment_length: i32,
    pub(super) min_segment_length: i32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VideoCoding {
    pub(super) gop_seconds: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Audio {
    pub(super) bitrate: i32,
    pub(super) sample_rate: i32,
}

/// A step of the ladder, for pictures of any shape: 1920×1080, 1080×1920 and 1080×1080 all have a
/// short side of 1080.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rung {
    short_side: u32,
    max_bitrate: i32,
    qvbr_quality_level: i32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Thumbnails {
    pub(super) most: u32,
    pub(super) short_side: u32,
    /// Of the JPEG, 1 to 100.
    pub(super) quality: i32,
}

/// A rendition of a particular video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rendition {
    pub(super) size: Size,
    pub(super) max_bitrate: i32,
    pub(super) quality: i32,
}

/// Width and height in square pixels, both even, as 4:2:0 video needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: i32,
    pub(super) height: i32,
}

/// The longest side that players' H.264 decoders are sure to take.
const LONGEST_SIDE: f64 = 4096.0;

/// A step that is nearer than this to the one above it is not worth its cost.
const LEAST_STEP: f64 = 1.2;

impl Ladder {
    pub(super) fn standard() -> Self {
        serde_json::from_str(include_str!("../../ladders/standard.json"))
            .expect("a test reads the template")
    }

    /// The renditions of a video, the largest first: its own size up to the ladder's top, and
    /// the steps below it.
    pub(super) fn renditions(&self, video: &Video) -> Vec<Rendition> {
        let Some(highest) = self.renditions.first() else { return Vec::new() };
        let top = video.short_side().min(f64::from(highest.short_side));
        let reach = |rung: &&Rung| top <= f64::from(rung.short_side);
        // The budget of the smallest step that is at least as large.
        let budget = self.renditions.iter().rev().find(reach).unwrap_or(highest);
        let steps = self.renditions.iter();
        let below = steps.filter(|rung| LEAST_STEP * f64::from(rung.short_side) <= top);
        let rendition = |short_side: f64, rung: &Rung| Rendition {
            size: Size::of(video, short_side),
            max_bitrate: rung.max_bitrate,
            quality: rung.qvbr_quality_level,
        };
        let mut renditions: Vec<_> = std::iter::once(rendition(top, budget))
            .chain(below.map(|rung| rendition(f64::from(rung.short_side), rung)))
            .collect();
        // Of a very long picture the long side decides.
        renditions.dedup_by_key(|rendition| rendition.size);
        renditions
    }

    pub(super) fn thumbnail_size(&self, video: &Video) -> Size {
        Size::of(video, video.short_side().min(f64::from(self.thumbnails.short_side)))
    }
}

impl Size {
    /// A picture of the video's shape with a short side of about so many pixels.
    fn of(video: &Video, short_side: f64) -> Self {
        let long_side = video.width.max(video.height);
        let scale = (short_side / video.short_side()).min(LONGEST_SIDE / long_side);
        let even = |side: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "at most 4096")]
            let half = (side * scale / 2.0).round().max(SMALLEST_SIDE / 2.0) as i32;
            half * 2
        };
        Self { width: even(video.width), height: even(video.height) }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn video(width: f64, height: f64) -> Video {
        let duration = TimeDelta::seconds(10);
        Video { width, height, duration, high_dynamic_range: false, audio: vec![2] }
    }

    #[track_caller]
    fn check(width: f64, height: f64, expected: &str) {
        let renditions = Ladder::standard().renditions(&video(width, height));
        let actual: Vec<_> = renditions
            .iter()
            .map(|it| format!("{}x{}@{}k", it.size.width, it.size.height, it.max_bitrate / 1000))
            .collect();
        assert_eq!(actual.join(" "), expected, "{width}x{height}");
    }

    #[test]
    fn pictures_keep_their_shape_and_are_never_made_larger() {
        check(1920.0, 1080.0, "1920x1080@6000k 1280x720@4000k 960x540@2000k 640x360@1000k");
        check(7680.0, 4320.0, "1920x1080@6000k 1280x720@4000k 960x540@2000k 640x360@1000k");
        check(1080.0, 1920.0, "1080x1920@6000k 720x1280@4000k 540x960@2000k 360x640@1000k");
        check(1080.0, 1080.0, "1080x1080@6000k 720x720@4000k 540x540@2000k 360x360@1000k");
        check(1280.0, 720.0, "1280x720@4000k 960x540@2000k 640x360@1000k");
        check(640.0, 360.0, "640x360@1000k");
        check(320.0, 240.0, "320x240@1000k");
    }

    #[test]
    fn sizes_between_the_steps_are_kept_and_steps_too_near_left_out() {
        check(1600.0, 900.0, "1600x900@6000k 1280x720@4000k 960x540@2000k 640x360@1000k");
        check(1024.0, 576.0, "1024x576@4000k 640x360@1000k");
        // PAL in 16:9, whose pixels are not square.
        check(1024.0, 574.0, "1024x574@4000k 642x360@1000k");
    }

    #[test]
    fn odd_shapes_fit_too() {
        check(33.0, 33.0, "34x34@1000k");
        check(20000.0, 1080.0, "4096x222@6000k");
        check(4000.0, 32.0, "4000x32@1000k");
    }
}

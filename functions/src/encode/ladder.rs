//! Chooses the renditions of a picture from the ladder. No rendition is larger than the picture.

use serde::Deserialize;

/// The ladder, `functions/ladders/standard.json`. Its fields have MediaConvert's names if
/// MediaConvert has them.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Ladder {
    pub(crate) hls: Hls,
    pub(crate) video: VideoCoding,
    pub(crate) audio: Audio,
    /// The largest first.
    renditions: Vec<Rung>,
    pub(crate) thumbnails: Thumbnails,
}

/// The segment lengths, in whole seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Hls {
    pub(crate) segment_length: i32,
    pub(crate) min_segment_length: i32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VideoCoding {
    pub(crate) gop_seconds: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Audio {
    pub(crate) bitrate: i32,
    pub(crate) sample_rate: i32,
}

/// A step of the ladder, for pictures of any aspect ratio. For example, 1920×1080, 1080×1920 and
/// 1080×1080 all have a short side of 1080.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rung {
    short_side: u32,
    max_bitrate: i32,
    qvbr_quality_level: i32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Thumbnails {
    pub(crate) most: u32,
    pub(crate) short_side: u32,
    /// The JPEG quality, 1 to 100.
    pub(crate) quality: i32,
}

/// A rendition of one video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendition {
    pub(crate) size: Size,
    pub(crate) max_bitrate: i32,
    pub(crate) quality: i32,
}

/// Width and height of a picture in square pixels.
pub(crate) type PictureSize = (f64, f64);

/// Width and height in square pixels. Both are even, as 4:2:0 video requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: i32,
    pub(crate) height: i32,
}

/// Smallest width and height of a rendition, in pixels.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
pub(crate) const MIN_SIDE: f64 = 32.0;
/// Longest side in pixels that every H.264 decoder of a player supports.
const MAX_SIDE: f64 = 4096.0;
/// Most macroblocks of a picture at H.264 level 4.2, which has 60 frames per second at this size.
/// Many players decode no higher level. <https://www.itu.int/rec/T-REC-H.264>, table A-1
const MAX_MACROBLOCKS: i32 = 8704;

/// Smallest ratio between the short sides of two renditions. A closer one is not worth its cost.
const MIN_STEP: f64 = 1.2;

impl Ladder {
    pub(crate) fn standard() -> Self {
        serde_json::from_str(include_str!("../../ladders/standard.json"))
            .expect("a test parses the ladder")
    }

    /// The renditions of a picture, the largest first: its own size up to the top of the ladder, and
    /// the steps below.
    pub(crate) fn renditions(&self, picture: PictureSize) -> Vec<Rendition> {
        let Some(highest) = self.renditions.first() else { return Vec::new() };
        let top = short_side(picture).min(f64::from(highest.short_side));
        let is_large_enough = |rung: &&Rung| f64::from(rung.short_side) >= top;
        // The largest rendition has the bit rate of the smallest step that is at least as large.
        let top_rung = self.renditions.iter().rev().find(is_large_enough).unwrap_or(highest);
        let steps = self.renditions.iter();
        let below = steps.filter(|rung| top >= MIN_STEP * f64::from(rung.short_side));
        let rendition = |short_side: f64, rung: &Rung| Rendition {
            size: Size::fit(picture, short_side),
            max_bitrate: rung.max_bitrate,
            quality: rung.qvbr_quality_level,
        };
        let mut renditions: Vec<_> = std::iter::once(rendition(top, top_rung))
            .chain(below.map(|rung| rendition(f64::from(rung.short_side), rung)))
            .collect();
        // The long side of a very wide picture limits all of its renditions to the same size.
        renditions.dedup_by_key(|rendition| rendition.size);
        renditions
    }

    pub(crate) fn thumbnail_size(&self, picture: PictureSize) -> Size {
        Size::fit(picture, short_side(picture).min(f64::from(self.thumbnails.short_side)))
    }
}

impl Size {
    /// The size with the aspect ratio of the picture and about this short side.
    fn fit((width, height): PictureSize, short_side: f64) -> Self {
        let mut scale = (short_side / width.min(height)).min(MAX_SIDE / width.max(height));
        loop {
            let even = |side: f64| {
                #[expect(clippy::cast_possible_truncation, reason = "at most 4096")]
                let half = (side * scale / 2.0).round().max(MIN_SIDE / 2.0) as i32;
                half * 2
            };
            let size = Self { width: even(width), height: even(height) };
            if size.macroblocks() <= MAX_MACROBLOCKS {
                return size;
            }
            scale *= 0.995;
        }
    }

    /// The number of blocks of 16×16 pixels.
    fn macroblocks(self) -> i32 {
        let blocks = |side: i32| (side + 15) / 16;
        blocks(self.width) * blocks(self.height)
    }
}

fn short_side((width, height): PictureSize) -> f64 {
    width.min(height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(width: f64, height: f64, expected: &str) {
        let renditions = Ladder::standard().renditions((width, height));
        let actual: Vec<_> = renditions
            .iter()
            .map(|it| format!("{}x{}@{}k", it.size.width, it.size.height, it.max_bitrate / 1000))
            .collect();
        assert_eq!(actual.join(" "), expected, "{width}x{height}");
    }

    #[test]
    fn renditions_keep_the_aspect_ratio_and_are_never_larger_than_the_picture() {
        check(1920.0, 1080.0, "1920x1080@6000k 1280x720@4000k 960x540@2000k 640x360@1000k");
        check(7680.0, 4320.0, "1920x1080@6000k 1280x720@4000k 960x540@2000k 640x360@1000k");
        check(1080.0, 1920.0, "1080x1920@6000k 720x1280@4000k 540x960@2000k 360x640@1000k");
        check(1080.0, 1080.0, "1080x1080@6000k 720x720@4000k 540x540@2000k 360x360@1000k");
        check(1280.0, 720.0, "1280x720@4000k 960x540@2000k 640x360@1000k");
        check(640.0, 360.0, "640x360@1000k");
        check(320.0, 240.0, "320x240@1000k");
    }

    #[test]
    fn a_size_between_two_steps_is_kept_and_a_step_too_close_is_skipped() {
        check(1600.0, 900.0, "1600x900@6000k 1280x720@4000k 960x540@2000k 640x360@1000k");
        check(1024.0, 576.0, "1024x576@4000k 640x360@1000k");
        // PAL in 16:9, which has non-square pixels.
        check(1024.0, 574.0, "1024x574@4000k 642x360@1000k");
    }

    #[test]
    fn a_wide_picture_has_a_level_that_players_take() {
        check(2048.0, 1080.0, "2048x1080@6000k 1366x720@4000k 1024x540@2000k 682x360@1000k");
        check(2160.0, 1080.0, "2096x1048@6000k 1440x720@4000k 1080x540@2000k 720x360@1000k");
        check(2560.0, 1080.0, "2270x958@6000k 1706x720@4000k 1280x540@2000k 854x360@1000k");
    }

    #[test]
    fn unusual_aspect_ratios_have_valid_renditions() {
        check(33.0, 33.0, "34x34@1000k");
        check(20000.0, 1080.0, "4096x222@6000k");
        check(4000.0, 32.0, "4000x32@1000k");
    }
}

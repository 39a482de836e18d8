//! The renditions of the live stream, and its frame rate.

use std::fmt;
use std::str::FromStr;

/// A rendition as it is encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rendition {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The maximum video bitrate, in kbit/s.
    pub(crate) kilobits: u32,
    /// The H.264 level at up to 30 frames a second, times ten.
    level: u8,
}

impl Rendition {
    /// The H.264 level, times ten. Twice the frames need the next level.
    /// <https://www.itu.int/rec/T-REC-H.264>, table A-1
    fn level(&self, frame_rate: FrameRate) -> u8 {
        if frame_rate.as_f64() > 30.0 { self.level + 1 } else { self.level }
    }

    /// The H.264 level as ffmpeg reads it, such as `3.1`.
    pub(crate) fn level_name(&self, frame_rate: FrameRate) -> String {
        let level = self.level(frame_rate);
        format!("{}.{}", level / 10, level % 10)
    }

    /// The `CODECS` attribute: H.264 baseline at its level, and AAC-LC.
    /// <https://www.rfc-editor.org/rfc/rfc6381#section-3.3>
    pub(crate) fn codecs(&self, frame_rate: FrameRate) -> String {
        format!("avc1.42C0{:02X},mp4a.40.2", self.level(frame_rate))
    }
}

/// The length of a segment, less than half a frame more or less: 2 s of 30000/1001 are 60 frames.
pub(crate) const SEGMENT_SECONDS: u32 = 2;

/// The frame rate of the stream, as an exact fraction: 30000/1001 for 29.97.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRate {
    // Invariant: the quotient is a number from 10 to 60.
    numerator: u32,
    denominator: u32,
}

impl FrameRate {
    pub(crate) fn as_f64(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }

    /// The number of frames that begin in whole seconds from 1970 on.
    pub(crate) fn frames_until(self, second: i64) -> i64 {
        second * i64::from(self.numerator) / i64::from(self.denominator)
    }

    /// The number of frames of a segment, as the setting `frameRate` of a deployment counts them.
    pub(crate) fn segment_frames(self) -> u32 {
        (2 * SEGMENT_SECONDS * self.numerator + self.denominator) / (2 * self.denominator)
    }

    /// The length of a segment in seconds, as ffmpeg reads it.
    ///
    /// It is rounded down to whole microseconds: ffmpeg ends the nth segment with the first key frame
    /// that is not earlier than n times this.
    pub(crate) fn segment_length(self) -> String {
        let frames = u64::from(self.segment_frames());
        let microseconds =
            frames * 1_000_000 * u64::from(self.denominator) / u64::from(self.numerator);
        format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000)
    }
}

impl Default for FrameRate {
    /// 25 frames a second, as the setting `frameRate` of a deployment.
    fn default() -> Self {
        Self { numerator: 25, denominator: 1 }
    }
}

impl FromStr for FrameRate {
    type Err = String;

    /// Parses a number or a fraction.
    fn from_str(text: &str) -> Result<Self, String> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        let parsed = numerator.parse::<u16>().ok().zip(denominator.parse::<u16>().ok());
        parsed
            .map(|(one, other)| Self { numerator: one.into(), denominator: other.into() })
            .filter(|rate| (10.0..=60.0).contains(&rate.as_f64()))
            .ok_or_else(|| "this must be 25, 30000/1001 or the like, from 10 to 60".to_owned())
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// The renditions of a stream, the largest first.
pub(crate) type Ladder = [Rendition; 3];

pub(crate) static LADDER: Ladder = [
    Rendition { width: 1280, height: 720, kilobits: 3000, level: 31 },
    Rendition { width: 854, height: 480, kilobits: 1500, level: 31 },
    Rendition { width: 640, height: 360, kilobits: 800, level: 30 },
];

/// The ladder at half the width and height. Encoder and player need a third of the processor time.
pub(crate) static SMALL_LADDER: Ladder = [
    Rendition { width: 640, height: 360, kilobits: 1000, level: 30 },
    Rendition { width: 426, height: 240, kilobits: 500, level: 30 },
    Rendition { width: 320, height: 180, kilobits: 300, level: 30 },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_rate_is_a_number_or_a_fraction() {
        let check = |text: &str, frames: u32, length: &str, codecs: &str| {
            let rate: FrameRate = text.parse().unwrap();
            assert_eq!(
                (rate.segment_frames(), &*rate.segment_length()),
                (frames, length),
                "{text}"
            );
            assert_eq!(LADDER[0].codecs(rate), codecs, "{text}");
        };
        check("25", 50, "2.000000", "avc1.42C01F,mp4a.40.2");
        check("30000/1001", 60, "2.002000", "avc1.42C01F,mp4a.40.2");
        check("50", 100, "2.000000", "avc1.42C020,mp4a.40.2");
        check("60000/1001", 120, "2.002000", "avc1.42C020,mp4a.40.2");
        for wrong in ["", "25.0", "25/0", "9", "61", "30000/", "-25", "25/1/1"] {
            assert!(wrong.parse::<FrameRate>().is_err(), "{wrong}");
        }
    }
}

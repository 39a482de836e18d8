//! Timecodes of input clippings, and the frames that they stand for.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/assembling-multiple-inputs-and-input-clips.html>

use std::fmt;

use serde::{Deserialize, Serialize};

use super::input_settings::Input;
use super::transcode::JobError;

/// A timecode `HH:MM:SS:FF`. The stand-in supports none with dropped frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Timecode {
    hours: u32,
    minutes: u32,
    seconds: u32,
    frames: u32,
}

/// The frames of an input that a job reads, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameRange {
    pub(super) first: u64,
    /// The frame after the last one.
    pub(super) end: u64,
}

impl TryFrom<String> for Timecode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.split(':').map(|part| {
            let is_number = part.len() == 2 && part.bytes().all(|it| it.is_ascii_digit());
            is_number.then(|| part.parse::<u32>().ok()).flatten()
        });
        let mut next = || parts.next().flatten();
        let parsed = (next(), next(), next(), next());
        let (Some(hours @ 0..=24), Some(minutes @ 0..=59), Some(seconds @ 0..=59), Some(frames)) =
            parsed
        else {
            return Err(format!("{text:?} is not a timecode HH:MM:SS:FF"));
        };
        if parts.next().is_some() {
            return Err(format!("{text:?} is not a timecode HH:MM:SS:FF"));
        }
        Ok(Self { hours, minutes, seconds, frames })
    }
}

impl From<Timecode> for String {
    fn from(timecode: Timecode) -> Self {
        timecode.to_string()
    }
}

impl fmt::Display for Timecode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hours, minutes, seconds, frames } = self;
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}:{frames:02}")
    }
}

impl Timecode {
    /// The number of the frame, counted from 0. At 30000/1001 frames per second, a second of a timecode
    /// has 30 frames.
    fn frame(self, (numerator, denominator): (u32, u32)) -> Result<u64, JobError> {
        let per_second = numerator.div_ceil(denominator.max(1));
        if self.frames >= per_second {
            let message = format!("timecode {self}: a second has {per_second} frames");
            return Err(JobError::new(1060, message));
        }
        let seconds = (self.hours * 60 + self.minutes) * 60 + self.seconds;
        Ok(u64::from(seconds) * u64::from(per_second) + u64::from(self.frames))
    }
}

/// Finds the frames that the clipping of an input selects, or `None` if it has no clipping.
///
/// AWS does not document what it makes of a timecode behind the end of the input. Here the job fails.
pub(super) fn clipped_frames(
    input: &Input,
    rate: (u32, u32),
    length: u64,
) -> Result<Option<FrameRange>, JobError> {
    let Some(clipping) = input.input_clippings.first() else { return Ok(None) };
    if input.timecode_source.is_none() {
        return Err(JobError::new(1060, "the input has no embedded timecodes"));
    }
    let first = clipping.start_timecode.map_or(Ok(0), |it| it.frame(rate))?;
    let last = clipping.end_timecode.map_or(Ok(length.saturating_sub(1)), |it| it.frame(rate))?;
    if first > last || last >= length {
        let message = format!("frames {first} to {last} are not within the {length} frames");
        return Err(JobError::new(1060, message));
    }
    Ok(Some(FrameRange { first, end: last + 1 }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(start: &str, end: &str, rate: (u32, u32), expected: Option<(u64, u64)>) {
        let input = serde_json::from_value(json!({
            "fileInput": "s3://b/k.m3u8",
            "timecodeSource": "ZEROBASED",
            "inputClippings": [{ "startTimecode": start, "endTimecode": end }],
        }));
        let range = clipped_frames(&input.unwrap(), rate, 1000).ok().flatten();
        assert_eq!(range.map(|it| (it.first, it.end)), expected, "{start} to {end}");
    }

    #[test]
    fn both_timecodes_of_a_clipping_belong_to_it() {
        check("00:00:00:00", "00:00:00:00", (25, 1), Some((0, 1)));
        check("00:00:01:03", "00:00:39:24", (25, 1), Some((28, 1000)));
        check("00:00:01:00", "00:00:02:29", (30_000, 1001), Some((30, 90)));
        check("00:00:01:00", "00:00:01:59", (60_000, 1001), Some((60, 120)));
    }

    #[test]
    fn frames_outside_of_the_input_or_of_a_second_fail_the_job() {
        check("00:00:00:00", "00:00:40:00", (25, 1), None);
        check("00:00:02:00", "00:00:01:24", (25, 1), None);
        check("00:00:01:25", "00:00:02:00", (25, 1), None);
        check("01:00:00:00", "01:00:01:00", (25, 1), None);
    }

    #[test]
    fn only_timecodes_without_dropped_frames_are_read() {
        let parse = |text: &str| Timecode::try_from(text.to_owned()).map(String::from);
        assert_eq!(parse("24:59:59:99"), Ok("24:59:59:99".to_owned()));
        for text in
            ["00:00:00;02", "25:00:00:00", "00:60:00:00", "0:0:0:0", "00:00:00", "00:00:00:00:00"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

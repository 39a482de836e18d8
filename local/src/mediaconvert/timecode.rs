//! Timecodes of input clippings.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/assembling-multiple-inputs-and-input-clips.html>

use std::fmt;

use serde::{Deserialize, Serialize};

use super::job_error::JobError;

/// A timecode `HH:MM:SS:FF`. The stand-in supports none with dropped frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Timecode {
    hours: u32,
    minutes: u32,
    seconds: u32,
    frames: u32,
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
    pub(super) fn frame(self, (numerator, denominator): (u32, u32)) -> Result<u64, JobError> {
        let per_second = numerator.div_ceil(denominator.max(1));
        if self.frames >= per_second {
            let message = format!("timecode {self}: a second has {per_second} frames");
            return Err(JobError::new(1060, message));
        }
        let seconds = (self.hours * 60 + self.minutes) * 60 + self.seconds;
        Ok(u64::from(seconds) * u64::from(per_second) + u64::from(self.frames))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

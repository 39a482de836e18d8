//! The frames of an input that a job reads.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/assembling-multiple-inputs-and-input-clips.html>

use super::input_settings::Input;
use super::job_error::JobError;

/// The frames of an input that a job reads, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameRange {
    pub(super) first: u64,
    /// The frame after the last one.
    pub(super) end: u64,
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
}

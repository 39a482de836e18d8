//! The parts of its inputs that a job reads, in the order in which the outputs join them.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/assembling-multiple-inputs-and-input-clips.html>

use super::clipping::{FrameRange, clipped_frames};
use super::input::JobInput;
use super::job_error::JobError;
use super::probe::Stream;
use super::settings::JobSettings;
use crate::ffmpeg;

/// The part of an input that a job reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) input: &'a JobInput<'a>,
    pub(super) video: &'a Stream,
    /// The frames, or all of them.
    pub(super) frames: Option<FrameRange>,
    /// When the sound starts and ends, in seconds from the begin of the file. If `None`, the sound is as
    /// long as it is in the file.
    pub(super) sound: Option<(f64, f64)>,
}

impl Part<'_> {
    /// The duration, if it is known.
    pub(super) fn seconds(&self) -> Option<f64> {
        let measured = self.sound.map(|(start, end)| end - start);
        measured.or_else(|| self.input.probed.seconds())
    }

    /// When the part begins, in seconds from the first frame of its input.
    pub(super) fn first_second(&self) -> f64 {
        let start = self.sound.filter(|_| self.frames.is_some());
        start.map_or(0.0, |(start, _)| start - self.input.probed.video_start())
    }

    /// When the picture ends, in seconds from the first frame of its input. `None` if it is unknown.
    pub(super) fn last_second(&self) -> Option<f64> {
        let end = self.sound.map(|(_, end)| end).or_else(|| self.input.probed.seconds());
        end.map(|end| end - self.input.probed.video_start())
    }

    /// When the first frame is shown in the outputs, in seconds.
    pub(super) fn delay(&self) -> f64 {
        let starts_at_once =
            self.frames.is_some() || self.sound.is_some_and(|(start, _)| start > 0.0);
        if starts_at_once { 0.0 } else { self.input.probed.video_start() }
    }
}

/// Finds the parts that a job reads, by the clippings of its inputs.
pub(super) async fn find_parts<'a>(
    settings: &JobSettings,
    inputs: &'a [JobInput<'a>],
) -> Result<Vec<Part<'a>>, JobError> {
    let mut parts = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let part = find_part(settings, input).await;
        parts.push(part.map_err(|error| error.at_input(at, inputs.len()))?);
    }
    Ok(parts)
}

async fn find_part<'a>(
    settings: &JobSettings,
    input: &'a JobInput<'a>,
) -> Result<Part<'a>, JobError> {
    let video = find_video(input)?;
    if settings.inputs.len() > 1 {
        return measure_part(input, video, input.probed.video_start()).await;
    }
    if input.settings.input_clippings.is_empty() && !settings.matches_audio_to_video() {
        return Ok(Part { input, video, frames: None, sound: None });
    }
    measure_part(input, video, 0.0).await
}

/// Finds the video of an input that MediaConvert can decode.
fn find_video<'a>(input: &'a JobInput<'a>) -> Result<&'a Stream, JobError> {
    let video = input.probed.videos().next();
    let video = video.ok_or_else(|| JobError::new(1030, "the input has no video"))?;
    if let Some(fault) = video.find_decoding_fault() {
        return Err(JobError::new(1030, fault));
    }
    if input.probed.is_encrypted() {
        return Err(JobError::new(1030, "the input is encrypted"));
    }
    Ok(video)
}

/// Measures the part of an input. The sound of an input without clipping starts at `start`, in seconds
/// from the begin of the file.
async fn measure_part<'a>(
    input: &'a JobInput<'a>,
    video: &'a Stream,
    start: f64,
) -> Result<Part<'a>, JobError> {
    let duration = measure_video(&input.url, video).await?;
    let video_start = input.probed.video_start();
    let rate = video.frame_rate();
    let rate = rate.ok_or_else(|| JobError::new(1030, "the frame rate is unknown"))?;
    let per_second = f64::from(rate.0) / f64::from(rate.1);
    #[expect(clippy::cast_precision_loss, reason = "an input has fewer than 2^53 frames")]
    let seconds = |frames: u64| frames as f64 / per_second;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let length = (duration * per_second).round() as u64;
    let frames = clipped_frames(input.settings, rate, length)?;
    // A video that starts less than a frame after its sound starts with it: otherwise its first frame
    // would be shown twice.
    let start = if video_start * per_second < 1.0 { video_start } else { start };
    let whole = (start, video_start + duration);
    let sound = frames.map_or(whole, |FrameRange { first, end }| {
        (video_start + seconds(first), video_start + seconds(end))
    });
    Ok(Part { input, video, frames, sound: Some(sound) })
}

/// Measures how long a video is, in seconds, by its packets. Jumps of time stamps do not count.
async fn measure_video(url: &str, video: &Stream) -> Result<f64, JobError> {
    /// The largest step between two frames that is no jump, as in ffmpeg's `-dts_delta_threshold`.
    const MAX_STEP: f64 = 10.0;
    let internal = |error: std::io::Error| JobError::new(1999, error.to_string());
    let output = ffmpeg::command("ffprobe")
        .args(["-loglevel", "quiet", "-select_streams", &video.index.to_string()])
        .args(["-show_entries", "packet=pts_time,dts_time,duration_time", "-of", "csv=p=0", url])
        .output()
        .await
        .map_err(internal)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let packets = text.lines().map(|line| {
        let mut fields = line.split(',').map(|field| field.parse::<f64>().ok());
        let (pts, dts) = (fields.next().flatten(), fields.next().flatten());
        (dts.or(pts), fields.next().flatten().unwrap_or_default())
    });
    let (mut total, mut earlier, mut last) = (0.0, None, 0.0);
    for (time, duration) in packets {
        let Some(time) = time else { continue };
        let step = earlier.map(|earlier: f64| time - earlier);
        total += match step {
            Some(step) if (0.0..MAX_STEP).contains(&step) => step,
            Some(_) => last,
            None => 0.0,
        };
        (earlier, last) = (Some(time), if duration > 0.0 { duration } else { step.unwrap_or(0.0) });
    }
    Ok(total + last)
}

//! The ffmpeg filters of a job with several inputs, which the outputs join one after the other.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/assembling-multiple-inputs-and-input-clips.html>

use std::fmt::Write as _;

use super::filters::{
    audio_filter, capture_filter, color_filter, crop_filter, frames_filter, output_colors,
    pixel_shape,
};
use super::job_error::JobError;
use super::parts::Part;
use super::settings::{AudioCodecSettings, AudioDescription, Output, VideoDescription};

/// A frame rate as a fraction.
type Rate = (u32, u32);

/// The filters of a job with several inputs. Their results have the same labels as those of one input.
///
/// Each part has a whole number of frames, and its sound is as long as its picture.
pub(super) fn joined_filter(parts: &[Part<'_>], outputs: &[&Output]) -> Result<String, JobError> {
    let specified = outputs.iter().find_map(|it| it.video_description.specified_frame_rate());
    // An output that follows its source has the frame rate of the first input.
    // <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
    let rate = specified.or_else(|| parts.first()?.video.frame_rate());
    let rate = rate.ok_or_else(|| JobError::new(1030, "the frame rate is unknown"))?;
    let mut chains = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        chains.push(picture_filter(at, part, outputs, rate));
        for (number, output) in outputs.iter().enumerate() {
            chains.push(fit_filter(at, number, output));
            if let Some(audio) = output.audio_descriptions.first() {
                let sound = sound_filter(at, part, audio, rate);
                let sound = sound.map_err(|error| error.at_input(at, parts.len()))?;
                chains.push(format!("{sound}[p{at}a{number}]"));
            }
        }
    }
    for (number, output) in outputs.iter().enumerate() {
        chains.push(join_pictures(parts.len(), number, output, rate));
        if !output.audio_descriptions.is_empty() {
            let labels = part_labels(parts.len(), 'a', number);
            chains.push(format!("{labels}concat=n={}:v=0:a=1[a{number}]", parts.len()));
        }
    }
    Ok(chains.join(";"))
}

/// The picture of part `at`, with a constant frame rate. Output `n` continues it from the label
/// `p<at>s<n>`.
fn picture_filter(
    at: usize,
    part: &Part<'_>,
    outputs: &[&Output],
    (numerator, denominator): Rate,
) -> String {
    let mut filter = frames_filter(at, part, outputs);
    if part.frames.is_none() {
        filter.push_str("setpts=PTS-STARTPTS,");
    }
    // At the end of its input, `fps` may repeat or drop a frame.
    let _ = write!(
        filter,
        "fps={numerator}/{denominator},tpad=stop_mode=clone:stop=-1,trim=end_frame={},",
        count_frames(part, (numerator, denominator))
    );
    filter.push_str(&color_filter(part, outputs));
    let labels: String = (0..outputs.len()).map(|number| format!("[p{at}s{number}]")).collect();
    let _ = write!(filter, "format=yuv420p,split={}{labels}", outputs.len());
    filter
}

/// Fits the picture of part `at` into an output, and pads the picture with black bars. That is
/// MediaConvert's default.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/video-scaling.html>
fn fit_filter(at: usize, number: usize, output: &Output) -> String {
    let VideoDescription { width, height, .. } = &output.video_description;
    let (crop, colors, shape) = (crop_filter(output), output_colors(output), pixel_shape(output));
    // `dar` is the aspect ratio of the input on a screen, whatever the shape of its pixels is.
    format!(
        "[p{at}s{number}]{crop}\
         scale=w='2*round(min({width},{height}*dar/({shape}))/2)':\
         h='2*round(min({height},{width}*({shape})/dar)/2)'{colors},\
         pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar={shape}[p{at}v{number}]"
    )
}

/// The sound of part `at`, padded or trimmed to the duration of its picture.
fn sound_filter(
    at: usize,
    part: &Part<'_>,
    audio: &AudioDescription,
    rate: Rate,
) -> Result<String, JobError> {
    let AudioCodecSettings::Aac { aac_settings } = &audio.codec_settings;
    let selected = audio_filter(at, part, &audio.audio_source_name)?;
    let start = part.sound.map_or(0.0, |(start, _)| start);
    #[expect(clippy::cast_precision_loss, reason = "a part has fewer than 2^53 frames")]
    let seconds = count_frames(part, rate) as f64 * f64::from(rate.1) / f64::from(rate.0);
    Ok(format!(
        "{selected},aresample={}:async=1:first_pts=0,apad,atrim=start={start}:end={},\
         asetpts=PTS-STARTPTS",
        aac_settings.sample_rate,
        start + seconds
    ))
}

/// Joins the pictures of output `number`.
fn join_pictures(
    count: usize,
    number: usize,
    output: &Output,
    (numerator, denominator): Rate,
) -> String {
    let labels = part_labels(count, 'v', number);
    // `concat` rounds time stamps to microseconds. Here frame `n` is shown at `n` / frame rate.
    let capture = capture_filter(output);
    let selected = capture.strip_suffix(',').map(|it| format!(",{it}")).unwrap_or_default();
    format!(
        "{labels}concat=n={count}:v=1:a=0,settb={denominator}/{numerator},setpts=N,\
         fps={numerator}/{denominator}{selected}[v{number}]"
    )
}

/// The labels of all parts for an output.
fn part_labels(count: usize, kind: char, number: usize) -> String {
    (0..count).map(|at| format!("[p{at}{kind}{number}]")).collect()
}

/// How many frames of the outputs a part has.
fn count_frames(part: &Part<'_>, (numerator, denominator): Rate) -> u64 {
    let seconds = part.seconds().unwrap_or_default();
    let frames = seconds * f64::from(numerator) / f64::from(denominator);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let count = frames.round().max(1.0) as u64;
    count
}

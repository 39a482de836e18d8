//! The ffmpeg filters of a job with several inputs, which the outputs join one after the other.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/assembling-multiple-inputs-and-input-clips.html>

use std::fmt::Write as _;

use super::audio_settings::{AudioCodecSettings, AudioDescription};
use super::burn_in::BurnInFilters;
use super::filters::{
    audio_filter, capture_filter, color_filter, crop_filter, frames_filter, output_colors,
    pixel_shape,
};
use super::job_error::JobError;
use super::parts::Part;
use super::settings::{Output, VideoDescription};

/// A frame rate as a fraction.
pub(super) type Rate = (u32, u32);

/// The filters of a job with several inputs, one for each picture and for each sound. Their results have
/// the same labels as those of one input.
///
/// Each part has a whole number of frames, and its sound is as long as its picture. The filters are
/// separate, because an argument of a process is limited to 128 KiB on Linux.
pub(super) fn joined_filters(
    parts: &[Part<'_>],
    outputs: &[&Output],
    words: &BurnInFilters,
) -> Result<Vec<String>, JobError> {
    let rate = joined_rate(parts, outputs)?;
    let mut filters = Vec::new();
    for (number, output) in outputs.iter().enumerate() {
        if let Some(picture) = &output.video_description {
            let filter = joined_picture(parts, picture, outputs, rate);
            let words = words.get(&number).map(String::as_str).unwrap_or_default();
            filters.push(format!("{filter}{words}[v{number}]"));
        }
        if let Some(audio) = output.audio_descriptions.first() {
            let is_separate = output.video_description.is_none();
            let sound = joined_sound(parts, audio, rate, is_separate)?;
            filters.push(format!("{sound}[a{number}]"));
        }
    }
    Ok(filters)
}

/// The frame rate of the outputs. An output that follows its source has the frame rate of the first input.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
pub(super) fn joined_rate(parts: &[Part<'_>], outputs: &[&Output]) -> Result<Rate, JobError> {
    let specified = outputs.iter().find_map(|it| it.specified_frame_rate());
    let rate = specified.or_else(|| parts.first()?.video.frame_rate());
    rate.ok_or_else(|| JobError::new(1030, "the frame rate is unknown"))
}

fn joined_picture(
    parts: &[Part<'_>],
    joined: &VideoDescription,
    outputs: &[&Output],
    rate: Rate,
) -> String {
    let mut filter = String::new();
    for (at, part) in parts.iter().enumerate() {
        let (picture, fit) = (picture_filter(at, part, outputs, rate), fit_filter(joined));
        let _ = write!(filter, "{picture}{fit}[p{at}];");
    }
    let (numerator, denominator) = rate;
    // `concat` rounds time stamps to microseconds. Here frame `n` is shown at `n` / frame rate.
    let _ = write!(
        filter,
        "{}concat=n={}:v=1:a=0,settb={denominator}/{numerator},setpts=N,fps={numerator}/{denominator}",
        part_labels(parts),
        parts.len()
    );
    if let Some(select) = capture_filter(joined) {
        let _ = write!(filter, ",{select}");
    }
    filter
}

fn joined_sound(
    parts: &[Part<'_>],
    audio: &AudioDescription,
    rate: Rate,
    is_separate: bool,
) -> Result<String, JobError> {
    let mut filter = String::new();
    for (at, part) in parts.iter().enumerate() {
        let sound = sound_filter(at, part, audio, rate);
        let sound = sound.map_err(|error| error.at_input(at, parts.len()))?;
        let _ = write!(filter, "{sound}[p{at}];");
    }
    let _ = write!(filter, "{}concat=n={}:v=0:a=1", part_labels(parts), parts.len());
    if is_separate {
        let AudioCodecSettings::Aac { aac_settings } = &audio.codec_settings;
        let seconds: f64 = parts.iter().map(|part| joined_seconds(part, rate)).sum();
        let _ = write!(filter, ",atrim=end={}", aac_settings.whole_frames(seconds));
    }
    Ok(filter)
}

fn part_labels(parts: &[Part<'_>]) -> String {
    (0..parts.len()).map(|at| format!("[p{at}]")).collect()
}

/// The picture of part `at`, with a constant frame rate.
fn picture_filter(at: usize, part: &Part<'_>, outputs: &[&Output], rate: Rate) -> String {
    let mut filter = frames_filter(at, part, outputs);
    let ((numerator, denominator), count) = (rate, count_frames(part, rate));
    // At the end of its input, `fps` may repeat or drop a frame.
    let _ = write!(
        filter,
        "fps={numerator}/{denominator},tpad=stop_mode=clone:stop=-1,trim=end_frame={count},"
    );
    filter.push_str(&color_filter(part, outputs));
    filter.push_str("format=yuv420p,");
    filter
}

/// Fits a picture into an output, and pads the picture with black bars. That is MediaConvert's default.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/video-scaling.html>
fn fit_filter(picture: &VideoDescription) -> String {
    let VideoDescription { width, height, .. } = picture;
    let (crop, colors, shape) =
        (crop_filter(picture), output_colors(picture), pixel_shape(picture));
    // `dar` is the aspect ratio of the input on a screen, whatever the shape of its pixels is.
    format!(
        "{crop}scale=w='2*round(min({width},{height}*dar/({shape}))/2)':\
         h='2*round(min({height},{width}*({shape})/dar)/2)'{colors},\
         pad={width}:{height}:(ow-iw)/2:(oh-ih)/2,setsar={shape}"
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
    let seconds = joined_seconds(part, rate);
    Ok(format!(
        "{selected},aresample={}:async=1:first_pts=0,apad,atrim=start={start}:end={},\
         asetpts=PTS-STARTPTS",
        aac_settings.sample_rate,
        start + seconds
    ))
}

/// How long a part is in the outputs.
pub(super) fn joined_seconds(part: &Part<'_>, rate: Rate) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a part has fewer than 2^53 frames")]
    let frames = count_frames(part, rate) as f64;
    frames * f64::from(rate.1) / f64::from(rate.0)
}

/// How many frames of the outputs a part has.
fn count_frames(part: &Part<'_>, (numerator, denominator): Rate) -> u64 {
    let seconds = part.seconds().unwrap_or_default();
    let frames = seconds * f64::from(numerator) / f64::from(denominator);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts saturate")]
    let count = frames.round().max(1.0) as u64;
    count
}

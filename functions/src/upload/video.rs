//! Reads the video of a file from the result of MediaConvert's Probe, and checks that it can be
//! transcoded.

use aws_sdk_mediaconvert::types::{
    AspectRatio, Codec, Container, Track, TrackType, TransferCharacteristics, VideoProperties,
};
use chrono::TimeDelta;

use crate::clip::{Failure, FailureCode};

/// The video of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Video {
    /// The width in square pixels, after rotation.
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) duration: TimeDelta,
    /// Whether the video has a high dynamic range.
    pub(super) high_dynamic_range: bool,
    /// The number of channels of each audio track, in order.
    pub(super) audio: Vec<u32>,
}

/// Longest video.
const MAX_DURATION: TimeDelta = TimeDelta::hours(24);
/// Smallest width and height of a rendition, in pixels.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
pub(super) const MIN_SIDE: f64 = 32.0;

impl Video {
    /// Reads the video of a probed file. Returns a failure if the file cannot be transcoded.
    pub(super) fn from_container(container: &Container) -> Result<Self, Failure> {
        let failure = |code, message: &str| Failure { code, message: message.to_owned() };
        let tracks = container.tracks();
        let track = tracks.iter().find(|track| track.track_type == Some(TrackType::Video));
        let track =
            track.ok_or_else(|| failure(FailureCode::NoVideo, "The file has no video track."))?;
        if matches!(track.codec, None | Some(Codec::UnknownValue)) {
            return Err(failure(
                FailureCode::UnsupportedCodec,
                "MediaConvert does not support the video codec. Export the video as H.264, HEVC \
                 or ProRes.",
            ));
        }
        let unreadable = || {
            failure(
                FailureCode::UnreadableFile,
                "The file has no valid picture size or duration. It is damaged or incomplete.",
            )
        };
        let seconds = container.duration.or(track.duration).filter(|seconds| *seconds > 0.0);
        let duration = seconds
            .and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok())
            .and_then(|duration| TimeDelta::from_std(duration).ok())
            .ok_or_else(unreadable)?;
        if duration > MAX_DURATION {
            let detail = "The video is longer than 24 hours. Split it into shorter files.";
            return Err(failure(FailureCode::TooLong, detail));
        }
        let properties = track.video_properties.as_ref().ok_or_else(unreadable)?;
        let (width, height) = display_size(properties).ok_or_else(unreadable)?;
        if width.min(height) < MIN_SIDE {
            let detail = format!(
                "The picture has {width:.0}×{height:.0} pixels. The smallest possible rendition has \
                 {MIN_SIDE}×{MIN_SIDE}."
            );
            return Err(failure(FailureCode::TooSmall, &detail));
        }
        Ok(Self {
            width,
            height,
            duration,
            high_dynamic_range: matches!(
                properties.transfer_characteristics,
                Some(TransferCharacteristics::Smpte2084 | TransferCharacteristics::AribB67)
            ),
            audio: tracks.iter().filter_map(count_channels).collect(),
        })
    }

    pub(super) fn short_side(&self) -> f64 {
        self.width.min(self.height)
    }
}

/// The width and height in square pixels, after rotation.
fn display_size(properties: &VideoProperties) -> Option<(f64, f64)> {
    let width =
        f64::from(properties.width?) * pixel_aspect_ratio(properties.sample_aspect_ratio.as_ref());
    let height = f64::from(properties.height?);
    let is_turned = properties.rotation.unwrap_or(0).rem_euclid(180) == 90;
    let (width, height) = if is_turned { (height, width) } else { (width, height) };
    (width > 0.0 && height > 0.0).then_some((width, height))
}

/// The width of a pixel divided by its height.
fn pixel_aspect_ratio(ratio: Option<&AspectRatio>) -> f64 {
    let ratio = ratio.and_then(|ratio| Some((ratio.numerator?, ratio.denominator?)));
    match ratio {
        Some((numerator, denominator)) if numerator > 0 && denominator > 0 => {
            f64::from(numerator) / f64::from(denominator)
        }
        _ => 1.0,
    }
}

/// The number of channels of an audio track. `None` for other tracks.
fn count_channels(track: &Track) -> Option<u32> {
    let is_audio = track.track_type == Some(TrackType::Audio);
    let channels = track.audio_properties.as_ref().and_then(|audio| audio.channels);
    is_audio.then(|| channels.and_then(|count| u32::try_from(count).ok()).unwrap_or(2))
}

//! What MediaConvert's Probe says of a file, and whether renditions can be made of it.

use aws_sdk_mediaconvert::types::{
    AspectRatio, Codec, Container, Track, TrackType, TransferCharacteristics, VideoProperties,
};
use chrono::TimeDelta;

use crate::library::{Failure, FailureCode};

/// A video as a viewer sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Video {
    /// In square pixels, after rotation.
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) duration: TimeDelta,
    /// Whether its colors need a display of high dynamic range.
    pub(super) high_dynamic_range: bool,
    /// The channels of each sound track, in their order.
    pub(super) audio: Vec<u32>,
}

/// The longest video that is taken.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// The smallest width and height of a rendition.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
pub(super) const SMALLEST_SIDE: f64 = 32.0;

impl Video {
    /// The video of a probed file, or why there is none.
    pub(super) fn of(container: &Container) -> Result<Self, Failure> {
        let failure = |code, message: &str| Failure { code, message: message.to_owned() };
        let tracks = container.tracks();
        let track = tracks.iter().find(|track| track.track_type == Some(TrackType::Video));
        let track = track.ok_or_else(|| {
            failure(
                FailureCode::NoVideo,
                "The file has no moving picture: a clip needs a video track.",
            )
        })?;
        if matches!(track.codec, None | Some(Codec::UnknownValue)) {
            return Err(failure(
                FailureCode::UnsupportedCodec,
                "The video is of a codec that cannot be transcoded; export it as H.264, HEVC or \
                 ProRes.",
            ));
        }
        let unreadable = || {
            failure(
                FailureCode::UnreadableFile,
                "The file does not tell how large or how long its picture is: it is damaged or \
                 incomplete.",
            )
        };
        let seconds = container.duration.or(track.duration).filter(|seconds| 0.0 < *seconds);
        let duration = seconds
            .and_then(|seconds| std::time::Duration::try_from_secs_f64(seconds).ok())
            .and_then(|duration| TimeDelta::from_std(duration).ok())
            .ok_or_else(unreadable)?;
        if LONGEST < duration {
            let detail = "The video lasts more than 24 hours; cut it into shorter files.";
            return Err(failure(FailureCode::TooLong, detail));
        }
        let properties = track.video_properties.as_ref().ok_or_else(unreadable)?;
        let (width, height) = picture(properties).ok_or_else(unreadable)?;
        if width.min(height) < SMALLEST_SIDE {
            let detail = format!(
                "The picture has {width:.0}×{height:.0} pixels; the smallest that can be \
                 transcoded has {SMALLEST_SIDE}×{SMALLEST_SIDE}."
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
            audio: tracks.iter().filter_map(channels).collect(),
        })
    }

    pub(super) fn short_side(&self) -> f64 {
        self.width.min(self.height)
    }
}

/// The width and height a viewer sees.
fn picture(properties: &VideoProperties) -> Option<(f64, f64)> {
    let width = f64::from(properties.width?) * shape(properties.sample_aspect_ratio.as_ref());
    let height = f64::from(properties.height?);
    let turned = properties.rotation.unwrap_or(0).rem_euclid(180) == 90;
    let (width, height) = if turned { (height, width) } else { (width, height) };
    (0.0 < width && 0.0 < height).then_some((width, height))
}

/// How wide a pixel is for its height.
fn shape(ratio: Option<&AspectRatio>) -> f64 {
    let ratio = ratio.and_then(|ratio| Some((ratio.numerator?, ratio.denominator?)));
    match ratio {
        Some((numerator, denominator)) if 0 < numerator && 0 < denominator => {
            f64::from(numerator) / f64::from(denominator)
        }
        _ => 1.0,
    }
}

fn channels(track: &Track) -> Option<u32> {
    let is_audio = track.track_type == Some(TrackType::Audio);
    let channels = track.audio_properties.as_ref().and_then(|audio| audio.channels);
    is_audio.then(|| channels.and_then(|count| u32::try_from(count).ok()).unwrap_or(2))
}

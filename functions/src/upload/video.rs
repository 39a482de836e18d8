//! Reads the video of a file from the result of MediaConvert's Probe, and checks that it can be
//! transcoded.

use aws_sdk_mediaconvert::types::{
    Codec, Container, Format, ProbeResult, Track, TrackMapping, TrackType,
};
use chrono::TimeDelta;

use super::picture::Picture;
use super::preview;
use super::sound::Sound;
use super::structure::Structure;
use crate::clip::{Failure, FailureCode};
use crate::encode::{MIN_SIDE, PictureSize};

/// The video of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Video {
    pub(super) picture: Picture,
    pub(super) sound: Sound,
    /// How long the video track says that it lasts. `None` if it does not say it. Then the result of
    /// the job has the duration.
    ///
    /// The duration of the container proves nothing: it counts sound and subtitles too.
    pub(super) duration: Option<TimeDelta>,
    /// About how long the file is, to plan its thumbnails.
    pub(super) estimate: Option<TimeDelta>,
}

/// Longest video.
const MAX_DURATION: TimeDelta = TimeDelta::hours(24);

impl Video {
    /// Reads the video of a probed file. Returns a failure if the file cannot be transcoded.
    pub(super) fn from_probe(probed: &ProbeResult, structure: &Structure) -> Result<Self, Failure> {
        let failure = |code, message: &str| Failure { code, message: message.to_owned() };
        let unknown_kind = || {
            failure(
                FailureCode::UnreadableFile,
                "This kind of file is not taken. Export the video as MP4 or MOV.",
            )
        };
        let container = probed.container.as_ref().ok_or_else(unknown_kind)?;
        if container.format.is_none() && container.tracks().is_empty() {
            return Err(unknown_kind());
        }
        let tracks = container.tracks();
        let track = tracks.iter().find(|track| track.track_type == Some(TrackType::Video));
        let track =
            track.ok_or_else(|| failure(FailureCode::NoVideo, "The file has no video track."))?;
        if matches!(track.codec, None | Some(Codec::UnknownValue)) {
            return Err(failure(
                FailureCode::UnsupportedCodec,
                "MediaConvert cannot decode the video: it does not support the codec, or the file \
                 is encrypted. Export the video as H.264, HEVC or ProRes.",
            ));
        }
        if let Some(failure) = preview::find_preview(probed, track, structure) {
            return Err(failure);
        }
        let sound = Sound::from_tracks(tracks, find_belonging(probed, track), structure);
        let sound = sound.ok_or_else(|| {
            failure(
                FailureCode::UnsupportedCodec,
                "MediaConvert cannot decode the sound: it supports the codec of no audio track, or \
                 the file is encrypted. Export the sound as AAC.",
            )
        })?;
        let duration = stated_duration(container, track);
        if duration.is_some_and(|duration| duration > MAX_DURATION) {
            let detail = "The video is longer than 24 hours. Split it into shorter files.";
            return Err(failure(FailureCode::TooLong, detail));
        }
        let picture = track.video_properties.as_ref().and_then(Picture::from_properties);
        let picture = picture.ok_or_else(|| {
            failure(
                FailureCode::UnreadableFile,
                "The file has no valid picture size. It is damaged or incomplete.",
            )
        })?;
        let (width, height) = (picture.width, picture.height);
        if width.min(height) < MIN_SIDE {
            let detail = format!(
                "The picture has {width:.0}×{height:.0} pixels. The smallest possible rendition has \
                 {MIN_SIDE}×{MIN_SIDE}."
            );
            return Err(failure(FailureCode::TooSmall, &detail));
        }
        let estimate = duration.or_else(|| to_duration(container.duration));
        Ok(Self { picture, sound, duration, estimate })
    }

    pub(super) fn size(&self) -> PictureSize {
        (self.picture.width, self.picture.height)
    }
}

/// How long the video track says that it lasts.
///
/// A stream does not say it. MediaConvert estimates it from time stamps, which may jump.
fn stated_duration(container: &Container, track: &Track) -> Option<TimeDelta> {
    let is_stream = matches!(container.format, Some(Format::Mpegts | Format::Mpegps));
    to_duration(track.duration.filter(|_| !is_stream))
}

fn to_duration(seconds: Option<f64>) -> Option<TimeDelta> {
    let seconds = seconds.filter(|seconds| *seconds > 0.0)?;
    let duration = std::time::Duration::try_from_secs_f64(seconds).ok()?;
    TimeDelta::from_std(duration).ok()
}

/// The audio tracks that belong to a video track, by their indexes: those of the same program.
/// `None` if the file has one program.
fn find_belonging<'a>(probed: &'a ProbeResult, video: &Track) -> Option<&'a [i32]> {
    let [_, _, ..] = probed.track_mappings() else { return None };
    let mut programs = probed.track_mappings().iter();
    let own =
        programs.find(|it| video.index.is_some_and(|at| it.video_track_indexes().contains(&at)));
    own.map(TrackMapping::audio_track_indexes)
}

//! Finds out whether the first video track of a file is a preview of another one.
//!
//! MediaConvert decodes the first video track of an MP4, MOV or Matroska file, and has no setting for
//! another one. <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>

use aws_sdk_mediaconvert::types::{Codec, ProbeResult, Track, TrackType};

use super::structure::Structure;
use crate::clip::{Failure, FailureCode};

/// How many times as large, or as long, another picture is, so that the first one is its preview.
const PREVIEW_FACTOR: f64 = 4.0;

/// Returns a failure if the first video track is a preview of another one.
///
/// The other one is a film if MediaConvert decodes it, and if it lasts about as long or longer. One
/// frame in a higher resolution, as some phones add it, is none.
pub(super) fn find_preview(
    probed: &ProbeResult,
    first: &Track,
    structure: &Structure,
) -> Option<Failure> {
    let tracks = probed.container.as_ref()?.tracks();
    let is_video = |track: &&Track| track.track_type == Some(TrackType::Video);
    let videos: Vec<_> = tracks.iter().filter(is_video).collect();
    // Several programs are several films.
    if videos.len() < 2 || probed.track_mappings().len() > 1 {
        return None;
    }
    let mut marks = structure.default_videos(videos.len()).into_iter();
    let first_is_default = marks.next().unwrap_or(true);
    let marks = marks.chain(std::iter::repeat(false));
    let mut others = videos[1..].iter().zip(marks).filter(|(other, _)| is_film(other, first));
    let (film, _) = others.find(|(other, is_default)| {
        let is_marked = *is_default && !first_is_default;
        let is_still = first.codec == Some(Codec::Mjpeg) && other.codec != Some(Codec::Mjpeg);
        let is_larger = area(other) >= PREVIEW_FACTOR * area(first);
        let is_longer = other.duration > first.duration.map(|it| PREVIEW_FACTOR * it);
        is_marked || is_still || is_larger || is_longer && first.duration.is_some()
    })?;
    let message = format!(
        "The first video track, {}, is a preview. MediaConvert takes no other track than the first \
         one. Export the video of {} as the only video track.",
        describe_size(first),
        describe_size(film)
    );
    Some(Failure { code: FailureCode::PreviewFirst, message })
}

/// Whether a track is a picture that MediaConvert decodes, and lasts at least half as long as another.
fn is_film(track: &Track, other: &Track) -> bool {
    let is_decoded = !matches!(track.codec, None | Some(Codec::UnknownValue));
    let lasts = match (track.duration, other.duration) {
        (Some(duration), Some(other)) => 2.0 * duration >= other,
        _ => true,
    };
    is_decoded && lasts
}

fn size(track: &Track) -> Option<(i32, i32)> {
    let properties = track.video_properties.as_ref()?;
    Some((properties.width?, properties.height?))
}

fn area(track: &Track) -> f64 {
    size(track).map_or(0.0, |(width, height)| f64::from(width) * f64::from(height))
}

fn describe_size(track: &Track) -> String {
    size(track).map_or("of unknown size".to_owned(), |(width, height)| format!("{width}×{height}"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_mediaconvert::types::{Container, VideoProperties};

    use super::super::structure::{TrackKind, TrackMarks};
    use super::*;

    fn video(width: i32, height: i32, codec: Codec, seconds: f64) -> Track {
        let properties = VideoProperties::builder().width(width).height(height).build();
        let track = Track::builder().track_type(TrackType::Video).codec(codec).duration(seconds);
        track.video_properties(properties).build()
    }

    #[track_caller]
    fn check(tracks: &[Track], defaults: &[bool], is_preview: bool) {
        let container = Container::builder().set_tracks(Some(tracks.to_vec())).build();
        let probed = ProbeResult::builder().container(container).build();
        let marks = |is_default: &bool| TrackMarks {
            kind: TrackKind::Video,
            is_default: *is_default,
            is_additional: false,
            is_encrypted: false,
        };
        let tracks_of_file = defaults.iter().map(marks).collect();
        let structure = Structure { tracks: tracks_of_file, ..Structure::UNKNOWN };
        let found = find_preview(&probed, &tracks[0], &structure);
        assert_eq!(found.is_some(), is_preview, "{found:?}");
    }

    #[test]
    fn the_first_video_is_a_preview_if_another_is_the_film() {
        let film = || video(1920, 1080, Codec::Avc, 10.0);
        let small = || video(320, 180, Codec::Avc, 10.0);
        check(&[small(), film()], &[], true);
        check(&[film(), small()], &[], false);
        check(&[video(1920, 1080, Codec::Mjpeg, 10.0), film()], &[], true);
        check(&[video(1920, 1080, Codec::Avc, 0.04), film()], &[], true);
        check(&[film(), film()], &[false, true], true);
        check(&[film(), film()], &[true, false], false);
        check(&[film(), film()], &[true, true], false);
        check(&[film(), film()], &[false, false], false);
        check(&[film()], &[false], false);
    }

    #[test]
    fn one_larger_frame_and_a_video_that_cannot_be_decoded_are_no_film() {
        let film = || video(1280, 720, Codec::Avc, 10.0);
        check(&[film(), video(4032, 3024, Codec::Hevc, 0.03)], &[], false);
        check(&[film(), video(7680, 4320, Codec::UnknownValue, 10.0)], &[], false);
    }
}

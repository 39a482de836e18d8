//! Builds the settings of the MediaConvert job that makes a clip's files.

use aws_sdk_mediaconvert::types::{JobSettings, TimecodeConfig, TimecodeSource};

use super::plan::FilesPlan;
use crate::asset::{BestRendition, RenditionSound};
use crate::clip::{FileKinds, POSTER_MODIFIER, SOURCE_MODIFIER, THUMBNAIL_MODIFIER};
use crate::encode::{
    FrameRange, Picture, captures, captures_output, file_group, media_input, mp4_output,
};

/// The height of a poster at most, and of a thumbnail, in pixels.
const MAX_POSTER_HEIGHT: u32 = 720;
const THUMBNAIL_HEIGHT: u32 = 180;
/// The height of the MP4 of a job that makes only pictures.
const COMPANION_HEIGHT: u32 = 180;
const JPEG_QUALITY: i32 = 80;

/// Builds the settings of a job that reads the multivariant manifest at `input`.
///
/// MediaConvert makes no pictures alone. If only pictures are wanted, the job also makes a small MP4 that
/// nothing names.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/file-group-with-frame-capture-output.html>
pub(super) fn build(
    kinds: FileKinds,
    plan: &FilesPlan,
    rendition: &BestRendition,
    input: &str,
    destination: &str,
) -> JobSettings {
    let frames = plan.frames.as_ref();
    let input = media_input(
        input,
        &rendition.with_default_sound(),
        frames.and_then(FrameRange::start_timecode),
        frames.and_then(FrameRange::end_timecode),
    );
    let (count, interval) = plan.thumbnails();
    let (pictures, time) = plan.poster_captures();
    let mp4 = if kinds == FileKinds::All {
        Picture { width: rendition.width, height: rendition.height, crop: None }
    } else {
        scale(rendition, COMPANION_HEIGHT)
    };
    let has_sound = rendition.sound != RenditionSound::Silent;
    let poster = scale(rendition, MAX_POSTER_HEIGHT);
    let thumbnail = scale(rendition, THUMBNAIL_HEIGHT);
    let outputs = vec![
        mp4_output(Some(SOURCE_MODIFIER), mp4, rendition.frame_rate, has_sound),
        captures_output(POSTER_MODIFIER, poster, captures(pictures, time, JPEG_QUALITY)),
        captures_output(THUMBNAIL_MODIFIER, thumbnail, captures(count, interval, JPEG_QUALITY)),
    ];
    JobSettings::builder()
        .timecode_config(TimecodeConfig::builder().source(TimecodeSource::Zerobased).build())
        .inputs(input)
        .output_groups(file_group("Files", destination, outputs))
        .build()
}

/// The size of a rendition at this height at most. Both sides are even.
fn scale(rendition: &BestRendition, max_height: u32) -> Picture {
    let height = rendition.height.min(max_height) / 2 * 2;
    let half = u64::from(rendition.width) * u64::from(height) / (2 * u64::from(rendition.height));
    let width = u32::try_from(2 * half).unwrap_or(u32::MAX);
    Picture { width: width.max(32), height: height.max(32), crop: None }
}

#[cfg(test)]
mod tests {
    use aws_sdk_mediaconvert::types::StatusUpdateInterval;
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::asset::TrackRendition;
    use crate::clip::Bounds;
    use crate::encode::sent_job::{assert_job_matches_golden, sent_job};
    use crate::encode::{MediaJob, MediaJobs};
    use crate::files::FILES;

    fn rendition(sound: RenditionSound) -> BestRendition {
        BestRendition { sound, ..BestRendition::sample(1280, 720, 29.97) }
    }

    /// Plans 3.2 s that begin 0.9 s after the start of 6 s of media.
    fn cut_plan(rendition: &BestRendition) -> FilesPlan {
        let start = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        let at = |milliseconds| start + TimeDelta::milliseconds(milliseconds);
        let bounds = Bounds { start, end: at(6006), duration_seconds: 6.006 };
        let frames = FrameRange::of_window(at(900), at(4100), bounds, rendition.frame_rate);
        FilesPlan { frames: Some(frames), duration: Some(frames.duration()), poster: None }
    }

    #[tokio::test]
    async fn a_job_matches_its_golden() {
        let muxed = rendition(RenditionSound::Muxed);
        let sound = TrackRendition::sample("audio_0", "Suomi", "fi");
        let separate = rendition(RenditionSound::Separate(vec![sound]));
        let whole =
            FilesPlan { frames: None, duration: Some(TimeDelta::seconds(30)), poster: None };
        for (name, kinds, plan, rendition) in [
            ("files-all-cut", FileKinds::All, cut_plan(&muxed), &muxed),
            ("files-pictures", FileKinds::Pictures, whole, &rendition(RenditionSound::Silent)),
            ("files-all-languages", FileKinds::All, whole, &separate),
        ] {
            let attempt = "100m_20200203133058_20200203133104_k7Qx2f_2".parse().unwrap();
            let job = MediaJob { attempt, product: FILES, name: "1".to_owned() };
            let sent = sent_job(async |sdk, variables| {
                let jobs = MediaJobs::from_variables(sdk, variables).unwrap();
                let input = jobs.url(&job.attempt.manifest_key());
                let destination = jobs.url(&job.attempt.files_base(1));
                let settings = build(kinds, &plan, rendition, &input, &destination);
                jobs.create(&job, settings, StatusUpdateInterval::Seconds60).await.unwrap();
            });
            assert_job_matches_golden!(name, sent.await);
        }
    }
}

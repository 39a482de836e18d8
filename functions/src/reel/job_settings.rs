//! Builds the settings of the MediaConvert job of a reel.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/assembling-multiple-inputs-and-input-clips.html>

use aws_sdk_mediaconvert::types::{Input, JobSettings};

use super::common_tracks::keep_common_tracks;
use crate::asset::{BestRendition, RenditionSound};
use crate::clip::ReelPart;
use crate::encode::{
    FrameRange, Ladder, OutputTracks, Picture, hls_group, media_input, video_description,
};

/// The media of a clip of a reel.
#[derive(Clone, Debug)]
pub(super) struct ReelInput<'a> {
    /// The multivariant manifest.
    pub(super) url: String,
    pub(super) rendition: BestRendition,
    pub(super) part: &'a ReelPart,
}

/// Builds the settings of a job that joins clips, or returns why it cannot.
///
/// The renditions have the size and the frame rate of the clip with the largest picture. MediaConvert
/// fits smaller pictures, and pictures of another shape get black bars. If only some clips had sound,
/// AWS does not document how the job joins the others, so there is no such job.
pub(super) fn build(inputs: &[ReelInput<'_>], destination: &str) -> Result<JobSettings, String> {
    let pixels = |input: &&ReelInput<'_>| {
        u64::from(input.rendition.width) * u64::from(input.rendition.height)
    };
    let largest = inputs.iter().rev().max_by_key(pixels).ok_or("The reel has no clips.")?;
    let is_silent = |input: &&ReelInput<'_>| input.rendition.sound == RenditionSound::Silent;
    let silent = inputs.iter().find(is_silent);
    if let Some(silent) = silent.filter(|_| !inputs.iter().all(|input| is_silent(&input))) {
        return Err(format!(
            "Clip {} has no sound, and other clips of the reel have. Make a reel without it.",
            silent.part.clip
        ));
    }
    let ladder = Ladder::standard();
    let BestRendition { width, height, frame_rate, .. } = largest.rendition;
    let to_signed = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let frame_rate = (to_signed(frame_rate.numerator()), to_signed(frame_rate.denominator()));
    let size = (f64::from(width), f64::from(height));
    let pictures = ladder.renditions(size).into_iter().map(|made| {
        let picture = Picture::from(made.size);
        video_description(picture, ladder.h264(&made, Some(frame_rate)))
    });
    let media = keep_common_tracks(inputs.iter().map(|input| &input.rendition));
    let tracks = media.first().map(OutputTracks::of_media).unwrap_or_default();
    let inputs = inputs.iter().zip(&media).map(|(input, media)| build_input(input, media));
    Ok(JobSettings::builder()
        .set_inputs(Some(inputs.collect()))
        .output_groups(hls_group(&ladder, destination, pictures, &tracks))
        .build())
}

fn build_input(input: &ReelInput<'_>, media: &BestRendition) -> Input {
    let ReelInput { url, part, .. } = input;
    let (start, end) = (part.shown.start, part.shown.end);
    let frames = FrameRange::of_window(start, end, part.media, media.frame_rate);
    media_input(url, media, frames.start_timecode(), frames.end_timecode())
}

#[cfg(test)]
mod tests {
    use aws_sdk_mediaconvert::types::StatusUpdateInterval;
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::clip::{Attempt, Bounds, ClipKey};
    use crate::encode::sent_job::{assert_job_matches_golden, sent_job};
    use crate::encode::{MediaJob, MediaJobs};
    use crate::reel::REEL;

    fn part(number: i64) -> ReelPart {
        let start = DateTime::from_timestamp(1_580_736_658 + 60 * number, 0).unwrap();
        let at = |milliseconds| start + TimeDelta::milliseconds(milliseconds);
        let key: ClipKey =
            format!("100m_2020020313305{number}_20200203133104_k7Qx2f").parse().unwrap();
        let media = Bounds { start, end: at(6000), duration_seconds: 6.0 };
        let shown = Bounds { start: at(1000), end: at(4000), duration_seconds: 3.0 };
        ReelPart { clip: key.clip, attempt: 1, media, shown, channel: None }
    }

    #[tokio::test]
    async fn a_job_matches_its_golden() {
        let parts = [part(1), part(2)];
        let renditions =
            [BestRendition::sample(640, 360, 25.0), BestRendition::sample(1280, 720, 50.0)];
        let attempt: Attempt = "100m_20200203133051_20200203133104_k7Qx2f_1".parse().unwrap();
        let reel: Attempt = "100m_20200203140000_20200203140000_aB3dE9_1".parse().unwrap();
        let job = MediaJob { attempt, product: REEL, name: reel.to_string() };
        let sent = sent_job(async |sdk, variables| {
            let jobs = MediaJobs::from_variables(sdk, variables).unwrap();
            let inputs = parts.iter().zip(renditions.clone()).map(|(part, rendition)| {
                let url = format!("s3://clips/clips/100m/{}/1/index.m3u8", part.clip.as_str());
                ReelInput { url, rendition, part }
            });
            let destination = jobs.url(&reel.manifest_base());
            let settings = build(&inputs.collect::<Vec<_>>(), &destination).unwrap();
            jobs.create(&job, settings, StatusUpdateInterval::Seconds10).await.unwrap();
        });
        assert_job_matches_golden!("reel-of-two-sizes", sent.await);
    }

    #[test]
    fn a_clip_without_sound_is_named_unless_all_have_none() {
        let parts = [part(1), part(2)];
        let try_with = |sounds: [RenditionSound; 2]| {
            let inputs = parts.iter().zip(sounds).map(|(part, sound)| ReelInput {
                url: "s3://clips/a.m3u8".to_owned(),
                rendition: BestRendition { sound, ..BestRendition::sample(640, 360, 25.0) },
                part,
            });
            build(&inputs.collect::<Vec<_>>(), "s3://clips/index").map(drop)
        };
        let mixed = try_with([RenditionSound::Muxed, RenditionSound::Silent]).unwrap_err();
        assert!(mixed.contains(parts[1].clip.as_str()), "{mixed}");
        assert_eq!(try_with([RenditionSound::Silent, RenditionSound::Silent]), Ok(()));
    }
}

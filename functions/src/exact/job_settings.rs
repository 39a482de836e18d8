//! Builds the settings of the MediaConvert job that makes frame-exact media.

use aws_sdk_mediaconvert::types::JobSettings;

use crate::asset::BestRendition;
use crate::encode::{
    FrameRange, Ladder, OutputTracks, Picture, hls_group, media_input, video_description,
};

/// Builds the settings of a job that makes a ladder of some frames of the media at `input`.
pub(super) fn build(
    frames: &FrameRange,
    rendition: &BestRendition,
    input: &str,
    destination: &str,
) -> JobSettings {
    let ladder = Ladder::standard();
    let size = (f64::from(rendition.width), f64::from(rendition.height));
    let pictures = ladder
        .renditions(size)
        .into_iter()
        .map(|made| video_description(Picture::from(made.size), ladder.h264(&made, None)));
    let tracks = OutputTracks::of_media(rendition);
    let (start, end) = (frames.start_timecode(), frames.end_timecode());
    JobSettings::builder()
        .inputs(media_input(input, rendition, start, end))
        .output_groups(hls_group(&ladder, destination, pictures, &tracks))
        .build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_mediaconvert::types::StatusUpdateInterval;
    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::asset::{ClosedCaptions, RenditionSound, TrackRendition};
    use crate::clip::{Attempt, Bounds};
    use crate::encode::sent_job::{assert_job_matches_golden, sent_job};
    use crate::encode::{MediaJob, MediaJobs};
    use crate::exact::EXACT;

    #[tokio::test]
    async fn a_job_matches_its_golden() {
        let start = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        let at = |milliseconds| start + TimeDelta::milliseconds(milliseconds);
        let bounds = Bounds { start, end: at(6006), duration_seconds: 6.006 };
        let plain = BestRendition::sample(1280, 720, 29.97);
        let frames = FrameRange::of_window(at(900), at(4100), bounds, plain.frame_rate);
        let bilingual = BestRendition {
            sound: RenditionSound::Separate(vec![
                TrackRendition::sample("audio_0", "Suomi", "fin"),
                TrackRendition::sample("audio_0", "English", "eng"),
            ]),
            captions: vec![TrackRendition::sample("subtitles", "Suomi", "fin")],
            closed_captions: vec![ClosedCaptions::sample(1, "English", "eng")],
            has_embedded_captions: true,
            ..plain.clone()
        };
        let harvest: Attempt = "100m_20200203133058_20200203133104_k7Qx2f_1".parse().unwrap();
        let exact = Attempt { number: 2, ..harvest.clone() };
        let job = MediaJob { attempt: harvest, product: EXACT, name: "2".to_owned() };
        let unannounced = BestRendition { has_embedded_captions: true, ..plain.clone() };
        for (name, rendition) in [
            ("exact-cut", plain),
            ("exact-cut-languages", bilingual),
            ("exact-cut-embedded-captions", unannounced),
        ] {
            let sent = sent_job(async |sdk, variables| {
                let jobs = MediaJobs::from_variables(sdk, variables).unwrap();
                let input = jobs.url(&job.attempt.manifest_key());
                let destination = jobs.url(&exact.manifest_base());
                let settings = build(&frames, &rendition, &input, &destination);
                jobs.create(&job, settings, StatusUpdateInterval::Seconds10).await.unwrap();
            });
            assert_job_matches_golden!(name, sent.await);
        }
    }
}

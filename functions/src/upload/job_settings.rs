//! Builds the settings of the MediaConvert job of a video.

use aws_sdk_mediaconvert::types::{
    ColorCorrector, ColorSpaceConversion, ContainerSettings, ContainerType, DeinterlaceAlgorithm,
    Deinterlacer, DeinterlacerControl, DeinterlacerMode, Input, InputRotate, InputTimecodeSource,
    JobSettings, Output, OutputGroup, VideoCodecSettings, VideoDescription, VideoPreprocessor,
    VideoSelector,
};
use chrono::TimeDelta;

use super::tracks::UploadTracks;
use super::video::Video;
use crate::encode::{
    Ladder, Size, audio_selectors, caption_selectors, captures, file_group, hls_group,
};

/// The `s3://` URLs that a job reads and writes.
#[derive(Clone, Debug)]
pub(super) struct Locations {
    pub(super) input: String,
    /// The multivariant manifest, without `.m3u8`.
    pub(super) manifest: String,
    /// The thumbnails, without number and `.jpg`, which MediaConvert adds.
    pub(super) thumbnail: String,
}

/// Returns the most thumbnails of a video, and the interval between them. The job makes fewer if the
/// picture ends before the file does.
///
/// The interval is at least half a second. The last thumbnail is half an interval before the end, so
/// that rounding the duration does not change the number of thumbnails. A video of unknown duration
/// has one thumbnail, its first frame.
fn plan_thumbnails(ladder: &Ladder, video: &Video) -> (u32, TimeDelta) {
    let Some(duration) = video.estimate else { return (1, TimeDelta::seconds(1)) };
    let halves = u32::try_from(duration.num_milliseconds() / 500).unwrap_or(u32::MAX);
    let count = halves.clamp(1, ladder.thumbnails.most);
    let twice = i32::try_from(2 * count - 1).unwrap_or(1);
    (count, duration * 2 / twice)
}

/// Builds the settings of the job that makes the renditions and thumbnails of a video.
pub(super) fn build(
    ladder: &Ladder,
    video: &Video,
    tracks: &UploadTracks,
    locations: &Locations,
) -> JobSettings {
    let input = Input::builder()
        .file_input(&locations.input)
        .timecode_source(InputTimecodeSource::Zerobased)
        .video_selector(VideoSelector::builder().rotate(InputRotate::Auto).build())
        .set_audio_selectors(audio_selectors(tracks.audio_selectors.clone()))
        .set_caption_selectors(caption_selectors(tracks.caption_sources.clone()));
    JobSettings::builder()
        .inputs(input.build())
        .output_groups(rendition_group(ladder, video, tracks, &locations.manifest))
        .output_groups(thumbnail_group(ladder, video, &locations.thumbnail))
        .build()
}

fn rendition_group(
    ladder: &Ladder,
    video: &Video,
    tracks: &UploadTracks,
    destination: &str,
) -> OutputGroup {
    let frame_rate = video.picture.frame_rate;
    let pictures = ladder.renditions(video.size()).into_iter().map(|rendition| {
        let codec = ladder.h264(&rendition, frame_rate);
        video_description(video, rendition.size, codec)
    });
    hls_group(ladder, destination, pictures, &tracks.outputs)
}

fn thumbnail_group(ladder: &Ladder, video: &Video, destination: &str) -> OutputGroup {
    let (count, interval) = plan_thumbnails(ladder, video);
    let codec = captures(count, interval, ladder.thumbnails.quality);
    let output = Output::builder()
        .container_settings(ContainerSettings::builder().container(ContainerType::Raw).build())
        .extension("jpg")
        .video_description(video_description(video, ladder.thumbnail_size(video.size()), codec));
    file_group("Thumbnails", destination, vec![output.build()])
}

/// Builds a video output of this size: deinterlaced, and in colors that every display shows.
fn video_description(video: &Video, size: Size, codec: VideoCodecSettings) -> VideoDescription {
    // NORMAL does not change progressive frames.
    let deinterlacer = Deinterlacer::builder()
        .algorithm(DeinterlaceAlgorithm::Interpolate)
        .mode(DeinterlacerMode::Deinterlace)
        .control(DeinterlacerControl::Normal);
    let colors = video.picture.has_other_colors.then(|| {
        let conversion = ColorSpaceConversion::Force709;
        ColorCorrector::builder().color_space_conversion(conversion).build()
    });
    let preprocessors =
        VideoPreprocessor::builder().deinterlacer(deinterlacer.build()).set_color_corrector(colors);
    VideoDescription::builder()
        .width(size.width)
        .height(size.height)
        .video_preprocessors(preprocessors.build())
        .codec_settings(codec)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::{CaptionsFormat, CaptionsSource, Language, UploadedCaptions};
    use crate::encode::sent_job::{assert_job_matches_golden, sent_job};
    use crate::upload::TranscodeJobs;
    use crate::upload::picture::Picture;
    use crate::upload::sound::Sound;
    use crate::upload::sound::tests::sound;

    fn video(width: f64, height: f64, audio: &[u32]) -> Video {
        let duration = Some(TimeDelta::milliseconds(30_040));
        let picture = Picture { width, height, frame_rate: None, has_other_colors: false };
        Video { picture, sound: sound(audio), duration, estimate: duration }
    }

    #[tokio::test]
    async fn a_job_matches_its_golden() {
        let landscape = video(1920.0, 1080.0, &[2]);
        let mut bright = video(1080.0, 1920.0, &[1]);
        bright.picture.has_other_colors = true;
        let mut slow_motion = video(1280.0, 720.0, &[8]);
        slow_motion.picture.frame_rate = Some((60, 1));
        for (name, video) in [
            ("landscape-stereo", &landscape),
            ("portrait-mono-hdr", &bright),
            ("square-surround", &video(1080.0, 1080.0, &[6])),
            ("broadcast-eight-mono-tracks", &video(1920.0, 1080.0, &[1; 8])),
            ("small-silent", &video(320.0, 240.0, &[])),
            ("four-channels", &video(640.0, 360.0, &[4])),
            ("slow-motion-eight-channels", &slow_motion),
        ] {
            check_golden(name, video, None, &[]).await;
        }
    }

    #[tokio::test]
    async fn a_job_with_languages_and_captions_matches_its_golden() {
        let bilingual =
            Video { sound: Sound::in_languages(&["en", "fi"]), ..video(640.0, 360.0, &[]) };
        let captions = |language: &str, source| {
            let language: Language = language.parse().unwrap();
            UploadedCaptions { name: language.name(), language, source }
        };
        let captions = [
            captions("fi", CaptionsSource::File(CaptionsFormat::Srt)),
            captions("en", CaptionsSource::File(CaptionsFormat::Ttml)),
            captions("es", CaptionsSource::Channel(3)),
        ];
        let finnish = "fi".parse().unwrap();
        check_golden("languages-and-captions", &bilingual, Some(&finnish), &captions).await;
    }

    async fn check_golden(
        name: &str,
        video: &Video,
        default_sound: Option<&Language>,
        captions: &[UploadedCaptions],
    ) {
        let url = |at, format: CaptionsFormat| {
            format!("s3://uploads/100m/clip/captions_{}.{}", at + 1, format.extension())
        };
        let sounds = video.sound.selections(default_sound);
        let tracks = UploadTracks::new(sounds, captions, url);
        let job = sent_job(async |sdk, variables| {
            let attempt = "100m_20200203133058_20200203133058_k7Qx2f_1".parse().unwrap();
            let url = "s3://uploads/100m/20200203133058_20200203133058_k7Qx2f/original.mp4";
            let jobs = TranscodeJobs::from_variables(sdk, variables).unwrap();
            let started = jobs.start(&attempt, url, video, &tracks).await.unwrap();
            assert_eq!(started, Ok("j".to_owned()));
        });
        assert_job_matches_golden!(name, job.await);
    }

    #[test]
    fn a_video_has_up_to_ten_thumbnails_at_least_half_a_second_apart() {
        let ladder = Ladder::standard();
        let count = |milliseconds| {
            let duration = TimeDelta::milliseconds(milliseconds);
            let (count, interval) = plan_thumbnails(
                &ladder,
                &Video { estimate: Some(duration), ..video(640.0, 360.0, &[]) },
            );
            let last = interval * i32::try_from(count - 1).unwrap();
            // Half an interval lies between the last and the end.
            assert!(last < duration && duration < last + interval, "{milliseconds} ms");
            count
        };
        assert_eq!([count(40), count(120), count(1000), count(2600)], [1, 1, 2, 5]);
        assert_eq!([count(5000), count(30_000), count(86_400_000)], [10, 10, 10]);
    }
}

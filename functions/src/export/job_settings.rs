//! Builds the settings of the MediaConvert job of an export.

use aws_sdk_mediaconvert::types::{
    BurninDestinationSettings, BurninSubtitleBackgroundColor, BurninSubtitleFontColor,
    BurninSubtitleOutlineColor, CaptionDestinationSettings, CaptionDestinationType,
    CaptionSourceSettings, ContainerSettings, ContainerType, JobSettings, Output,
};

use crate::asset::{BestRendition, RenditionSound};
use crate::clip::{ExportCaptions, ExportFile, ExportSettings, TrackLabel};
use crate::encode::{
    Picture, caption_description, caption_selectors, captions_of, file_group, media_input,
    mp4_output,
};

/// The width of the line around burned-in letters, in pixels.
const OUTLINE_SIZE: i32 = 2;

/// Builds the settings of the job that makes an MP4 file, and files with captions.
pub(super) fn build(
    settings: &ExportSettings,
    rendition: &BestRendition,
    input: &str,
    destination: &str,
) -> JobSettings {
    let (start, end) = (settings.start_timecode.clone(), settings.end_timecode.clone());
    let crop = settings.rectangle.map(|it| [it.x, it.y, it.width, it.height]);
    let picture = Picture { width: settings.width, height: settings.height, crop };
    let has_sound = rendition.sound != RenditionSound::Silent;
    let mut video = mp4_output(None, picture, rendition.frame_rate, has_sound);
    let captions = select_captions(&settings.caption_tracks, rendition);
    let labels: Vec<_> = captions.iter().map(|(label, _)| label.clone()).collect();
    let mut outputs = Vec::new();
    match settings.captions {
        ExportCaptions::None => {}
        ExportCaptions::BurnedIn => {
            let burned_in = labels.first().map(|it| vec![caption_description(0, it, burn_in())]);
            video.caption_descriptions = burned_in;
        }
        ExportCaptions::Sidecar => {
            for (at, label) in labels.iter().enumerate() {
                let (webvtt, srt) = (CaptionDestinationType::Webvtt, CaptionDestinationType::Srt);
                outputs.push(captions_output(at, label, ExportFile::Webvtt(at), webvtt));
                outputs.push(captions_output(at, label, ExportFile::Srt(at), srt));
            }
        }
    }
    outputs.insert(0, video);
    let sound = settings.sound.as_ref();
    let media = sound.map_or_else(|| rendition.with_default_sound(), |it| rendition.with_sound(it));
    let mut input = media_input(input, &media, start, end);
    input.caption_selectors = caption_selectors(captions.into_iter().map(|(_, source)| source));
    JobSettings::builder()
        .inputs(input)
        .output_groups(file_group("Export", destination, outputs))
        .build()
}

/// The captions of the media that the export asked for.
fn select_captions(
    tracks: &[TrackLabel],
    rendition: &BestRendition,
) -> Vec<(TrackLabel, CaptionSourceSettings)> {
    let is_asked = |(label, _): &(TrackLabel, CaptionSourceSettings)| tracks.contains(label);
    captions_of(rendition).into_iter().filter(is_asked).collect()
}

/// White letters with a black line around them. MediaConvert chooses the size for the picture.
fn burn_in() -> CaptionDestinationSettings {
    let letters = BurninDestinationSettings::builder()
        .font_color(BurninSubtitleFontColor::White)
        .outline_color(BurninSubtitleOutlineColor::Black)
        .outline_size(OUTLINE_SIZE)
        .background_color(BurninSubtitleBackgroundColor::None);
    CaptionDestinationSettings::builder()
        .destination_type(CaptionDestinationType::BurnIn)
        .burnin_destination_settings(letters.build())
        .build()
}

/// A file with captions beside the MP4 file.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/sidecar-output.html>
fn captions_output(
    at: usize,
    label: &TrackLabel,
    file: ExportFile,
    format: CaptionDestinationType,
) -> Output {
    let destination = CaptionDestinationSettings::builder().destination_type(format).build();
    Output::builder()
        .set_name_modifier(file.modifier())
        .extension(file.extension())
        .container_settings(ContainerSettings::builder().container(ContainerType::Raw).build())
        .caption_descriptions(caption_description(at, label, destination))
        .build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_mediaconvert::types::StatusUpdateInterval;
    use chrono::DateTime;

    use super::*;
    use crate::asset::TrackRendition;
    use crate::clip::Rectangle;
    use crate::encode::sent_job::{assert_job_matches_golden, sent_job};
    use crate::encode::{MediaJob, MediaJobs};
    use crate::export::jobs::EXPORT;

    #[tokio::test]
    async fn a_job_matches_its_golden() {
        let muxed = BestRendition {
            captions: vec![
                TrackRendition::sample("subs", "Suomi", "fi"),
                TrackRendition::sample("subs", "English", "en"),
            ],
            ..BestRendition::sample(1920, 1080, 59.94)
        };
        let bilingual = BestRendition {
            sound: RenditionSound::Separate(vec![
                TrackRendition::sample("audio", "Suomi", "fi"),
                TrackRendition::sample("audio", "English", "en"),
            ]),
            ..muxed.clone()
        };
        let start = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        let whole = ExportSettings {
            attempt: 1,
            aspect: "source".to_owned(),
            crop: None,
            start,
            end: start,
            width: 1920,
            height: 1080,
            rectangle: None,
            start_timecode: None,
            end_timecode: None,
            sound: None,
            captions: ExportCaptions::None,
            caption_tracks: Vec::new(),
        };
        let vertical = ExportSettings {
            width: 406,
            height: 720,
            rectangle: Some(Rectangle { x: 656, y: 0, width: 608, height: 1080 }),
            start_timecode: Some("00:00:01:30".to_owned()),
            end_timecode: Some("00:00:04:59".to_owned()),
            ..whole.clone()
        };
        let track = |name: &str, language: &str| TrackLabel {
            name: name.to_owned(),
            language: Some(language.to_owned()),
        };
        let sidecar = ExportSettings {
            captions: ExportCaptions::Sidecar,
            caption_tracks: vec![track("Suomi", "fi"), track("English", "en")],
            ..vertical.clone()
        };
        let burned_in = ExportSettings {
            captions: ExportCaptions::BurnedIn,
            caption_tracks: vec![track("English", "en")],
            ..whole.clone()
        };
        let other_sound = ExportSettings { sound: Some(track("English", "en")), ..whole.clone() };
        for (name, settings, rendition) in [
            ("export-whole", whole, &muxed),
            ("export-vertical-cut", vertical, &muxed),
            ("export-sidecar-captions", sidecar, &muxed),
            ("export-burned-in-captions", burned_in, &muxed),
            ("export-other-sound", other_sound, &bilingual),
        ] {
            let attempt = "100m_20200203133058_20200203133104_k7Qx2f_1".parse().unwrap();
            let job = MediaJob { attempt, product: EXPORT, name: "5f2d4c8a91b07e36".to_owned() };
            let sent = sent_job(async |sdk, variables| {
                let jobs = MediaJobs::from_variables(sdk, variables).unwrap();
                let input = jobs.url(&job.attempt.manifest_key());
                let destination = jobs.url("exports/100m/clip/5f2d4c8a91b07e36");
                let settings = build(&settings, rendition, &input, &destination);
                jobs.create(&job, settings, StatusUpdateInterval::Seconds10).await.unwrap();
            });
            assert_job_matches_golden!(name, sent.await);
        }
    }
}

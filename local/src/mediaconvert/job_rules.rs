//! The rules by which CreateJob rejects well-formed settings.

use std::collections::BTreeSet;

use super::audio_settings::AudioCodecSettings;
use super::caption_rules::find_language_fault;
use super::files::parse_s3_url;
use super::input_settings::{Input, InputClipping, SelectorType};
use super::settings::{
    Container, FramerateControl, JobSettings, Output, OutputGroupSettings, Rectangle,
    VideoCodecSettings, VideoDescription,
};
use crate::aws_protocol::AwsError;

/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/setting-up-an-assembly-workflow-job.html>
const MAX_INPUTS: usize = 150;

impl JobSettings {
    /// Checks the settings. The error names the path of the invalid setting.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        let reject = |what: String| Err(AwsError::bad_request(what));
        if !(1..=MAX_INPUTS).contains(&self.inputs.len()) {
            let count = self.inputs.len();
            return reject(format!("/inputs: a job has 1 to {MAX_INPUTS} inputs, not {count}"));
        }
        for (at, input) in self.inputs.iter().enumerate() {
            input.check_clippings(at)?;
            input.check_audio_selectors(at)?;
            input.check_caption_selectors(at)?;
        }
        let mut has_renditions = false;
        for (at, group) in self.output_groups.iter().enumerate() {
            let here = format!("/outputGroups/{at}");
            let (destination, containers): (_, &[Container]) = match &group.output_group_settings {
                OutputGroupSettings::Hls { hls_group_settings: hls } => {
                    (&hls.destination, &[Container::M3u8])
                }
                OutputGroupSettings::File { file_group_settings: file } => {
                    (&file.destination, &[Container::Mp4, Container::Raw])
                }
            };
            if parse_s3_url(destination).is_none() {
                return reject(format!("{here}: {destination:?} is not s3://<bucket>/<base name>"));
            }
            let modifiers: BTreeSet<_> = group.outputs.iter().map(|it| &it.name_modifier).collect();
            if modifiers.len() < group.outputs.len() || group.outputs.is_empty() {
                return reject(format!("{here}/outputs: each output needs its own nameModifier"));
            }
            let hls = match &group.output_group_settings {
                OutputGroupSettings::Hls { hls_group_settings } => Some(hls_group_settings),
                OutputGroupSettings::File { .. } => None,
            };
            for (number, output) in group.outputs.iter().enumerate() {
                if let Some(fault) = output.find_fault(containers, hls.is_some(), &self.inputs) {
                    return reject(format!("{here}/outputs/{number}{fault}"));
                }
                has_renditions |= matches!(output.codec(), Some(VideoCodecSettings::H264 { .. }));
            }
            if let Some(fault) = hls.and_then(|hls| hls.find_fault(&group.outputs)) {
                return reject(format!("{here}{fault}"));
            }
        }
        if !has_renditions {
            // <https://docs.aws.amazon.com/mediaconvert/latest/ug/file-group-with-frame-capture-output.html>
            return reject("/outputGroups: frame captures need another output in the job".into());
        }
        Ok(())
    }
}

impl Input {
    fn check_audio_selectors(&self, at: usize) -> Result<(), AwsError> {
        let here = format!("/inputs/{at}/audioSelectors");
        let reject = |what: String| Err(AwsError::bad_request(format!("{here}{what}")));
        let mut selectors = self.audio_selectors.values();
        if !self.separate_sounds().is_empty() && selectors.any(|it| !it.streams.is_empty()) {
            return reject(": the stand-in supports no STREAM beside HLS_RENDITION_GROUP".into());
        }
        for (name, selector) in &self.audio_selectors {
            let given = [
                (SelectorType::Track, !selector.tracks.is_empty()),
                (SelectorType::Stream, !selector.streams.is_empty()),
                (SelectorType::HlsRenditionGroup, selector.hls_rendition_group_settings.is_some()),
            ];
            if given.iter().any(|(kind, is_given)| *is_given != (*kind == selector.selector_type)) {
                return reject(format!(
                    "/{name}: needs tracks for TRACK, streams for STREAM, or \
                     hlsRenditionGroupSettings for HLS_RENDITION_GROUP"
                ));
            }
            let remix = selector.remix_settings.as_ref();
            let fits = remix.is_none_or(|remix| {
                let outputs = &remix.channel_mapping.output_channels;
                outputs.len() == remix.channels_out
                    && outputs.iter().all(|it| it.input_channels.len() == remix.channels_in)
            });
            let mut gains = remix.iter().flat_map(|remix| {
                let outputs = &remix.channel_mapping.output_channels;
                outputs.iter().flat_map(|output| &output.input_channels)
            });
            if let Some(gain) = gains.find(|gain| !(-60..=6).contains(*gain)) {
                return reject(format!("/{name}/remixSettings: {gain} dB is not from -60 to 6"));
            }
            if !fits {
                return reject(format!(
                    "/{name}/remixSettings: the numbers of channels do not match"
                ));
            }
        }
        Ok(())
    }

    /// Checks the clippings. Without a start and an end, a clipping is no clipping.
    /// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
    fn check_clippings(&self, at: usize) -> Result<(), AwsError> {
        let here = format!("/inputs/{at}/inputClippings");
        let reject = |what: String| Err(AwsError::bad_request(format!("{here}: {what}")));
        match self.input_clippings.as_slice() {
            [InputClipping { start_timecode: None, end_timecode: None }] => {
                reject("needs startTimecode or endTimecode".to_owned())
            }
            [] | [_] => Ok(()),
            several => reject(format!("the stand-in supports one clipping, not {}", several.len())),
        }
    }
}

impl Output {
    /// Returns the fault of an output. It begins with the path of the invalid setting.
    fn find_fault(
        &self,
        containers: &[Container],
        is_hls: bool,
        inputs: &[Input],
    ) -> Option<String> {
        if self.output_settings.is_some() && !is_hls {
            return Some("/outputSettings: hlsSettings belong to an HLS group".to_owned());
        }
        let here = |fault: String| format!(": {fault}");
        self.find_parts_fault(is_hls)
            .or_else(|| self.find_container_fault(containers, is_hls).map(|it| here(it.to_owned())))
            .or_else(|| self.find_audio_fault(inputs))
            .or_else(|| self.find_caption_fault(is_hls, inputs))
            .or_else(|| self.find_out_of_bounds().map(here))
            .or_else(|| self.video_description.as_ref()?.find_size_fault().map(here))
    }

    fn find_audio_fault(&self, inputs: &[Input]) -> Option<String> {
        let audio = self.audio_descriptions.first()?;
        let name = &audio.audio_source_name;
        let has_selector = |it: &Input| it.audio_selectors.contains_key(name);
        if let Some(at) = inputs.iter().position(|it| !has_selector(it)) {
            return Some(format!(": audio selector {name:?} not found in /inputs/{at}"));
        }
        let fault = find_language_fault(audio.custom_language_code.as_deref())?;
        Some(format!("/audioDescriptions/0{fault}"))
    }

    /// Returns the fault in the container of an output.
    fn find_container_fault(&self, containers: &[Container], is_hls: bool) -> Option<&'static str> {
        let settings = &self.container_settings;
        let container = settings.container;
        let is_raw = matches!(self.codec(), Some(VideoCodecSettings::FrameCapture { .. }))
            || (self.captions().is_some() && !is_hls);
        if !containers.contains(&container) || is_raw != (container == Container::Raw) {
            Some("container and codec do not match")
        } else if container != Container::M3u8 && settings.m3u8_settings.is_some() {
            Some("only M3U8 has m3u8Settings")
        } else if container != Container::Mp4 && settings.mp4_settings.is_some() {
            Some("only MP4 has mp4Settings")
        } else {
            None
        }
    }

    /// Describes the first number that is out of the bounds of MediaConvert's API model.
    fn find_out_of_bounds(&self) -> Option<String> {
        if let Some(VideoCodecSettings::H264 { h264_settings: it }) = self.codec() {
            let is_specified = it.framerate_control == FramerateControl::Specified;
            let has_rate = [it.framerate_numerator, it.framerate_denominator]
                .map(|it| it.is_some_and(|it| it > 0));
            if has_rate != [is_specified; 2] {
                return Some(
                    "framerateNumerator and framerateDenominator belong to framerateControl SPECIFIED"
                        .to_owned(),
                );
            }
        }
        let mut numbers = match self.codec() {
            None => Vec::new(),
            Some(VideoCodecSettings::H264 { h264_settings: it }) => vec![
                ("qvbrQualityLevel", it.qvbr_settings.qvbr_quality_level.into(), 1..=10),
                ("maxBitrate", it.max_bitrate, 1000..=1_152_000_000),
                ("parNumerator", it.par_numerator, 1..=i32::MAX.unsigned_abs()),
                ("parDenominator", it.par_denominator, 1..=i32::MAX.unsigned_abs()),
            ],
            Some(VideoCodecSettings::FrameCapture { frame_capture_settings: it }) => vec![
                ("framerateNumerator", it.framerate_numerator, 1..=i32::MAX.unsigned_abs()),
                ("framerateDenominator", it.framerate_denominator, 1..=i32::MAX.unsigned_abs()),
                ("maxCaptures", it.max_captures, 1..=10_000_000),
                ("quality", it.quality.into(), 1..=100),
            ],
        };
        for audio in &self.audio_descriptions {
            let AudioCodecSettings::Aac { aac_settings: it } = &audio.codec_settings;
            numbers.push(("bitrate", it.bitrate, 6000..=1_024_000));
            numbers.push(("sampleRate", it.sample_rate, 8000..=96_000));
        }
        let fault = numbers.into_iter().find(|(_, number, bounds)| !bounds.contains(number));
        fault.map(|(name, number, bounds)| {
            format!("{name} is {number}, which is not from {} to {}", bounds.start(), bounds.end())
        })
    }
}

impl VideoDescription {
    /// Describes a size or a crop that MediaConvert refuses: it takes even numbers only, and no empty picture.
    /// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>
    fn find_size_fault(&self) -> Option<String> {
        let fits = |side: u32| (32..=8192).contains(&side) && side.is_multiple_of(2);
        if !fits(self.width) || !fits(self.height) {
            return Some(format!("{}x{} is not a valid size", self.width, self.height));
        }
        let Rectangle { x, y, width, height } = self.crop?;
        let is_even = [x, y, width, height].iter().all(|number| number.is_multiple_of(2));
        if !is_even || width < 2 || height < 2 {
            return Some(format!("crop {width}x{height} at {x},{y} is not of even numbers from 2"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::sample_job::{sample_input, sample_job};

    /// Checks a job with these inputs. Returns the reason of a refusal.
    fn check(inputs: &[Value]) -> Option<String> {
        sample_job(inputs).check().err().map(|error| format!("{error:?}"))
    }

    #[test]
    fn a_job_has_1_to_150_inputs() {
        assert_eq!(check(&[sample_input()]), None);
        assert_eq!(check(&vec![sample_input(); 150]), None);
        for count in [0, 151] {
            let reason = check(&vec![sample_input(); count]).unwrap_or_default();
            assert!(reason.contains(&format!("/inputs: a job has 1 to 150 inputs, not {count}")));
        }
    }

    #[test]
    fn the_refusal_of_an_input_names_its_number() {
        let invalid = |key: &str, value: Value| {
            let mut input = sample_input();
            input[key] = value;
            let reason = check(&[sample_input(), sample_input(), input]);
            reason.unwrap_or_else(|| panic!("{key} is accepted"))
        };
        let other = json!({ "Other": { "selectorType": "TRACK", "tracks": [1] } });
        assert!(invalid("audioSelectors", other).contains("\\\"Sound\\\" not found in /inputs/2"));
        let empty = json!({ "Sound": { "selectorType": "TRACK" } });
        assert!(invalid("audioSelectors", empty).contains("/inputs/2/audioSelectors/Sound: needs"));
        assert!(invalid("inputClippings", json!([{}])).contains("/inputs/2/inputClippings: needs"));
    }
}

//! What makes CreateJob refuse settings that are well-formed.

use std::collections::BTreeSet;

use super::files::object_of;
use super::settings::{
    AudioCodecSettings, Container, JobSettings, Output, OutputGroupSettings, VideoCodecSettings,
    VideoDescription,
};
use crate::aws_protocol::AwsError;

impl JobSettings {
    /// Refuses, by the place in the settings, what does not fit together.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        let refuse = |what: String| Err(AwsError::bad_request(what));
        let [input] = self.inputs.as_slice() else {
            return refuse(format!(
                "/inputs: the stand-in takes one input, not {}",
                self.inputs.len()
            ));
        };
        for (name, selector) in &input.audio_selectors {
            let out = selector.remix_settings.as_ref();
            let fits = out.is_none_or(|remix| {
                let outputs = &remix.channel_mapping.output_channels;
                outputs.len() == remix.channels_out
                    && outputs.iter().all(|it| it.input_channels.len() == remix.channels_in)
            });
            if !fits {
                return refuse(format!(
                    "/inputs/0/audioSelectors/{name}/remixSettings: the channels do not add up"
                ));
            }
        }
        let mut has_renditions = false;
        for (at, group) in self.output_groups.iter().enumerate() {
            let here = format!("/outputGroups/{at}");
            let (destination, container) = match &group.output_group_settings {
                OutputGroupSettings::Hls { hls_group_settings: hls } => {
                    (&hls.destination, Container::M3u8)
                }
                OutputGroupSettings::File { file_group_settings: file } => {
                    (&file.destination, Container::Raw)
                }
            };
            if object_of(destination).is_none() {
                return refuse(format!("{here}: {destination:?} is not s3://<bucket>/<base name>"));
            }
            let modifiers: BTreeSet<_> = group.outputs.iter().map(|it| &it.name_modifier).collect();
            if modifiers.len() < group.outputs.len() || group.outputs.is_empty() {
                return refuse(format!("{here}/outputs: each needs a nameModifier of its own"));
            }
            for output in &group.outputs {
                let is_capture = matches!(
                    output.video_description.codec_settings,
                    VideoCodecSettings::FrameCapture { .. }
                );
                if output.container_settings.container != container
                    || is_capture != (container == Container::Raw)
                {
                    return refuse(format!("{here}/outputs: container and codec do not fit"));
                }
                if is_capture && !output.audio_descriptions.is_empty() {
                    return refuse(format!("{here}/outputs: frame captures have no sound"));
                }
                for audio in &output.audio_descriptions {
                    let name = &audio.audio_source_name;
                    if !input.audio_selectors.contains_key(name) {
                        return refuse(format!("{here}/outputs: there is no selector {name:?}"));
                    }
                }
                if let Some(fault) = output.out_of_bounds() {
                    return refuse(format!("{here}/outputs: {fault}"));
                }
                let VideoDescription { width, height, .. } = output.video_description;
                let fits = |side: u32| (32..=8192).contains(&side) && side.is_multiple_of(2);
                if !fits(width) || !fits(height) {
                    return refuse(format!("{here}/outputs: no picture has {width}x{height}"));
                }
                has_renditions |= !is_capture;
            }
        }
        if !has_renditions {
            // <https://docs.aws.amazon.com/mediaconvert/latest/ug/file-group-with-frame-capture-output.html>
            return refuse("/outputGroups: frame captures need another output beside them".into());
        }
        Ok(())
    }
}

impl Output {
    /// The first number that is not within the bounds of MediaConvert's model.
    fn out_of_bounds(&self) -> Option<String> {
        let mut numbers = match &self.video_description.codec_settings {
            VideoCodecSettings::H264 { h264_settings: it } => vec![
                ("qvbrQualityLevel", it.qvbr_settings.qvbr_quality_level.into(), 1..=10),
                ("maxBitrate", it.max_bitrate, 1000..=1_152_000_000),
                ("parNumerator", it.par_numerator, 1..=i32::MAX.unsigned_abs()),
                ("parDenominator", it.par_denominator, 1..=i32::MAX.unsigned_abs()),
            ],
            VideoCodecSettings::FrameCapture { frame_capture_settings: it } => vec![
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
            format!("{name} is {number}, and not from {} to {}", bounds.start(), bounds.end())
        })
    }
}

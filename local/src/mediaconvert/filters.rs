//! The ffmpeg filters of a job: which frames and tracks it reads, and what it makes of them.

use std::fmt::Write as _;

use super::audio_settings::AudioCodecSettings;
use super::burn_in::BurnInFilters;
use super::clipping::FrameRange;
use super::input_settings::HlsRenditionGroupSettings;
use super::job_error::JobError;
use super::parts::Part;
use super::probe::Stream;
use super::settings::{
    Output, Rectangle, VideoCodecSettings, VideoDescription, VideoPreprocessors,
};

/// The gain in decibels that silences a channel.
const SILENCE: i32 = -60;

/// The filters of a job with one input. Their results are labeled by the number of their output: `v0`,
/// `a0`, `v1` and so on.
pub(super) fn part_filter(
    part: &Part<'_>,
    outputs: &[&Output],
    words: &BurnInFilters,
) -> Result<String, JobError> {
    let mut filter = frames_filter(0, part, outputs);
    // MediaConvert converts a variable frame rate to a constant one.
    let specified = outputs.iter().find_map(|it| it.specified_frame_rate());
    if let Some((numerator, denominator)) = specified.or_else(|| part.video.frame_rate()) {
        let _ = write!(filter, "fps={numerator}/{denominator},");
        if let Some(FrameRange { first, end }) = part.frames.filter(|_| specified.is_none()) {
            // At the end of its input, `fps` may repeat the last frame.
            let _ = write!(filter, "trim=end_frame={},", end - first);
        }
    }
    filter.push_str(&color_filter(part, outputs));
    let pictures: Vec<_> = pictures(outputs).collect();
    let labels: String = pictures.iter().map(|(at, _)| format!("[s{at}]")).collect();
    let _ = write!(filter, "format=yuv420p,split={}{labels}", pictures.len());
    for (at, picture) in pictures {
        let VideoDescription { width, height, .. } = picture;
        let select = capture_filter(picture).map(|it| it + ",").unwrap_or_default();
        let crop = crop_filter(picture);
        let (colors, shape) = (output_colors(picture), pixel_shape(picture));
        let _ = write!(
            filter,
            ";[s{at}]{select}{crop}scale={width}:{height}{colors},setsar={shape}{}[v{at}]",
            words.get(&at).map(String::as_str).unwrap_or_default()
        );
    }
    for (at, output) in outputs.iter().enumerate() {
        let Some(audio) = output.audio_descriptions.first() else { continue };
        let _ = write!(filter, ";{}", audio_filter(0, part, &audio.audio_source_name)?);
        if let Some((start, end)) = part.sound {
            // Pads or trims the sound to the duration of the picture.
            let AudioCodecSettings::Aac { aac_settings } = &audio.codec_settings;
            let is_separate = output.video_description.is_none();
            let end =
                if is_separate { start + aac_settings.whole_frames(end - start) } else { end };
            let _ = write!(
                filter,
                ",aresample=async=1:first_pts=0,apad,atrim=start={start}:end={end},\
                 asetpts=PTS-STARTPTS"
            );
        }
        let _ = write!(filter, "[a{at}]");
    }
    Ok(filter)
}

/// The pictures of the outputs, with the numbers of their outputs.
fn pictures<'a>(outputs: &'a [&Output]) -> impl Iterator<Item = (usize, &'a VideoDescription)> {
    let pictures = outputs.iter().enumerate();
    pictures.filter_map(|(at, output)| Some((at, output.video_description.as_ref()?)))
}

/// Reads the frames of a part of input `at`, and deinterlaces them.
pub(super) fn frames_filter(at: usize, part: &Part<'_>, outputs: &[&Output]) -> String {
    let mut filter = format!("[{at}:{}]", part.video.index);
    if let Some(FrameRange { first, end }) = part.frames {
        let _ = write!(filter, "trim=start_frame={first}:end_frame={end},setpts=PTS-STARTPTS,");
    } else if part.sound.is_some_and(|(start, _)| start > 0.0) {
        filter.push_str("setpts=PTS-STARTPTS,");
    }
    if preprocessors(outputs).any(|it| it.deinterlacer.is_some()) {
        filter.push_str("yadif=deint=interlaced,");
    }
    filter
}

/// Converts the colors of a part, if the outputs ask for it.
pub(super) fn color_filter(part: &Part<'_>, outputs: &[&Output]) -> String {
    let is_asked = preprocessors(outputs).any(|it| it.color_corrector.is_some());
    if is_asked { to_bt709(part.video) } else { String::new() }
}

fn preprocessors<'a>(outputs: &'a [&Output]) -> impl Iterator<Item = &'a VideoPreprocessors> {
    pictures(outputs).filter_map(|(_, it)| it.video_preprocessors.as_ref())
}

/// Selects the frames that a frame capture writes.
pub(super) fn capture_filter(picture: &VideoDescription) -> Option<String> {
    match &picture.codec_settings {
        VideoCodecSettings::H264 { .. } => None,
        VideoCodecSettings::FrameCapture { frame_capture_settings: it } => {
            let seconds = f64::from(it.framerate_denominator) / f64::from(it.framerate_numerator);
            Some(format!("select='gte(t-start_t,selected_n*{seconds})'"))
        }
    }
}

pub(super) fn crop_filter(picture: &VideoDescription) -> String {
    let crop = picture
        .crop
        .map(|Rectangle { x, y, width, height }| format!("crop={width}:{height}:{x}:{y}:exact=1,"));
    crop.unwrap_or_default()
}

/// The option of `scale` for the colors of an output. JPEG has the matrix of BT.601.
pub(super) fn output_colors(picture: &VideoDescription) -> &'static str {
    match picture.codec_settings {
        VideoCodecSettings::H264 { .. } => "",
        VideoCodecSettings::FrameCapture { .. } => ":out_color_matrix=bt601",
    }
}

/// The width of a pixel in relation to its height.
pub(super) fn pixel_shape(picture: &VideoDescription) -> String {
    match &picture.codec_settings {
        VideoCodecSettings::H264 { h264_settings: it } => {
            format!("{}/{}", it.par_numerator, it.par_denominator)
        }
        VideoCodecSettings::FrameCapture { .. } => "1".to_owned(),
    }
}

/// The filter that converts colors to BT.709, and says so in the stream.
fn to_bt709(video: &Stream) -> String {
    let known =
        |name: &Option<String>| name.clone().filter(|it| it != "unknown" && it != "reserved");
    let matrix = if video.is_rgb() { Some("gbr".to_owned()) } else { known(&video.color_space) };
    let (primaries, transfer) = (known(&video.color_primaries), known(&video.color_transfer));
    let is_wide = primaries.as_deref() == Some("bt2020")
        || matches!(transfer.as_deref(), Some("smpte2084" | "arib-std-b67"));
    let matrix = matrix.unwrap_or(if is_wide { "bt2020nc" } else { "bt709" }.to_owned());
    // Without stated primaries, only those of the wide color space are sure.
    let primaries = primaries.unwrap_or_else(|| match &*matrix {
        "bt2020nc" | "bt2020c" => "bt2020".to_owned(),
        _ => "bt709".to_owned(),
    });
    let input = format!("matrixin={matrix}:primariesin={primaries}");
    if let Some(transfer @ ("smpte2084" | "arib-std-b67")) = transfer.as_deref() {
        return format!(
            "zscale={input}:transferin={transfer}:transfer=linear:npl=100,format=gbrpf32le,\
             zscale=primaries=bt709,tonemap=tonemap=hable:desat=0,\
             zscale=transfer=bt709:matrix=bt709:primaries=bt709:range=tv,"
        );
    }
    // The transfer characteristics of all cameras are about those of BT.709. To convert them would
    // change the brightness.
    format!("zscale={input}:transferin=bt709:transfer=bt709:matrix=bt709:primaries=bt709:range=tv,")
}

/// The filter for the audio of a selector of input `at`, mixed to stereo.
pub(super) fn audio_filter(at: usize, part: &Part<'_>, name: &str) -> Result<String, JobError> {
    let (selector, probed) = (&part.input.settings.audio_selectors[name], &part.input.probed);
    let mut filter = String::new();
    let mut channels = 0;
    // The joined input begins with the separate sounds.
    let separate_sounds = part.input.settings.separate_sounds();
    let is_selected = |it: &&HlsRenditionGroupSettings| {
        selector.hls_rendition_group_settings.as_ref() == Some(*it)
    };
    let separate = separate_sounds.iter().position(is_selected).map(|at| at + 1);
    let tracks = selector
        .tracks
        .iter()
        .map(|track| track + separate_sounds.len())
        .chain(separate)
        .map(|track| (track, track.checked_sub(1).and_then(|at| probed.audios().nth(at))));
    let streams = selector
        .streams
        .iter()
        .map(|number| (*number, probed.stream(*number).filter(|stream| stream.is_audio())));
    let selected: Vec<_> = tracks.chain(streams).collect();
    for (number, stream) in &selected {
        let stream =
            stream.ok_or_else(|| JobError::new(1040, format!("audio track {number} not found")))?;
        if let Some(fault) = stream.find_decoding_fault() {
            return Err(JobError::new(1030, fault));
        }
        channels += stream.channels.unwrap_or(2);
        let _ = write!(filter, "[{at}:{}]", stream.index);
    }
    if selected.len() > 1 {
        let _ = write!(filter, "amerge=inputs={},", selected.len());
    }
    if let Some(remix) = &selector.remix_settings {
        filter.push_str("pan=stereo");
        for (number, output) in remix.channel_mapping.output_channels.iter().enumerate() {
            let audible =
                output.input_channels.iter().enumerate().filter(|(_, gain)| SILENCE < **gain);
            let terms: Vec<_> = audible
                .map(|(channel, gain)| {
                    format!("{}*c{channel}", 10f64.powf(f64::from(*gain) / 20.0))
                })
                .collect();
            let _ = write!(filter, "|c{number}={}", terms.join("+"));
            if output.input_channels.len() != channels as usize {
                let count = output.input_channels.len();
                let message = format!("the audio has {channels} channels, not {count}");
                return Err(JobError::new(1040, message));
            }
        }
        filter.push(',');
    }
    filter.push_str("aformat=channel_layouts=stereo");
    Ok(filter)
}

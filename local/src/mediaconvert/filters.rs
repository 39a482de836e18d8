//! The ffmpeg filters of a job: which frames and tracks it reads, and what it makes of them.

use std::fmt::Write as _;

use super::clipping::FrameRange;
use super::input_settings::AudioSelector;
use super::job_error::JobError;
use super::probe::{Probed, Stream};
use super::settings::{Output, Rectangle, VideoCodecSettings, VideoDescription};

/// The gain in decibels that silences a channel.
const SILENCE: i32 = -60;

/// The filter for the video of each output, labeled `v0`, `v1` and so on.
pub(super) fn video_filter(
    video: &Stream,
    frames: Option<FrameRange>,
    outputs: &[&Output],
) -> String {
    let mut filter = format!("[0:{}]", video.index);
    if let Some(FrameRange { first, end }) = frames {
        let _ = write!(filter, "trim=start_frame={first}:end_frame={end},setpts=PTS-STARTPTS,");
    }
    let preprocessors =
        || outputs.iter().filter_map(|it| it.video_description.video_preprocessors.as_ref());
    if preprocessors().any(|it| it.deinterlacer.is_some()) {
        filter.push_str("yadif=deint=interlaced,");
    }
    // MediaConvert converts a variable frame rate to a constant one.
    let specified = outputs.iter().find_map(|it| it.video_description.specified_frame_rate());
    if let Some((numerator, denominator)) = specified.or_else(|| video.frame_rate()) {
        let _ = write!(filter, "fps={numerator}/{denominator},");
        if let Some(FrameRange { first, end }) = frames.filter(|_| specified.is_none()) {
            // At the end of its input, `fps` may repeat the last frame.
            let _ = write!(filter, "trim=end_frame={},", end - first);
        }
    }
    if preprocessors().any(|it| it.color_corrector.is_some()) {
        filter.push_str(&to_bt709(video));
    }
    let labels: String = (0..outputs.len()).map(|at| format!("[s{at}]")).collect();
    let _ = write!(filter, "format=yuv420p,split={}{labels}", outputs.len());
    for (at, output) in outputs.iter().enumerate() {
        let VideoDescription { width, height, codec_settings, .. } = &output.video_description;
        let _ = write!(filter, ";[s{at}]");
        if let VideoCodecSettings::FrameCapture { frame_capture_settings: it } = codec_settings {
            let seconds = f64::from(it.framerate_denominator) / f64::from(it.framerate_numerator);
            let _ = write!(filter, "select='gte(t-start_t,selected_n*{seconds})',");
        }
        if let Some(Rectangle { x, y, width, height }) = output.video_description.crop {
            let _ = write!(filter, "crop={width}:{height}:{x}:{y}:exact=1,");
        }
        let (colors, shape) = match codec_settings {
            VideoCodecSettings::H264 { h264_settings: it } => {
                ("", format!("{}/{}", it.par_numerator, it.par_denominator))
            }
            // JPEG has the matrix of BT.601.
            VideoCodecSettings::FrameCapture { .. } => (":out_color_matrix=bt601", "1".to_owned()),
        };
        let _ = write!(filter, "scale={width}:{height}{colors},setsar={shape}[v{at}]");
    }
    filter
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
    // Of the primaries, the matrix tells which are meant.
    let primaries = primaries.unwrap_or_else(|| match &*matrix {
        "bt2020nc" | "bt2020c" => "bt2020".to_owned(),
        "bt470bg" | "smpte170m" | "smpte240m" => matrix.clone(),
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

/// The filter for the audio of a selector, mixed to stereo.
pub(super) fn audio_filter(selector: &AudioSelector, probed: &Probed) -> Result<String, JobError> {
    let mut filter = String::new();
    let mut channels = 0;
    // The sound of a rendition group is the only one of the joined input.
    let separate = selector.hls_rendition_group_settings.is_some().then_some(1);
    let tracks = selector
        .tracks
        .iter()
        .copied()
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
        let _ = write!(filter, "[0:{}]", stream.index);
    }
    if selected.len() > 1 {
        let _ = write!(filter, "amerge=inputs={},", selected.len());
    }
    if let Some(remix) = &selector.remix_settings {
        filter.push_str("pan=stereo");
        for (at, output) in remix.channel_mapping.output_channels.iter().enumerate() {
            let audible =
                output.input_channels.iter().enumerate().filter(|(_, gain)| SILENCE < **gain);
            let terms: Vec<_> = audible
                .map(|(channel, gain)| {
                    format!("{}*c{channel}", 10f64.powf(f64::from(*gain) / 20.0))
                })
                .collect();
            let _ = write!(filter, "|c{at}={}", terms.join("+"));
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

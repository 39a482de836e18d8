//! Runs a job with ffmpeg: HLS renditions and frame captures in one pass.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::arguments::{file_arguments, hls_arguments};
use super::burn_in::{BurnInFilters, write_words};
use super::caption_outputs::{OutputCaptions, write_captions};
use super::captions::to_time;
use super::filters::part_filter;
use super::input::JobInput;
use super::input_settings::Rotate;
use super::job_error::JobError;
use super::joined_captions::join_captions;
use super::joined_filters::{joined_filters, joined_rate, joined_seconds};
use super::parts::{Part, find_parts};
use super::settings::{JobSettings, Output, OutputGroupSettings};
use super::sound_segments::match_segments;
use crate::ffmpeg;

/// Runs ffmpeg on the inputs of a job. The outputs of group `n` are written to folder `n` in `work`.
///
/// Calls `on_progress` with the share that is done, from 0 to 1.
pub(super) async fn transcode(
    settings: &JobSettings,
    inputs: &[JobInput<'_>],
    work: &Path,
    on_progress: impl Fn(f64),
) -> Result<(), JobError> {
    let internal = |error: std::io::Error| JobError::new(1999, error.to_string());
    let parts = find_parts(settings, inputs).await?;
    let seconds = parts.iter().map(Part::seconds).sum::<Option<f64>>();
    for at in 0..settings.output_groups.len() {
        tokio::fs::create_dir_all(work.join(at.to_string())).await.map_err(internal)?;
    }
    let outputs: Vec<_> = settings.output_groups.iter().flat_map(|it| &it.outputs).collect();
    let captions = find_captions(settings, &parts, &outputs)?;
    let delay = if let [part] = &*parts { part.delay() } else { 0.0 };
    let words = write_words(&outputs, &captions, to_time(delay), work).map_err(internal)?;
    let arguments = ffmpeg_arguments(settings, &parts, &words, work)?;
    let mut ffmpeg = ffmpeg::command("ffmpeg")
        .args(["-hide_banner", "-nostats", "-loglevel", "error", "-progress", "pipe:1", "-y"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(internal)?;
    let (stdout, stderr) = (ffmpeg.stdout.take(), ffmpeg.stderr.take());
    let messages = async {
        let mut text = Vec::new();
        if let Some(stderr) = stderr {
            // For a damaged file, ffmpeg may write a message for every frame.
            let _ = stderr.take(1 << 20).read_to_end(&mut text).await;
        }
        String::from_utf8_lossy(&text).into_owned()
    };
    let progress = async {
        let Some(stdout) = stdout else { return };
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            let time = line.strip_prefix("out_time_us=").and_then(|time| time.parse::<f64>().ok());
            if let (Some(time), Some(seconds)) = (time, seconds) {
                on_progress((time / 1e6 / seconds).clamp(0.0, 1.0));
            }
        }
    };
    let (status, messages, ()) = tokio::join!(ffmpeg.wait(), messages, progress);
    if status.map_err(internal)?.success() {
        match_segments(settings, work).map_err(internal)?;
        return write_captions(settings, &captions, work).map_err(internal);
    }
    let is_reason = |line: &&str| {
        !line.trim().is_empty() && !line.trim_start().starts_with("Last message repeated")
    };
    let reason = messages.lines().rev().find(is_reason);
    Err(JobError::new(1030, reason.unwrap_or("ffmpeg failed without a message")))
}

/// The captions of the outputs, by the name of their selector.
fn find_captions<'a>(
    settings: &'a JobSettings,
    parts: &[Part<'_>],
    outputs: &[&Output],
) -> Result<OutputCaptions<'a>, JobError> {
    let lengths: Vec<f64> = match parts {
        [part] => {
            let end = part.last_second();
            vec![end.map_or(f64::from(u32::MAX), |end| end - part.first_second())]
        }
        parts => {
            let rate = joined_rate(parts, outputs)?;
            parts.iter().map(|part| joined_seconds(part, rate)).collect()
        }
    };
    let names = settings.selectors_of_words().into_iter();
    Ok(names.map(|name| (name, join_captions(parts, &lengths, name))).collect())
}

fn ffmpeg_arguments(
    settings: &JobSettings,
    parts: &[Part<'_>],
    words: &BurnInFilters,
    work: &Path,
) -> Result<Vec<OsString>, JobError> {
    let mut arguments: Vec<OsString> = Vec::new();
    for Part { input, .. } in parts {
        let rotate = input.settings.video_selector.as_ref().map(|it| it.rotate);
        if rotate.unwrap_or_default() == Rotate::Not {
            arguments.push("-noautorotate".into());
        }
        arguments.extend(["-i", &*input.url].map(OsString::from));
    }
    let outputs: Vec<_> = settings.output_groups.iter().flat_map(|it| &it.outputs).collect();
    let filters = match parts {
        [part] => vec![part_filter(part, &outputs, words)?],
        parts => joined_filters(parts, &outputs, words)?,
    };
    for filter in filters {
        arguments.extend(["-filter_complex".into(), filter.into()]);
    }

    let mut first = 0;
    for (at, group) in settings.output_groups.iter().enumerate() {
        let folder = work.join(at.to_string());
        arguments.extend(match &group.output_group_settings {
            OutputGroupSettings::Hls { hls_group_settings } => {
                hls_arguments(hls_group_settings, &group.outputs, first, &folder)
            }
            OutputGroupSettings::File { file_group_settings } => {
                file_arguments(&file_group_settings.destination, &group.outputs, first, &folder)
            }
        });
        first += group.outputs.len();
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::captions::Captions;
    use super::super::clipping::FrameRange;
    use super::super::sample_job::{sample_input, sample_job};
    use super::*;

    /// The properties of an input with a frame rate. The sound follows the picture if there is one.
    fn properties(rate: &str, has_sound: bool) -> Value {
        let video = json!({
            "index": 0,
            "codec_type": "video",
            "codec_name": "h264",
            "avg_frame_rate": rate,
        });
        let audio =
            json!({ "index": 1, "codec_type": "audio", "codec_name": "aac", "channels": 2 });
        let streams = if has_sound { vec![video, audio] } else { vec![video] };
        json!({ "format": { "format_name": "mpegts" }, "streams": streams })
    }

    /// The properties of an input, and the frames and the sound that a job reads of it.
    type Sample = (Value, Option<FrameRange>, Option<(f64, f64)>);

    fn arguments(inputs: &[Sample]) -> Result<Vec<String>, JobError> {
        let settings = sample_job(&vec![sample_input(); inputs.len()]);
        let opened = inputs.iter().zip(&settings.inputs).enumerate();
        let opened = opened.map(|(at, ((properties, ..), settings))| JobInput {
            settings,
            url: format!("{at}.ts"),
            probed: serde_json::from_value(properties.clone()).unwrap(),
            captions: Captions::new(),
        });
        let opened: Vec<_> = opened.collect();
        let parts = opened.iter().zip(inputs).map(|(input, (_, frames, sound))| Part {
            input,
            video: input.probed.videos().next().unwrap(),
            frames: *frames,
            sound: *sound,
        });
        let (parts, words) = (parts.collect::<Vec<_>>(), BurnInFilters::new());
        let found = ffmpeg_arguments(&settings, &parts, &words, Path::new("/work"))?;
        Ok(found.into_iter().map(|it| it.into_string().unwrap()).collect())
    }

    #[test]
    fn one_input_is_scaled_to_the_size_of_the_output() {
        let frames = Some(FrameRange { first: 25, end: 100 });
        let found = arguments(&[(properties("25/1", true), frames, Some((1.0, 4.0)))]).unwrap();
        assert_eq!(found[..4], ["-noautorotate", "-i", "0.ts", "-filter_complex"]);
        let filters = [
            "[0:0]trim=start_frame=25:end_frame=100,setpts=PTS-STARTPTS,fps=25/1,trim=end_frame=75,\
             format=yuv420p,split=2[s0][s1]",
            "[s0]scale=640:360,setsar=1/1[v0]",
            "[s1]select='gte(t-start_t,selected_n*2)',crop=180:180:70:0:exact=1,\
             scale=320:320:out_color_matrix=bt601,setsar=1[v1]",
            "[0:1]aformat=channel_layouts=stereo,aresample=async=1:first_pts=0,apad,\
             atrim=start=1:end=4,asetpts=PTS-STARTPTS[a0]",
        ];
        assert_eq!(found[4].split(';').collect::<Vec<_>>(), filters);

        let found = arguments(&[(properties("25/1", true), None, None)]).unwrap();
        let filters: Vec<_> = found[4].split(';').collect();
        assert_eq!(filters[0], "[0:0]fps=25/1,format=yuv420p,split=2[s0][s1]");
        assert_eq!(filters[3], "[0:1]aformat=channel_layouts=stereo[a0]");
    }

    #[test]
    fn several_inputs_are_fitted_and_joined_at_the_frame_rate_of_the_first() {
        let frames = Some(FrameRange { first: 30, end: 60 });
        let found = arguments(&[
            (properties("25/1", true), None, Some((0.5, 2.5))),
            (properties("30/1", true), frames, Some((1.0, 2.0))),
        ]);
        let found = found.unwrap();
        let inputs = ["-noautorotate", "-i", "0.ts", "-noautorotate", "-i", "1.ts"];
        assert_eq!(found[..6], inputs);
        let filters = found[6..12].chunks(2).map(|it| {
            assert_eq!(it[0], "-filter_complex");
            it[1].split(';').collect::<Vec<_>>()
        });
        let filters: Vec<_> = filters.collect();
        let first = "[0:0]setpts=PTS-STARTPTS,fps=25/1,tpad=stop_mode=clone:stop=-1,\
                     trim=end_frame=50,format=yuv420p,";
        let second = "[1:0]trim=start_frame=30:end_frame=60,setpts=PTS-STARTPTS,fps=25/1,\
                      tpad=stop_mode=clone:stop=-1,trim=end_frame=25,format=yuv420p,";
        let joined = "[p0][p1]concat=n=2:v=1:a=0,settb=1/25,setpts=N,";
        let fit = "scale=w='2*round(min(640,360*dar/(1/1))/2)':h='2*round(min(360,640*(1/1)/dar)/2)',\
                   pad=640:360:(ow-iw)/2:(oh-ih)/2,setsar=1/1";
        let film = [
            format!("{first}{fit}[p0]"),
            format!("{second}{fit}[p1]"),
            format!("{joined}fps=25/1[v0]"),
        ];
        assert_eq!(filters[0], film);
        let sound = "aformat=channel_layouts=stereo,aresample=48000:async=1:first_pts=0,apad";
        let sounds = [
            format!("[0:1]{sound},atrim=start=0.5:end=2.5,asetpts=PTS-STARTPTS[p0]"),
            format!("[1:1]{sound},atrim=start=1:end=2,asetpts=PTS-STARTPTS[p1]"),
            "[p0][p1]concat=n=2:v=0:a=1[a0]".to_owned(),
        ];
        assert_eq!(filters[1], sounds);
        let fit = "crop=180:180:70:0:exact=1,\
                   scale=w='2*round(min(320,320*dar/(1))/2)':h='2*round(min(320,320*(1)/dar)/2)'\
                   :out_color_matrix=bt601,pad=320:320:(ow-iw)/2:(oh-ih)/2,setsar=1";
        let pictures = [
            format!("{first}{fit}[p0]"),
            format!("{second}{fit}[p1]"),
            format!("{joined}fps=25/1,select='gte(t-start_t,selected_n*2)'[v1]"),
        ];
        assert_eq!(filters[2], pictures);
    }

    #[test]
    fn the_filters_of_150_inputs_fit_into_arguments() {
        let input =
            (properties("30000/1001", true), None, Some((0.123_456_789, 9_876.123_456_789)));
        let found = arguments(&vec![input; 150]).unwrap();
        let longest = found.iter().map(String::len).max();
        assert!(longest < Some(128 << 10), "{longest:?}");
    }

    #[test]
    fn an_input_without_the_selected_sound_is_named() {
        let input = |has_sound: bool| (properties("25/1", has_sound), None, Some((0.0, 1.0)));
        let error = arguments(&[input(true), input(false)]).unwrap_err();
        assert_eq!((error.code, &*error.message), (1040, "input 2: audio track 1 not found"));
        let error = arguments(&[input(false)]).unwrap_err();
        assert_eq!((error.code, &*error.message), (1040, "audio track 1 not found"));
    }
}

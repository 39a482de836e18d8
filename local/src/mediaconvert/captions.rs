//! The captions of a job's inputs as cues, counted from the first frame of the video.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::caption_files::{parse_captions, to_plain};
use super::caption_settings::{CaptionSource, CaptionSourceType, FileSource};
use super::files::parse_s3_url;
use super::input_settings;
use crate::ffmpeg::{self, filter_path};
use crate::webvtt::{Cue, Webvtt};

/// Cues by the name of their selector.
pub(super) type Captions = BTreeMap<String, Vec<Cue>>;

/// Reads the captions of an input whose words the outputs need, except those of HLS renditions. `url` is
/// where ffmpeg finds the video.
pub(super) async fn read_captions(
    s3: &aws_sdk_s3::Client,
    input: &input_settings::Input,
    needed: &BTreeSet<&str>,
    url: &str,
) -> Result<Captions, String> {
    let mut captions = Captions::new();
    for (name, selector) in &input.caption_selectors {
        if !needed.contains(name.as_str()) {
            continue;
        }
        let CaptionSource { source_type, file_source_settings, embedded_source_settings, .. } =
            &selector.source_settings;
        if *source_type == CaptionSourceType::Embedded {
            let channel = embedded_source_settings.as_ref().and_then(|it| it.channel);
            captions.insert(name.clone(), extract_captions(url, channel).await?);
        } else if let Some(FileSource { source_file }) = file_source_settings {
            let body = read_file(s3, source_file).await?;
            let cues = parse_captions(&body, *source_type);
            let cues = cues.map_err(|reason| format!("the caption file {source_file} {reason}"))?;
            captions.insert(name.clone(), cues);
        }
    }
    Ok(captions)
}

async fn read_file(s3: &aws_sdk_s3::Client, url: &str) -> Result<Vec<u8>, String> {
    let unreadable = || format!("could not read the caption file {url}");
    let (bucket, key) = parse_s3_url(url).ok_or_else(unreadable)?;
    let object = s3.get_object().bucket(bucket).key(key).send().await.map_err(|_| unreadable())?;
    let body = object.body.collect().await.map_err(|_| unreadable())?;
    Ok(body.to_vec())
}

/// Extracts the words of CEA-608. A video without them has no cues.
async fn extract_captions(url: &str, channel: Option<u8>) -> Result<Vec<Cue>, String> {
    // ffmpeg decodes the first channel of a field: CC1 of the first field, CC3 of the second.
    let field = if channel == Some(3) { "second" } else { "first" };
    let graph = format!("movie=filename={}[out+subcc]", filter_path(url));
    let output = ffmpeg::command("ffmpeg")
        .args(["-loglevel", "error", "-data_field", field, "-f", "lavfi", "-i", &graph])
        .args(["-map", "0:s", "-f", "webvtt", "-"])
        .output()
        .await
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        return Err(format!("could not extract the captions: {}", messages.trim()));
    }
    let webvtt = Webvtt::parse(&String::from_utf8_lossy(&output.stdout));
    let trim = |cue: Cue| {
        let lines: Vec<_> = cue.text.lines().map(str::trim).collect();
        Cue { text: lines.join("\n").trim().to_owned(), ..cue }
    };
    Ok(to_plain(webvtt.cues).into_iter().map(trim).collect())
}

pub(super) fn to_time(seconds: f64) -> TimeDelta {
    #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
    let microseconds = (seconds * 1e6).round() as i64;
    TimeDelta::microseconds(microseconds)
}

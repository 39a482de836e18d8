//! The operation Probe: reads the properties of a file with ffprobe, and names them as MediaConvert
//! does.
//! <https://docs.aws.amazon.com/mediaconvert/latest/apireference/probe.html>

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ffmpeg::{self, FfmpegError};

/// The output of ffprobe for a file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Probed {
    format: Format,
    #[serde(default)]
    streams: Vec<Stream>,
}

#[derive(Clone, Debug, Deserialize)]
struct Format {
    #[serde(rename = "format_name")]
    name: String,
    #[serde(default)]
    duration: Option<String>,
    #[serde(default)]
    bit_rate: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Stream {
    pub(super) index: usize,
    codec_type: String,
    #[serde(default)]
    codec_name: String,
    #[serde(default)]
    duration: Option<String>,
    #[serde(default)]
    width: i64,
    #[serde(default)]
    height: i64,
    #[serde(default)]
    sample_aspect_ratio: Option<String>,
    #[serde(default)]
    avg_frame_rate: Option<String>,
    #[serde(default)]
    r_frame_rate: Option<String>,
    #[serde(default)]
    bits_per_raw_sample: Option<String>,
    #[serde(default)]
    pub(super) color_transfer: Option<String>,
    #[serde(default)]
    pub(super) channels: Option<u32>,
    #[serde(default)]
    sample_rate: Option<String>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

#[derive(Clone, Debug, Deserialize)]
struct SideData {
    #[serde(default)]
    rotation: Option<f64>,
}

/// Runs ffprobe on the file at a URL.
pub(super) async fn probe(url: &str) -> Result<Probed, FfmpegError> {
    let output = ffmpeg::command("ffprobe")
        .args(["-loglevel", "error", "-show_format", "-show_streams", "-of", "json", "-i", url])
        .output()
        .await
        .map_err(|source| FfmpegError::Run { program: "ffprobe", source })?;
    let messages = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(FfmpegError::Failed(messages.lines().last().unwrap_or_default().to_owned()));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|_| FfmpegError::Failed("the format of the file is unknown".to_owned()))
}

impl Probed {
    /// The video streams, without cover art.
    pub(super) fn videos(&self) -> impl Iterator<Item = &Stream> {
        let is_video = |it: &&Stream| it.codec_type == "video" && it.disposition.attached_pic == 0;
        self.streams.iter().filter(is_video)
    }

    pub(super) fn audios(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(|stream| stream.codec_type == "audio")
    }

    pub(super) fn seconds(&self) -> Option<f64> {
        let stream_seconds = self.videos().find_map(|it| parse_number(it.duration.as_ref()));
        parse_number(self.format.duration.as_ref()).or(stream_seconds)
    }

    /// The result as Probe returns it. `None` if MediaConvert does not read the format.
    pub(super) fn result(&self, size: i64) -> Option<Value> {
        let tracks = self.videos().map(Stream::video).chain(self.audios().map(Stream::audio));
        let mut container = json!({
            "format": container_name(&self.format.name)?,
            "tracks": tracks.collect::<Vec<_>>(),
        });
        if let Some(seconds) = self.seconds() {
            container["duration"] = json!(seconds);
        }
        if let Some(rate) = parse_number::<i64>(self.format.bit_rate.as_ref()) {
            container["bitRate"] = json!(rate);
        }
        let indexes = |streams: Vec<&Stream>| -> Vec<usize> {
            streams.into_iter().map(|stream| stream.index).collect()
        };
        Some(json!({
            "container": container,
            "metadata": { "fileSize": size },
            "trackMappings": [{
                "videoTrackIndexes": indexes(self.videos().collect()),
                "audioTrackIndexes": indexes(self.audios().collect()),
                "dataTrackIndexes": [],
            }],
        }))
    }
}

impl Stream {
    /// The frame rate in frames per second, as a fraction. If the rate varies, the average.
    pub(super) fn frame_rate(&self) -> Option<(u32, u32)> {
        [&self.avg_frame_rate, &self.r_frame_rate].into_iter().find_map(|text| {
            let (numerator, denominator) = parse_ratio(text.as_ref(), '/')?;
            (numerator > 0 && denominator > 0).then_some((numerator, denominator))
        })
    }

    fn video(&self) -> Value {
        let mut properties = json!({ "width": self.width, "height": self.height });
        if let Some((numerator, denominator)) = self.frame_rate() {
            properties["frameRate"] = json!({ "numerator": numerator, "denominator": denominator });
        }
        if let Some((numerator, denominator)) = parse_ratio(self.sample_aspect_ratio.as_ref(), ':')
        {
            properties["sampleAspectRatio"] =
                json!({ "numerator": numerator, "denominator": denominator });
        }
        if let Some(bits) = parse_number::<i64>(self.bits_per_raw_sample.as_ref()) {
            properties["bitDepth"] = json!(bits);
        }
        #[expect(clippy::cast_possible_truncation, reason = "degrees")]
        if let Some(degrees) = self.side_data_list.iter().find_map(|data| data.rotation) {
            properties["rotation"] = json!((degrees as i64).rem_euclid(360));
        }
        let transfer = match self.color_transfer.as_deref() {
            Some("smpte2084") => Some("SMPTE_2084"),
            Some("arib-std-b67") => Some("ARIB_B67"),
            Some("bt709") => Some("ITU_709"),
            _ => None,
        };
        if let Some(transfer) = transfer {
            properties["transferCharacteristics"] = json!(transfer);
        }
        self.track("video", "videoProperties", &properties)
    }

    fn audio(&self) -> Value {
        let mut properties = json!({ "channels": self.channels });
        if let Some(rate) = parse_number::<i64>(self.sample_rate.as_ref()) {
            properties["sampleRate"] = json!(rate);
        }
        self.track("audio", "audioProperties", &properties)
    }

    fn track(&self, kind: &str, name: &str, properties: &Value) -> Value {
        let mut track = json!({
            "index": self.index,
            "trackType": kind,
            "codec": codec(&self.codec_name),
            name: properties,
        });
        if let Some(seconds) = parse_number::<f64>(self.duration.as_ref()) {
            track["duration"] = json!(seconds);
        }
        track
    }
}

fn parse_number<T: std::str::FromStr>(text: Option<&String>) -> Option<T> {
    text?.parse().ok()
}

fn parse_ratio(text: Option<&String>, separator: char) -> Option<(u32, u32)> {
    let (numerator, denominator) = text?.split_once(separator)?;
    Some((numerator.parse().ok()?, denominator.parse().ok()?))
}

/// The containers that MediaConvert reads, by the names that Probe uses.
fn container_name(names: &str) -> Option<&'static str> {
    Some(match names {
        "mov,mp4,m4a,3gp,3g2,mj2" => "mp4",
        "matroska,webm" => "matroska",
        "mxf" => "mxf",
        "wav" => "wave",
        "avi" => "avi",
        "mpegts" => "mpegts",
        "mpeg" => "mpegps",
        "mp3" => "mp3",
        "flac" => "flac",
        "asf" => "asf",
        "ogg" => "ogg",
        "aac" => "aac",
        "ac3" => "ac3",
        "eac3" => "eac3",
        _ => return None,
    })
}

/// The codecs that MediaConvert reads, by the names that Probe uses.
fn codec(name: &str) -> &'static str {
    match name {
        "aac" => "AAC",
        "ac3" => "AC3",
        "eac3" => "EAC3",
        "flac" => "FLAC",
        "mp2" => "MP2",
        "mp3" => "MP3",
        "opus" => "OPUS",
        "vorbis" => "VORBIS",
        "av1" => "AV1",
        "h264" => "AVC",
        "dvvideo" => "DV",
        "h263" => "H263",
        "hevc" => "HEVC",
        "jpeg2000" => "JPEG2000",
        "mjpeg" => "MJPEG",
        "mpeg1video" => "MPEG1",
        "mpeg2video" => "MPEG2",
        "mpeg4" => "MP4V",
        "prores" => "PRORES",
        "qtrle" => "QTRLE",
        "rawvideo" => "UNCOMPRESSED",
        "theora" => "THEORA",
        "vc1" => "VC1",
        "dnxhd" => "VC3",
        "vp8" => "VP8",
        "vp9" => "VP9",
        name if name.starts_with("pcm_") => "PCM",
        _ => "UNKNOWN",
    }
}

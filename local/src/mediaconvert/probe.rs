//! The operation Probe: reads the properties of a file with ffprobe, and names them as MediaConvert
//! does.
//! <https://docs.aws.amazon.com/mediaconvert/latest/apireference/probe.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::probe_names::{codec, color_name, container_name};
use crate::ffmpeg::{self, FfmpegError};

/// The output of ffprobe for a file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Probed {
    format: Format,
    #[serde(default)]
    streams: Vec<Stream>,
    /// The programs of a transport stream.
    #[serde(default)]
    programs: Vec<Program>,
    /// The first packets that have side data.
    #[serde(default)]
    packets: Vec<Packet>,
}

#[derive(Clone, Debug, Deserialize)]
struct Packet {
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Clone, Debug, Deserialize)]
struct Program {
    #[serde(default)]
    streams: Vec<ProgramStream>,
}

#[derive(Clone, Debug, Deserialize)]
struct ProgramStream {
    index: usize,
}

#[derive(Clone, Debug, Deserialize)]
struct Format {
    #[serde(rename = "format_name")]
    name: String,
    #[serde(default)]
    duration: Option<String>,
    #[serde(default)]
    start_time: Option<String>,
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
    codec_tag_string: String,
    #[serde(default)]
    start_time: Option<String>,
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
    pix_fmt: Option<String>,
    #[serde(default)]
    pub(super) color_transfer: Option<String>,
    #[serde(default)]
    pub(super) color_primaries: Option<String>,
    /// The coefficients of the color matrix.
    #[serde(default)]
    pub(super) color_space: Option<String>,
    #[serde(default)]
    pub(super) channels: Option<u32>,
    #[serde(default)]
    channel_layout: Option<String>,
    #[serde(default)]
    tags: Tags,
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

#[derive(Clone, Debug, Default, Deserialize)]
struct Tags {
    #[serde(default)]
    language: Option<String>,
    /// The duration of a Matroska track, as `00:00:05.000000000`.
    #[serde(default, rename = "DURATION")]
    duration: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct SideData {
    #[serde(default, rename = "side_data_type")]
    kind: Option<String>,
    #[serde(default)]
    rotation: Option<f64>,
}

/// Runs ffprobe on the file at a URL.
pub(super) async fn probe(url: &str) -> Result<Probed, FfmpegError> {
    let output = ffmpeg::command("ffprobe")
        .args(["-loglevel", "error", "-show_format", "-show_streams", "-show_programs"])
        .args(["-show_entries", "packet_side_data=side_data_type", "-read_intervals", "%+#32"])
        .args(["-of", "json", "-i", url])
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
    /// Whether the packets are encrypted, by Common Encryption of MP4. The properties of the streams
    /// do not show it.
    pub(super) fn is_encrypted(&self) -> bool {
        let encrypted = |it: &SideData| it.kind.as_deref() == Some("Encryption info");
        self.packets.iter().flat_map(|packet| &packet.side_data_list).any(encrypted)
    }

    /// The video streams, without cover art.
    pub(super) fn videos(&self) -> impl Iterator<Item = &Stream> {
        let is_video = |it: &&Stream| it.codec_type == "video" && it.disposition.attached_pic == 0;
        self.streams.iter().filter(is_video)
    }

    pub(super) fn audios(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(|stream| stream.is_audio())
    }

    pub(super) fn seconds(&self) -> Option<f64> {
        let stream_seconds = self.videos().find_map(|it| parse_number(it.duration.as_ref()));
        parse_number(self.format.duration.as_ref()).or(stream_seconds)
    }

    /// When the video begins, in seconds from the begin of the file.
    pub(super) fn video_start(&self) -> f64 {
        let start = |text: Option<&String>| parse_number::<f64>(text).unwrap_or_default();
        let video = self.videos().next().and_then(|it| it.start_time.as_ref());
        video.map_or(0.0, |video| start(Some(video)) - start(self.format.start_time.as_ref()))
    }

    /// Finds the stream with a number among all streams, counted from 1.
    pub(super) fn stream(&self, number: usize) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.number() == number)
    }

    /// The result as Probe returns it. If MediaConvert does not know the format, it is blank.
    pub(super) fn result(&self, size: i64) -> Value {
        let Some(format) = container_name(&self.format.name) else {
            return json!({ "container": { "tracks": [] }, "metadata": { "fileSize": size } });
        };
        let is_stream = format.starts_with("mpeg");
        let videos = self.videos().map(|stream| stream.video(is_stream));
        let tracks = videos.chain(self.audios().map(Stream::audio));
        let mut container = json!({ "format": format, "tracks": tracks.collect::<Vec<_>>() });
        if let Some(seconds) = self.seconds() {
            container["duration"] = json!(seconds);
        }
        if let Some(rate) = parse_number::<i64>(self.format.bit_rate.as_ref()) {
            container["bitRate"] = json!(rate);
        }
        json!({
            "container": container,
            "metadata": { "fileSize": size },
            "trackMappings": self.track_mappings(),
        })
    }

    /// The tracks of each program. A file without programs is one program.
    fn track_mappings(&self) -> Vec<Value> {
        let mapping = |belongs: &dyn Fn(&Stream) -> bool| {
            let videos = self.videos().filter(|it| belongs(it)).map(Stream::number);
            let audios = self.audios().filter(|it| belongs(it)).map(Stream::number);
            json!({
                "videoTrackIndexes": videos.collect::<Vec<_>>(),
                "audioTrackIndexes": audios.collect::<Vec<_>>(),
                "dataTrackIndexes": [],
            })
        };
        if self.programs.is_empty() {
            return vec![mapping(&|_| true)];
        }
        let programs = self.programs.iter().map(|program| {
            mapping(&|stream| program.streams.iter().any(|it| it.index == stream.index))
        });
        programs.collect()
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

    pub(super) fn is_audio(&self) -> bool {
        self.codec_type == "audio"
    }

    /// The number among all streams, counted from 1.
    fn number(&self) -> usize {
        self.index + 1
    }

    /// Why MediaConvert cannot decode the stream. `None` if it can.
    pub(super) fn find_decoding_fault(&self) -> Option<String> {
        let (kind, number) = (&self.codec_type, self.number());
        let is_encrypted = ["encv", "enca", "drmi", "drms"].contains(&&*self.codec_tag_string);
        if is_encrypted {
            return Some(format!("the {kind} of stream {number} is encrypted"));
        }
        let is_unknown = codec(&self.codec_name) == "UNKNOWN";
        is_unknown.then(|| format!("the {kind} codec of stream {number} is not supported"))
    }

    /// Whether the stream has red, green and blue instead of brightness and color.
    pub(super) fn is_rgb(&self) -> bool {
        let format = self.pix_fmt.as_deref().unwrap_or_default();
        let is_packed = ["rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8"];
        is_packed.iter().any(|name| format.starts_with(name))
    }

    fn video(&self, is_stream: bool) -> Value {
        let mut properties = json!({ "width": self.width, "height": self.height });
        if let Some((numerator, denominator)) = self.frame_rate() {
            properties["frameRate"] = json!({ "numerator": numerator, "denominator": denominator });
        }
        if let Some(bits) = parse_number::<i64>(self.bits_per_raw_sample.as_ref()) {
            properties["bitDepth"] = json!(bits);
        }
        #[expect(clippy::cast_possible_truncation, reason = "degrees")]
        if let Some(degrees) = self.side_data_list.iter().find_map(|data| data.rotation) {
            properties["rotation"] = json!((degrees as i64).rem_euclid(360));
        }
        // The container of a stream states neither colors nor the shape of pixels.
        let stated = self.colors_and_shape();
        if is_stream {
            properties["codecMetadata"] = stated;
        } else if let (Some(properties), Value::Object(stated)) =
            (properties.as_object_mut(), stated)
        {
            properties.extend(stated);
        }
        self.track("video", "videoProperties", &properties)
    }

    fn colors_and_shape(&self) -> Value {
        let mut properties = json!({});
        if let Some((numerator, denominator)) = parse_ratio(self.sample_aspect_ratio.as_ref(), ':')
        {
            properties["sampleAspectRatio"] =
                json!({ "numerator": numerator, "denominator": denominator });
        }
        if let Some(primaries) = self.color_primaries.as_deref().and_then(color_name) {
            properties["colorPrimaries"] = json!(primaries);
        }
        if let Some(transfer) = self.color_transfer.as_deref().and_then(color_name) {
            properties["transferCharacteristics"] = json!(transfer);
        }
        let matrix = if self.is_rgb() { Some("gbr") } else { self.color_space.as_deref() };
        let matrix = match matrix {
            Some("bt2020nc") => Some("ITU_2020_NCL"),
            Some("bt2020c") => Some("ITU_2020_CL"),
            Some("gbr") => Some("RGB"),
            Some("fcc") => Some("FCC"),
            Some("ycgco") => Some("YCgCo"),
            other => other.and_then(color_name),
        };
        if let Some(matrix) = matrix {
            properties["matrixCoefficients"] = json!(matrix);
        }
        properties
    }

    fn audio(&self) -> Value {
        let mut properties = json!({ "channels": self.channels });
        if let Some(layout) = &self.channel_layout {
            properties["channelLayout"] = json!(layout);
        }
        if let Some(language) = &self.tags.language {
            properties["languageCode"] = json!(language);
        }
        if let Some(rate) = parse_number::<i64>(self.sample_rate.as_ref()) {
            properties["sampleRate"] = json!(rate);
        }
        self.track("audio", "audioProperties", &properties)
    }

    fn track(&self, kind: &str, name: &str, properties: &Value) -> Value {
        let mut track = json!({
            "index": self.number(),
            "trackType": kind,
            "codec": codec(&self.codec_name),
            name: properties,
        });
        let tagged = || parse_clock(self.tags.duration.as_ref()?);
        if let Some(seconds) = parse_number::<f64>(self.duration.as_ref()).or_else(tagged) {
            track["duration"] = json!(seconds);
        }
        track
    }
}

/// Parses `00:00:05.040000000` to seconds.
fn parse_clock(text: &str) -> Option<f64> {
    let mut parts = text.split(':').map(|part| part.parse::<f64>().ok());
    Some(3600.0 * parts.next()?? + 60.0 * parts.next()?? + parts.next()??)
}

fn parse_number<T: std::str::FromStr>(text: Option<&String>) -> Option<T> {
    text?.parse().ok()
}

fn parse_ratio(text: Option<&String>, separator: char) -> Option<(u32, u32)> {
    let (numerator, denominator) = text?.split_once(separator)?;
    Some((numerator.parse().ok()?, denominator.parse().ok()?))
}

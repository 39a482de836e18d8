//! The encoder: ffmpeg encodes a source in every rendition and pushes it as HLS.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::str::FromStr;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use tokio::process::{Child, Command};

use crate::ffmpeg::{self, FfmpegError};
use crate::ladder::{FrameRate, Ladder, Rendition};
use crate::mediapackage::{CaptionSource, Streams};

/// What is on air.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A moving test picture with a burnt-in UTC clock and frame counter, and a tone for each sound.
    TestPicture,
    /// The test picture of an earlier time, encoded as fast as the machine can. Then the stream ends.
    Recorded { begin: DateTime<Utc>, length: TimeDelta },
    /// A recording of a black picture and silence, for tests with thousands of clips. Its segments
    /// have about 15 kB.
    RecordedBlack { begin: DateTime<Utc>, length: TimeDelta },
    /// A media file, looped.
    File(PathBuf),
    /// An address to which an encoder pushes by RTMP or SRT.
    Listener(String),
}

/// The time of the first frame of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstFrame {
    At(DateTime<Utc>),
    /// The time at which the first segment arrives, less its duration.
    WithFirstSegment,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("rtmp://") || text.starts_with("srt://") {
            return Ok(Self::Listener(text.to_owned()));
        }
        let file = PathBuf::from(text);
        if file.is_file() {
            return Ok(Self::File(file));
        }
        Err(format!("{text} is neither a file nor an address that begins with rtmp:// or srt://"))
    }
}

impl Source {
    /// The time of the first frame of a run that starts `now`.
    ///
    /// The test picture begins on a whole second, because its burnt-in clock counts from there.
    pub(super) fn first_frame(&self, now: DateTime<Utc>) -> FirstFrame {
        match self {
            Self::TestPicture => {
                FirstFrame::At(now.duration_trunc(TimeDelta::seconds(1)).unwrap_or(now))
            }
            Self::Recorded { begin, .. } | Self::RecordedBlack { begin, .. } => {
                FirstFrame::At(*begin)
            }
            Self::File(_) => FirstFrame::At(now),
            Self::Listener(_) => FirstFrame::WithFirstSegment,
        }
    }

    /// The begin and the length of a recording. `None` if the source is live.
    pub(super) fn recording(&self) -> Option<(DateTime<Utc>, TimeDelta)> {
        match self {
            Self::Recorded { begin, length } | Self::RecordedBlack { begin, length } => {
                Some((*begin, *length))
            }
            _ => None,
        }
    }

    /// Where the words of captions come from. Of a file, the encoder writes them into a folder.
    pub(super) fn captions(&self, folder: PathBuf) -> CaptionSource {
        match self {
            Self::File(_) => CaptionSource::Folder(folder),
            _ => CaptionSource::Clock,
        }
    }

    /// Starts ffmpeg, which pushes to the URL `target`, and writes the captions of a file into a
    /// folder.
    pub(super) async fn encode(
        &self,
        streams: &Streams,
        first_frame: FirstFrame,
        target: &str,
        captions: &Path,
    ) -> Result<Child, FfmpegError> {
        let Streams { ladder, tracks, frame_rate } = streams;
        let mut command = ffmpeg::command("ffmpeg");
        command.args(["-hide_banner", "-nostats", "-loglevel", "error"]);
        let (video, sounds) = self.inputs(streams, &mut command, first_frame).await?;
        command.args(["-filter_complex", &ladder_filter(ladder, &video)]);
        let has_group = !tracks.separate_sounds().is_empty();
        for (rendition, format) in ladder.iter().enumerate() {
            command.args(["-map", &format!("[v{rendition}]")]);
            if !has_group {
                command.args(["-map", &sounds[0]]);
            }
            let rate = format!("{}k", format.kilobits);
            for (option, value) in [("b:v", &rate), ("maxrate:v", &rate), ("bufsize:v", &rate)] {
                command.args([&format!("-{option}:{rendition}"), value]);
            }
            command.args([&format!("-level:v:{rendition}"), &format.level_name(*frame_rate)]);
        }
        if has_group {
            command.args(sounds.iter().flat_map(|sound| ["-map", sound]));
        }
        let sound_count = if has_group { sounds.len() } else { ladder.len() };
        for sound in 0..sound_count {
            if let Some(track) = tracks.sounds.get(if has_group { sound } else { 0 }) {
                let language = format!("language={}", track.language);
                command.args([&format!("-metadata:s:a:{sound}"), &language]);
            }
        }
        let gop = frame_rate.segment_frames();
        command
            .args(["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline"])
            .args(["-pix_fmt", "yuv420p", "-sc_threshold", "0", "-g", &gop.to_string()])
            .args(["-force_key_frames", &format!("expr:not(mod(n,{gop}))")])
            .args(["-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2"]);
        if matches!(self, Self::File(_)) {
            // Fills the gap in the sound where the file begins again.
            command.args(["-af", "aresample=async=1:min_hard_comp=0.01"]);
        }
        if let Some((_, length)) = self.recording() {
            command.args(["-t", &length.num_seconds().to_string()]);
        }
        // Over a persistent connection ffmpeg waits for the answer to a PUT. Without one it closes
        // the connection after the body, and the server may cancel the request.
        command
            .args(["-f", "hls", "-method", "PUT", "-http_persistent", "1", "-hls_list_size", "5"])
            .args(["-hls_time", &frame_rate.segment_length()])
            // Marks a discontinuity, so that players do not expect the packets between two runs.
            .args(["-hls_segment_options", "mpegts_flags=initial_discontinuity"])
            .args(["-var_stream_map", &stream_map(ladder.len(), has_group.then_some(sounds.len()))])
            .args(["-hls_segment_filename", &format!("{target}/%v/%d.ts")])
            .arg(format!("{target}/%v/index.m3u8"));
        if matches!(self, Self::File(_)) {
            for at in 0..tracks.captions.len() {
                command.args(["-map", &format!("0:s:{at}"), "-c:s", "webvtt"]);
                command.args(["-f", "webvtt", "-flush_packets", "1"]);
                command.arg(captions.join(format!("{at}.vtt")));
            }
        }
        command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| FfmpegError::Run { program: "ffmpeg", source })
    }

    /// Adds the inputs to the command, and returns the labels of the video and of each sound.
    async fn inputs(
        &self,
        Streams { ladder, tracks, frame_rate }: &Streams,
        command: &mut Command,
        first_frame: FirstFrame,
    ) -> Result<(String, Vec<String>), FfmpegError> {
        let Rendition { width, height, .. } = ladder[0];
        let count = tracks.sounds.len().max(1);
        let received_sounds = || (0..count).map(|at| format!("0:a:{at}")).collect();
        let silence = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"];
        match self {
            Self::TestPicture | Self::Recorded { .. } => {
                if *self == Self::TestPicture {
                    command.arg("-re");
                }
                let picture = format!("testsrc2=size={width}x{height}:rate={frame_rate}");
                command.args(["-f", "lavfi", "-i", &picture]);
                for at in 1..=count {
                    let tone = format!("sine=frequency={}:sample_rate=48000", 1000 / at);
                    command.args(["-f", "lavfi", "-i", &tone]);
                }
                let begin = match first_frame {
                    FirstFrame::At(begin) => begin,
                    FirstFrame::WithFirstSegment => DateTime::UNIX_EPOCH,
                };
                let sounds = (1..=count).map(|at| format!("{at}:a")).collect();
                Ok((format!("[0:v]{}", burnt_in_time(begin, height, *frame_rate)), sounds))
            }
            Self::RecordedBlack { .. } => {
                let picture = format!("color=black:size={width}x{height}:rate={frame_rate}");
                command.args(["-f", "lavfi", "-i", &picture]).args(silence);
                Ok(("[0:v]null".to_owned(), vec!["1:a".to_owned(); count]))
            }
            Self::File(file) => {
                command.args(["-re", "-stream_loop", "-1", "-i"]).arg(file);
                command.args(silence);
                let has_sound = !ffmpeg::list_tracks(file.as_os_str(), "a").await?.is_empty();
                let sounds = if has_sound { received_sounds() } else { vec!["1:a".to_owned()] };
                Ok((received_picture(*frame_rate), sounds))
            }
            Self::Listener(address) => {
                if address.starts_with("rtmp:") {
                    command.args(["-listen", "1", "-i", address]);
                } else {
                    let separator = if address.contains('?') { '&' } else { '?' };
                    command.args(["-i", &format!("{address}{separator}mode=listener")]);
                }
                Ok((received_picture(*frame_rate), received_sounds()))
            }
        }
    }
}

/// Which streams ffmpeg pushes: renditions with their sound, or renditions and a group of sounds.
fn stream_map(renditions: usize, sounds: Option<usize>) -> String {
    let Some(sounds) = sounds else {
        return (0..renditions).map(|it| format!("v:{it},a:{it}")).collect::<Vec<_>>().join(" ");
    };
    let videos = (0..renditions).map(|it| format!("v:{it},agroup:sounds"));
    let sounds = (0..sounds).map(|it| format!("a:{it},agroup:sounds"));
    videos.chain(sounds).collect::<Vec<_>>().join(" ")
}

/// The filter for a picture that others have made: progressive, with square pixels.
fn received_picture(frame_rate: FrameRate) -> String {
    format!("[0:v:0]yadif=deint=interlaced,fps={frame_rate},scale=trunc(iw*sar/2)*2:ih,setsar=1")
}

/// Scales the video to every rendition, with bars if its aspect ratio differs.
///
/// All renditions declare the display aspect ratio 16:9, because one DASH adaptation set requires the
/// same ratio. 854×480 in square pixels would be slightly wider.
fn ladder_filter(ladder: &Ladder, video: &str) -> String {
    let labels: String = (0..ladder.len()).map(|rendition| format!("[s{rendition}]")).collect();
    let mut filter = format!("{video},split={}{labels}", ladder.len());
    for (rendition, format) in ladder.iter().enumerate() {
        let (width, height) = (format.width, format.height);
        let _ = write!(
            filter,
            ";[s{rendition}]scale={width}:{height}:force_original_aspect_ratio=decrease:flags=fast_bilinear,\
             pad={width}:{height}:-1:-1,setdar=16/9[v{rendition}]"
        );
    }
    filter
}

/// The number of bits of the frame mark. See [`burnt_in_time`].
const MARK_BITS: u32 = 24;

/// The filter that burns in a UTC clock and a frame counter, for people, and a frame mark, for tests.
///
/// The frame mark is the number of frames since 1970, modulo 2^24. It is drawn as a row of squares,
/// highest bit first: black for 0, white for 1. At a height of 720 the squares are 48 wide and begin
/// at (64, 640).
fn burnt_in_time(begin: DateTime<Utc>, height: u32, frame_rate: FrameRate) -> String {
    let scaled = |lines: u32| lines * height / 720;
    let begin = begin.timestamp();
    let (size, y) = (scaled(48), scaled(640));
    let mut filter = format!(
        "drawtext=text='%{{pts\\:gmtime\\:{begin}\\:%Y-%m-%d %H\\\\\\:%M\\\\\\:%S}} UTC  frame %{{n}}'\
         :x={}:y={}:fontsize={size}:fontcolor=white:box=1:boxcolor=black",
        scaled(64),
        scaled(560),
    );
    let first = frame_rate.frames_until(begin).rem_euclid(1 << MARK_BITS);
    let (left, width) = (scaled(64), size * MARK_BITS);
    let _ = write!(filter, ",drawbox=x={left}:y={y}:w={width}:h={size}:c=black:t=fill");
    for bit in 0..MARK_BITS {
        let x = left + size * (MARK_BITS - 1 - bit);
        let _ = write!(
            filter,
            ",drawbox=x={x}:y={y}:w={size}:h={size}:c=white:t=fill\
             :enable='mod(floor((n+{first})/{})\\,2)'",
            1u32 << bit
        );
    }
    filter
}

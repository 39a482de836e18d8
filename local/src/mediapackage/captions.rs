//! The WebVTT segments of the live stream.

use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use crate::i_frames::first_time;
use crate::tracks::Track;
use crate::webvtt::{Cue, TimestampMap, Webvtt};

/// Of the test picture: a cue begins every 3 s, so that some cues cross the edge of two segments.
const CLOCK_INTERVAL: TimeDelta = TimeDelta::seconds(3);
const CLOCK_CUE: TimeDelta = TimeDelta::milliseconds(2500);

/// Where the words of a run's captions come from.
#[derive(Clone, Debug)]
pub(crate) enum CaptionSource {
    /// The time of day, for the test picture.
    Clock,
    /// WebVTT files that the encoder writes while it runs, one for each of the captions: `0.vtt`,
    /// `1.vtt` and so on. Their times count from the first frame of the run.
    Folder(PathBuf),
}

/// The time of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct SegmentTime {
    pub(super) start: DateTime<Utc>,
    pub(super) duration: TimeDelta,
    /// How long after the first frame of the run the segment begins.
    pub(super) position: TimeDelta,
}

impl CaptionSource {
    /// The segment of captions beside a segment of video. Its cues count from the first frame of the
    /// run, so a cue that crosses the edge of two segments is the same in both.
    pub(super) fn segment(
        &self,
        at: usize,
        track: &Track,
        time: SegmentTime,
        video: &[u8],
    ) -> io::Result<Webvtt> {
        let mpegts = first_time(video).ok_or(io::ErrorKind::InvalidData)?;
        let end = time.position + time.duration;
        let mut cues = match self {
            Self::Clock => clock_cues(track, time),
            Self::Folder(folder) => read_cues(&folder.join(format!("{at}.vtt")))?,
        };
        cues.retain(|cue| cue.start < end && cue.end > time.position);
        Ok(Webvtt { map: TimestampMap { mpegts, local: time.position }, cues })
    }
}

/// Reads the cues that the encoder has written. It writes the file with the first of them.
fn read_cues(file: &Path) -> io::Result<Vec<Cue>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Webvtt::parse(&text).cues),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The cues of the test picture around a segment: the name of the captions and the time.
fn clock_cues(track: &Track, time: SegmentTime) -> Vec<Cue> {
    let mut at = time.start.duration_trunc(CLOCK_INTERVAL).unwrap_or(time.start);
    let mut cues = Vec::new();
    while at < time.start + time.duration {
        let start = at - time.start + time.position;
        let text = format!("{}: {} UTC", track.name, at.format("%H:%M:%S"));
        cues.push(Cue { start: start.max(TimeDelta::zero()), end: start + CLOCK_CUE, text });
        at += CLOCK_INTERVAL;
    }
    cues
}

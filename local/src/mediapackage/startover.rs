//! The startover window: the newest segments of the live stream, on disk.
//!
//! A segment is a folder with one file per stream. The folder's name holds the segment's numbers,
//! start and duration. A segment is published by one rename of its folder, so every stream is
//! there or none, and a restart finds the window as the killed process left it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::{fs, io};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::streams::Streams;
use crate::i_frames::{IFrame, find_i_frames};

/// A segment of the channel, in every stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The number of the segment, counted from the channel's first segment.
    pub(crate) sequence: u64,
    /// The number of the encoder's run. Between two runs, the stream was off air.
    pub(crate) run: u64,
    pub(crate) start: DateTime<Utc>,
    pub(crate) duration: TimeDelta,
    /// The size of each stream in bytes.
    pub(crate) sizes: Vec<u64>,
    /// When the last stream arrived.
    pub(crate) arrived_at: DateTime<Utc>,
    folder: PathBuf,
}

/// Consecutive segments.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    pub(crate) segments: Vec<Segment>,
    /// Whether the end of the requested time span has aired.
    pub(crate) ended: bool,
}

impl Stretch {
    /// Reads the I frames of each segment, from the file of a rendition.
    pub(crate) async fn read_i_frames(&self, file: &str) -> io::Result<Vec<Vec<IFrame>>> {
        let mut frames = Vec::new();
        for segment in &self.segments {
            let media = tokio::fs::read(segment.file(file)).await?;
            frames.push(find_i_frames(&media, segment.duration));
        }
        Ok(frames)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StartoverError {
    #[error("the start is not before the end")]
    Empty,
    #[error("the time span is longer than 24 hours")]
    TooLong,
    #[error("the time span is outside of the startover window")]
    Outside,
}

/// The segments in the startover window of a channel.
#[derive(Debug)]
pub(crate) struct Startover {
    folder: PathBuf,
    window: TimeDelta,
    pub(crate) streams: Streams,
    segments: RwLock<VecDeque<Segment>>,
    /// The sequence number of the newest segment.
    newest: watch::Sender<Option<u64>>,
}

impl Segment {
    pub(crate) fn end(&self) -> DateTime<Utc> {
        self.start + self.duration
    }

    /// The path of a file of the segment. [`Streams::file`] names it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn name(&self) -> String {
        let (start, duration) = (self.start.timestamp_micros(), microseconds(self.duration));
        format!("{:010}_{:06}_{start}_{duration}", self.sequence, self.run)
    }

    fn open(folder: PathBuf, streams: &Streams) -> Option<Self> {
        let name = folder.file_name()?.to_str()?;
        let mut numbers = name.split('_').map(|number| number.parse::<i64>().ok());
        let mut number = || numbers.next().flatten();
        let (sequence, run, start, duration) = (number()?, number()?, number()?, number()?);
        let mut segment = Self {
            sequence: sequence.try_into().ok()?,
            run: run.try_into().ok()?,
            start: DateTime::from_timestamp_micros(start)?,
            duration: TimeDelta::microseconds(duration),
            sizes: Vec::new(),
            arrived_at: DateTime::UNIX_EPOCH,
            folder,
        };
        segment.read_files(streams).ok()?;
        let count = fs::read_dir(&segment.folder).ok()?.count();
        (count == streams.count()).then_some(segment)
    }

    /// Reads the sizes of the streams, and when the last one arrived.
    fn read_files(&mut self, streams: &Streams) -> io::Result<()> {
        let size = |stream| Ok(fs::metadata(self.file(&streams.file(stream)))?.len());
        let sizes: Vec<u64> = (0..streams.count()).map(size).collect::<io::Result<_>>()?;
        self.sizes = sizes;
        // A rename of the folder does not change this time.
        self.arrived_at = fs::metadata(&self.folder)?.modified()?.into();
        Ok(())
    }
}

fn microseconds(duration: TimeDelta) -> i64 {
    duration.num_microseconds().unwrap_or(i64::MAX)
}

impl Startover {
    /// Reads the segments of a folder. Incomplete segments are deleted, and those with other streams.
    pub(crate) fn open(
        folder: impl Into<PathBuf>,
        window: TimeDelta,
        streams: Streams,
    ) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        let mut segments = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            match Segment::open(path.clone(), &streams) {
                Some(segment) => segments.push(segment),
                None => fs::remove_dir_all(path)?,
            }
        }
        segments.sort_by_key(|segment| segment.sequence);
        let newest = segments.last().map(|segment| segment.sequence);
        Ok(Self {
            folder,
            window,
            streams,
            segments: RwLock::new(segments.into()),
            newest: watch::Sender::new(newest),
        })
    }

    /// The number of the encoder's next run.
    pub(crate) fn next_run(&self) -> u64 {
        self.read().back().map_or(0, |segment| segment.run + 1)
    }

    /// The live edge: the end of the newest segment.
    pub(crate) fn live_edge(&self) -> Option<DateTime<Utc>> {
        self.read().back().map(Segment::end)
    }

    /// Changes when a segment is published.
    pub(crate) fn newest(&self) -> watch::Receiver<Option<u64>> {
        self.newest.subscribe()
    }

    /// Waits until the channel has had at least `segments` segments.
    pub(crate) async fn wait_for_segments(&self, segments: u64) {
        // The wait fails only if the sender is dropped, and `self` owns the sender.
        let _ = self.newest().wait_for(|newest| newest.is_some_and(|it| it + 1 >= segments)).await;
    }

    /// Publishes a segment, whose streams are in the folder `files`, and deletes the segments that
    /// are older than the window.
    pub(crate) fn publish(
        &self,
        run: u64,
        start: DateTime<Utc>,
        duration: TimeDelta,
        files: &Path,
    ) -> io::Result<()> {
        let mut segments = self.segments.write().expect("no thread panics while it holds the lock");
        let sequence = segments.back().map_or(0, |segment| segment.sequence + 1);
        let mut segment = Segment {
            sequence,
            run,
            start,
            duration,
            sizes: Vec::new(),
            arrived_at: DateTime::UNIX_EPOCH,
            folder: files.to_owned(),
        };
        segment.read_files(&self.streams)?;
        segment.folder = self.folder.join(segment.name());
        fs::rename(files, &segment.folder)?;
        let oldest = segment.end() - self.window;
        segments.push_back(segment);
        drop(segments);
        self.newest.send_replace(Some(sequence));
        self.delete_before(oldest)
    }

    /// Deletes the segments that are older than the window, as if the stream were on air up to a time.
    pub(super) fn expire(&self, live_edge: DateTime<Utc>) -> io::Result<()> {
        self.delete_before(live_edge - self.window)
    }

    fn delete_before(&self, oldest: DateTime<Utc>) -> io::Result<()> {
        let mut segments = self.segments.write().expect("no thread panics while it holds the lock");
        while segments.front().is_some_and(|segment| segment.end() <= oldest) {
            if let Some(old) = segments.pop_front() {
                fs::remove_dir_all(old.folder)?;
            }
        }
        Ok(())
    }

    /// The stretch of the given length before the live edge.
    pub(crate) fn latest(&self, length: TimeDelta) -> Stretch {
        let segments = self.read();
        let start = segments.back().map(|segment| segment.end() - length);
        let recent = |segment: &&Segment| start.is_some_and(|start| segment.start >= start);
        Stretch { segments: segments.iter().filter(recent).cloned().collect(), ended: false }
    }

    /// The segments of a time span, which is widened to whole segments.
    ///
    /// Without an end, or with an end that has not aired, the stretch is not complete yet.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/time-shifted.html>
    pub(crate) fn stretch(
        &self,
        start: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
    ) -> Result<Stretch, StartoverError> {
        if let Some(end) = end {
            if end <= start {
                return Err(StartoverError::Empty);
            }
            if end - start > TimeDelta::hours(24) {
                return Err(StartoverError::TooLong);
            }
        }
        let segments = self.read();
        let (Some(first), Some(last)) = (segments.front(), segments.back()) else {
            return Err(StartoverError::Outside);
        };
        if start < first.start {
            return Err(StartoverError::Outside);
        }
        let ended = end.is_some_and(|end| end <= last.end());
        let touched =
            |segment: &&Segment| start < segment.end() && end.is_none_or(|end| segment.start < end);
        let segments: Vec<_> = segments.iter().filter(touched).cloned().collect();
        if segments.is_empty() {
            return Err(StartoverError::Outside);
        }
        Ok(Stretch { segments, ended })
    }

    /// A segment by its sequence number.
    pub(crate) fn segment(&self, sequence: u64) -> Option<Segment> {
        let segments = self.read();
        let at = segments.binary_search_by_key(&sequence, |segment| segment.sequence).ok()?;
        segments.get(at).cloned()
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, VecDeque<Segment>> {
        self.segments.read().expect("no thread panics while it holds the lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ladder::LADDER;
    use crate::tracks::Tracks;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_580_736_600 + seconds, 0).unwrap()
    }

    fn publish(startover: &Startover, run: u64, start: i64) {
        let files = startover.folder.parent().unwrap().join("incoming");
        fs::create_dir(&files).unwrap();
        for rendition in 0..LADDER.len() {
            fs::write(files.join(format!("{rendition}.ts")), "media").unwrap();
        }
        startover.publish(run, at(start), TimeDelta::seconds(2), &files).unwrap();
    }

    fn open(folder: &Path, tracks: Tracks) -> Startover {
        let streams = Streams::new(&LADDER, tracks);
        Startover::open(folder.join("live"), TimeDelta::seconds(900), streams).unwrap()
    }

    /// On air from 10 to 20, and from 30 to 40 after a stop.
    fn startover(folder: &Path) -> Startover {
        let startover = open(folder, Tracks::default());
        for start in (10..20).step_by(2) {
            publish(&startover, 0, start);
        }
        for start in (30..40).step_by(2) {
            publish(&startover, 1, start);
        }
        startover
    }

    #[test]
    fn time_spans_are_widened_to_whole_segments_and_must_be_in_the_window() {
        let folder = tempfile::tempdir().unwrap();
        let startover = startover(folder.path());
        let check = |start, end: i64, expected: Result<(i64, i64, bool), StartoverError>| {
            let actual = startover.stretch(at(start), Some(at(end))).map(|stretch| {
                let (first, last) = (&stretch.segments[0], stretch.segments.last().unwrap());
                let seconds = |time: DateTime<Utc>| (time - at(0)).num_seconds();
                (seconds(first.start), seconds(last.end()), stretch.ended)
            });
            assert_eq!(actual, expected, "{start} to {end}");
        };
        check(10, 14, Ok((10, 14, true)));
        check(11, 13, Ok((10, 14, true)));
        check(13, 31, Ok((12, 32, true)));
        check(36, 40, Ok((36, 40, true)));
        check(36, 41, Ok((36, 40, false)));
        check(9, 14, Err(StartoverError::Outside));
        check(22, 28, Err(StartoverError::Outside));
        check(40, 50, Err(StartoverError::Outside));
        check(14, 14, Err(StartoverError::Empty));
        check(10, 86_411, Err(StartoverError::TooLong));
    }

    #[test]
    fn a_restart_keeps_whole_segments_and_continues_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let before = startover(folder.path());
        fs::create_dir(folder.path().join("live/half")).unwrap();
        let after = open(folder.path(), Tracks::default());
        assert_eq!(*after.read(), *before.read());
        assert_eq!(after.next_run(), 2);
        publish(&after, 2, 50);
        assert_eq!(after.segment(10).unwrap().start, at(50));
        assert!(!folder.path().join("live/half").exists());
    }

    #[test]
    fn segments_with_other_streams_are_deleted_at_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        startover(folder.path());
        let captions = vec!["English=eng".parse().unwrap()];
        let after = open(folder.path(), Tracks { captions, ..Tracks::default() });
        assert_eq!(after.live_edge(), None);
    }

    #[test]
    fn segments_older_than_the_window_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let startover = startover(folder.path());
        publish(&startover, 1, 915);
        assert_eq!(startover.read().front().unwrap().start, at(16));
        let stored = fs::read_dir(folder.path().join("live")).unwrap().count();
        assert_eq!(stored, startover.read().len());
    }
}

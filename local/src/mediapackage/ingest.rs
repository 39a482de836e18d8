//! The ingest of one run of the encoder: collects pushed files, adds captions, and publishes whole
//! segments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::{fs, io};

use chrono::{DateTime, TimeDelta, Utc};

use super::captions::{CaptionSource, SegmentTime};
use super::startover::Startover;
use crate::ladder::LADDER;

/// One run of the encoder, from its first segment to its last. If a segment could not be stored, the
/// next one begins another run.
///
/// Streams arrive one by one, and a segment's duration arrives with the playlist of a rendition. A
/// segment is published when every stream and the duration have arrived and the segment before it is
/// published.
#[derive(Debug)]
pub(crate) struct Ingest {
    startover: Arc<Startover>,
    folder: PathBuf,
    captions: CaptionSource,
    incoming: Mutex<Incoming>,
}

#[derive(Debug)]
struct Incoming {
    run: u64,
    /// The start of the next segment to publish. With `None`, the first segment to arrive sets it.
    next_start: Option<DateTime<Utc>>,
    next: u64,
    /// How long after the first frame of the run the next segment begins.
    position: TimeDelta,
    durations: BTreeMap<u64, TimeDelta>,
    /// Which streams of a segment have arrived.
    files: BTreeMap<u64, BTreeSet<usize>>,
    /// The segments of which a file could not be stored.
    lost: BTreeSet<u64>,
    /// Whether the segment before the next one was lost.
    is_after_loss: bool,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error("{0} is not the path of a segment or a playlist")]
    Name(String),
    #[error("the playlist is not valid HLS")]
    Playlist,
    #[error("could not store the segment")]
    Io(#[from] io::Error),
    /// The disk is full. Its own log line says so once.
    #[error("the disk is full")]
    DiskFull,
}

impl Ingest {
    /// Begins a run. `first_frame_at` is the time of its first frame. If it is `None`, the run begins
    /// when its first segment arrives, less the duration of that segment.
    pub(crate) fn begin(
        startover: Arc<Startover>,
        folder: &Path,
        first_frame_at: Option<DateTime<Utc>>,
        captions: CaptionSource,
    ) -> io::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        if let CaptionSource::Folder(folder) = &captions {
            fs::create_dir_all(folder)?;
        }
        let incoming = Incoming {
            next_start: first_frame_at,
            next: 0,
            position: TimeDelta::zero(),
            durations: BTreeMap::new(),
            files: BTreeMap::new(),
            run: startover.next_run(),
            lost: BTreeSet::new(),
            is_after_loss: false,
        };
        Ok(Self { startover, folder: folder.to_owned(), captions, incoming: Mutex::new(incoming) })
    }

    /// Ingests a file: `<stream>/<number>.ts` or `<stream>/index.m3u8`.
    ///
    /// If a file of a segment cannot be stored, the segment is lost, and the stream continues with the
    /// next one. With `is_disk_full`, no segment is stored.
    pub(crate) fn put(
        &self,
        path: &str,
        body: &[u8],
        is_disk_full: bool,
        now: DateTime<Utc>,
    ) -> Result<(), IngestError> {
        let name = || IngestError::Name(path.to_owned());
        let Some((stream, file)) = path.split_once('/') else {
            // The encoder's own multivariant playlist. The endpoint writes another with the same content.
            return if path.ends_with(".m3u8") { Ok(()) } else { Err(name()) };
        };
        let stream: usize = stream.parse().map_err(|_| name())?;
        if stream >= self.startover.streams.pushed() {
            return Err(name());
        }
        let mut incoming = self.incoming.lock().expect("no thread panics while it holds the lock");
        if file.ends_with(".m3u8") {
            // Segments of sound alone end with whole frames of sound, and so at other times.
            if stream >= LADDER.len() {
                return Ok(());
            }
            let playlist =
                m3u8_rs::parse_media_playlist_res(body).map_err(|_| IngestError::Playlist)?;
            for (number, segment) in (playlist.media_sequence..).zip(&playlist.segments) {
                #[expect(clippy::cast_possible_truncation, reason = "segments last seconds")]
                let microseconds = (f64::from(segment.duration) * 1e6).round() as i64;
                incoming.durations.insert(number, TimeDelta::microseconds(microseconds));
            }
        } else {
            let number = file.strip_suffix(".ts").and_then(|number| number.parse().ok());
            let number: u64 = number.ok_or_else(name)?;
            if number < incoming.next || incoming.lost.contains(&number) {
                return Ok(());
            }
            let stored = if is_disk_full {
                Err(IngestError::DiskFull)
            } else {
                self.store(number, stream, body).map_err(IngestError::Io)
            };
            if let Err(failure) = stored {
                incoming.lost.insert(number);
                self.publish(&mut incoming, now)?;
                return Err(failure);
            }
            incoming.files.entry(number).or_default().insert(stream);
        }
        self.publish(&mut incoming, now)
    }

    fn store(&self, number: u64, stream: usize, body: &[u8]) -> io::Result<()> {
        let folder = self.folder.join(number.to_string());
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(self.startover.streams.file(stream)), body)
    }

    /// Publishes the complete segments that follow the last published one, and skips lost ones.
    fn publish(&self, incoming: &mut Incoming, now: DateTime<Utc>) -> Result<(), IngestError> {
        loop {
            let number = incoming.next;
            let Some(duration) = incoming.durations.get(&number).copied() else { return Ok(()) };
            if incoming.lost.contains(&number) {
                self.skip(incoming, duration)?;
                continue;
            }
            let arrived = incoming.files.get(&number).map_or(0, BTreeSet::len);
            if arrived < self.startover.streams.pushed() {
                return Ok(());
            }
            // A push may begin with segments that its encoder has buffered, whose times are before the
            // live edge. A segment never starts before the live edge.
            let start = incoming.next_start.unwrap_or(now - duration);
            let start = self.startover.live_edge().map_or(start, |edge| edge.max(start));
            let files = self.folder.join(number.to_string());
            let time = SegmentTime { start, duration, position: incoming.position };
            self.write_captions(time, &files)?;
            let is_after_loss = incoming.is_after_loss;
            let run = if is_after_loss { self.startover.next_run() } else { incoming.run };
            self.startover.publish(run, start, duration, &files)?;
            (incoming.run, incoming.is_after_loss) = (run, false);
            incoming.next_start = Some(start + duration);
            incoming.advance(duration);
        }
    }

    /// Writes the captions of a segment beside its video.
    fn write_captions(&self, time: SegmentTime, files: &Path) -> io::Result<()> {
        let streams = &self.startover.streams;
        let mut video = Vec::new();
        for (at, (stream, track)) in streams.captions().enumerate() {
            if video.is_empty() {
                video = fs::read(files.join(streams.file(0)))?;
            }
            let captions = self.captions.segment(at, track, time, &video)?;
            fs::write(files.join(streams.file(stream)), captions.to_string())?;
        }
        Ok(())
    }

    /// Skips a lost segment. Old segments are deleted as if it had been published, which frees space.
    fn skip(&self, incoming: &mut Incoming, duration: TimeDelta) -> io::Result<()> {
        let files = self.folder.join(incoming.next.to_string());
        incoming.next_start = incoming.next_start.map(|start| start + duration);
        incoming.is_after_loss = true;
        incoming.advance(duration);
        if files.exists() {
            fs::remove_dir_all(files)?;
        }
        incoming.next_start.map_or(Ok(()), |live_edge| self.startover.expire(live_edge))
    }
}

impl Incoming {
    /// Forgets the next segment, which was published or skipped.
    fn advance(&mut self, duration: TimeDelta) {
        self.position += duration;
        let number = self.next;
        self.files.remove(&number);
        self.lost.remove(&number);
        self.durations.retain(|known, _| number < *known);
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::streams::Streams;
    use super::*;
    use crate::tracks::Tracks;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_580_736_600 + seconds, 0).unwrap()
    }

    /// Begins a run at 0 s, with a startover window of some seconds.
    fn begin(folder: &Path, window: i64) -> (Arc<Startover>, Ingest) {
        let window = TimeDelta::seconds(window);
        let streams = Streams::new(&LADDER, Tracks::default());
        let startover = Startover::open(folder.join("live"), window, streams).unwrap();
        let startover = Arc::new(startover);
        let incoming = folder.join("incoming");
        let (first, captions) = (Some(at(0)), CaptionSource::Clock);
        let ingest = Ingest::begin(Arc::clone(&startover), &incoming, first, captions).unwrap();
        (startover, ingest)
    }

    #[test]
    fn a_segment_is_published_when_every_rendition_and_its_duration_have_arrived() {
        let folder = tempfile::tempdir().unwrap();
        let (startover, ingest) = begin(folder.path(), 900);
        let put = |path: &str, body: &str| ingest.put(path, body.as_bytes(), false, at(5)).unwrap();

        put("index.m3u8", "#EXTM3U\n");
        put("1/1.ts", "b");
        put("0/0.ts", "a");
        put(
            "0/index.m3u8",
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n0.ts\n#EXTINF:1.96,\n1.ts\n",
        );
        put("1/0.ts", "a");
        assert_eq!(startover.live_edge(), None);
        put("2/0.ts", "a");
        assert_eq!(startover.live_edge(), Some(at(2)));
        put("0/1.ts", "b");
        put("2/1.ts", "b");
        assert_eq!(startover.live_edge(), Some(at(2) + TimeDelta::milliseconds(1960)));
        assert!(ingest.put("3/0.ts", b"", false, at(5)).is_err());
        assert!(ingest.put("../0.ts", b"", false, at(5)).is_err());
    }

    /// The encoder pushes a segment of 2 s in every rendition.
    fn push(ingest: &Ingest, number: u64, is_disk_full: bool) -> Result<(), IngestError> {
        let now = DateTime::UNIX_EPOCH;
        let playlist = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{number}\n#EXTINF:2,\n{number}.ts\n"
        );
        ingest.put("0/index.m3u8", playlist.as_bytes(), is_disk_full, now)?;
        let put = |rendition| {
            ingest.put(&format!("{rendition}/{number}.ts"), b"media", is_disk_full, now)
        };
        (0..LADDER.len()).map(put).fold(Ok(()), Result::and)
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_stream_goes_on_by_itself_when_a_full_disk_has_space_again() {
        let folder = tempfile::tempdir().unwrap();
        let incoming = folder.path().join("incoming");
        let (startover, ingest) = begin(folder.path(), 900);
        push(&ingest, 0, false).unwrap();
        push(&ingest, 1, false).unwrap();

        // The system has no space for the second rendition, and then the disk is known to be full.
        fs::create_dir(incoming.join("2")).unwrap();
        std::os::unix::fs::symlink("/dev/full", incoming.join("2/1.ts")).unwrap();
        let failure = push(&ingest, 2, false).unwrap_err();
        assert!(matches!(&failure, IngestError::Io(it) if it.kind() == io::ErrorKind::StorageFull));
        let failure = push(&ingest, 3, true).unwrap_err();
        assert!(matches!(failure, IngestError::DiskFull));
        assert_eq!(startover.live_edge(), Some(at(4)));
        assert_eq!(fs::read_dir(&incoming).unwrap().count(), 0, "no half of a segment is left");

        push(&ingest, 4, false).unwrap();
        push(&ingest, 5, false).unwrap();
        assert_eq!(startover.live_edge(), Some(at(12)));
        let stretch = startover.stretch(at(3), Some(at(12))).unwrap();
        let segments = stretch.segments.iter().map(|it| (it.start, it.run));
        let expected = [(at(2), 0), (at(8), 1), (at(10), 1)];
        assert_eq!(segments.collect::<Vec<_>>(), expected, "the lost segments are a gap");
    }

    #[test]
    fn segments_leave_the_window_while_the_disk_is_full() {
        let folder = tempfile::tempdir().unwrap();
        let (startover, ingest) = begin(folder.path(), 8);
        push(&ingest, 0, false).unwrap();
        for number in 1..6 {
            push(&ingest, number, true).unwrap_err();
        }
        assert_eq!(startover.live_edge(), None);
        assert_eq!(fs::read_dir(folder.path().join("live")).unwrap().count(), 0);
    }
}

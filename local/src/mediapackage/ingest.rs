//! The ingest of one run of the encoder: collects pushed files and publishes whole segments.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::{fs, io};

use chrono::{DateTime, TimeDelta, Utc};

use super::startover::Startover;
use crate::ladder::LADDER;

/// One run of the encoder, from its first segment to its last.
///
/// Renditions arrive one by one, and a segment's duration arrives with its playlist. A segment is
/// published when every rendition and the duration have arrived and the segment before it is
/// published.
#[derive(Debug)]
pub(crate) struct Ingest {
    run: u64,
    startover: Arc<Startover>,
    folder: PathBuf,
    incoming: Mutex<Incoming>,
}

#[derive(Debug)]
struct Incoming {
    /// The start of the next segment to publish. With `None`, the first segment to arrive sets it.
    next_start: Option<DateTime<Utc>>,
    next: u64,
    durations: BTreeMap<u64, TimeDelta>,
    /// Which renditions of a segment have arrived.
    files: BTreeMap<u64, [bool; LADDER.len()]>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    #[error("{0} is not the path of a segment or a playlist")]
    Name(String),
    #[error("the playlist is not valid HLS")]
    Playlist,
    #[error("could not store the segment")]
    Io(#[from] io::Error),
}

impl Ingest {
    /// Begins a run. `first_frame_at` is the time of its first frame. If it is `None`, the run begins
    /// when its first segment arrives, less the duration of that segment.
    pub(crate) fn begin(
        startover: Arc<Startover>,
        folder: &Path,
        first_frame_at: Option<DateTime<Utc>>,
    ) -> io::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let incoming = Incoming {
            next_start: first_frame_at,
            next: 0,
            durations: BTreeMap::new(),
            files: BTreeMap::new(),
        };
        Ok(Self {
            run: startover.next_run(),
            startover,
            folder: folder.to_owned(),
            incoming: Mutex::new(incoming),
        })
    }

    /// Ingests a file: `<rendition>/<number>.ts` or `<rendition>/index.m3u8`.
    pub(crate) fn put(
        &self,
        path: &str,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), IngestError> {
        let name = || IngestError::Name(path.to_owned());
        let Some((rendition, file)) = path.split_once('/') else {
            // The encoder's own multivariant playlist. The endpoint writes another with the same content.
            return if path.ends_with(".m3u8") { Ok(()) } else { Err(name()) };
        };
        let rendition: usize = rendition.parse().map_err(|_| name())?;
        if rendition >= LADDER.len() {
            return Err(name());
        }
        let mut incoming = self.incoming.lock().expect("no thread panics while it holds the lock");
        if file.ends_with(".m3u8") {
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
            let folder = self.folder.join(number.to_string());
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("{rendition}.ts")), body)?;
            incoming.files.entry(number).or_default()[rendition] = true;
        }
        self.publish(&mut incoming, now)
    }

    /// Publishes the complete segments that follow the last published one.
    fn publish(&self, incoming: &mut Incoming, now: DateTime<Utc>) -> Result<(), IngestError> {
        loop {
            let number = incoming.next;
            let complete =
                incoming.files.get(&number).is_some_and(|files| files.iter().all(|it| *it));
            let Some(duration) = incoming.durations.get(&number).copied().filter(|_| complete)
            else {
                return Ok(());
            };
            // A push may begin with segments that its encoder has buffered, whose times are before the
            // live edge. A segment never starts before the live edge.
            let start = incoming.next_start.unwrap_or(now - duration);
            let start = self.startover.live_edge().map_or(start, |edge| edge.max(start));
            let files = self.folder.join(number.to_string());
            self.startover.publish(self.run, start, duration, &files)?;
            incoming.next_start = Some(start + duration);
            incoming.next += 1;
            incoming.files.remove(&number);
            incoming.durations.retain(|known, _| number < *known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_published_when_every_rendition_and_its_duration_have_arrived() {
        let folder = tempfile::tempdir().unwrap();
        let window = TimeDelta::seconds(900);
        let startover =
            Arc::new(Startover::open(folder.path().join("live"), window, &LADDER).unwrap());
        let at = |seconds: i64| DateTime::from_timestamp(1_580_736_600 + seconds, 0).unwrap();
        let incoming = folder.path().join("incoming");
        let ingest = Ingest::begin(Arc::clone(&startover), &incoming, Some(at(0))).unwrap();
        let put = |path: &str, body: &str| ingest.put(path, body.as_bytes(), at(5)).unwrap();

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
        assert!(ingest.put("3/0.ts", b"", at(5)).is_err());
        assert!(ingest.put("../0.ts", b"", at(5)).is_err());
    }
}

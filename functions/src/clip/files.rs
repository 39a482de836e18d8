//! The files of a clip beside its segments: poster, thumbnails, storyboard and MP4.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Attempt, ChannelId, ClipKey, Source};

/// Which files a clip gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKinds {
    None,
    /// Poster, thumbnails and storyboard.
    Pictures,
    /// The pictures, and an MP4 of the requested window.
    All,
}

/// Which files the clips of each channel get.
///
/// The variable `CLIP_FILES` holds it as a JSON object from channel to `none`, `pictures` or `all`. `*`
/// applies to uploads and to every channel that is not named, for example
/// `{"*":"all","rehearsal":"none"}`. Without an entry, a clip gets no files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSettings(BTreeMap<String, FileKinds>);

const OTHERS: &str = "*";

impl FileSettings {
    /// The files that a clip of this source gets.
    pub fn kinds(&self, source: &Source) -> FileKinds {
        let own = match source {
            Source::Live { channel, .. } => self.0.get(ChannelId::as_str(channel)),
            Source::Upload(_) | Source::Reel(_) => None,
        };
        own.or_else(|| self.0.get(OTHERS)).copied().unwrap_or(FileKinds::None)
    }
}

impl FromStr for FileSettings {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }
}

/// The state of a clip's files: what exists, and the job that makes what does not exist yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClipFiles {
    /// [`FileKinds::Pictures`] or [`FileKinds::All`].
    pub kinds: FileKinds,
    /// The number of the last job, from 1. A job's files are in a folder of its own, so an event of an
    /// earlier job changes nothing.
    pub number: u32,
    /// The number of failed jobs since the files were asked for.
    #[serde(default)]
    pub failed_tries: u32,
    /// The id of the MediaConvert job, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// When the next job may start, after one has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<DateTime<Utc>>,
    /// Why the last job failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The files that exist. While a new job replaces them, they are those of an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<MadeFiles>,
}

/// The files that one job has made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeFiles {
    /// The attempt that made the media.
    pub attempt: u32,
    /// The number of the job.
    pub number: u32,
    /// The number of the poster among the captured frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poster: Option<u32>,
    #[serde(default)]
    pub thumbnails: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<Download>,
}

/// An MP4 of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    pub bytes: u64,
}

/// How far the files of a clip are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilesStatus {
    /// A job makes the files, or will.
    Making,
    Made,
    /// Every job has failed.
    Failed,
}

/// Most jobs for the files of a clip.
const MAX_TRIES: u32 = 4;
/// The pause after the first failed job. Each further pause is four times as long.
const FIRST_RETRY_DELAY: TimeDelta = TimeDelta::minutes(1);

impl ClipFiles {
    /// The files of a clip whose job has not started yet. `None` if the clip gets no files.
    pub fn plan(kinds: FileKinds) -> Option<Self> {
        (kinds != FileKinds::None).then_some(Self {
            kinds,
            number: 1,
            failed_tries: 0,
            job: None,
            retry_at: None,
            failure: None,
            made: None,
        })
    }

    pub fn status(&self) -> FilesStatus {
        if self.made.as_ref().is_some_and(|made| made.number == self.number) {
            FilesStatus::Made
        } else if self.failed_tries >= MAX_TRIES {
            FilesStatus::Failed
        } else {
            FilesStatus::Making
        }
    }

    /// When the sweep next checks the files. `soon` is the time of the next check of a job in progress.
    pub fn next_check(&self, now: DateTime<Utc>, soon: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let is_making = self.status() == FilesStatus::Making;
        is_making.then(|| self.retry_at.filter(|time| *time > now).unwrap_or(soon))
    }

    /// Whether a job is to be started, or to be described.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.status() == FilesStatus::Making && self.retry_at.is_none_or(|time| time <= now)
    }

    /// Plans a job that makes the files anew. What exists stays until it has.
    pub(super) fn restart(&mut self) {
        self.number += 1;
        self.failed_tries = 0;
        self.job = None;
        self.retry_at = None;
        self.failure = None;
    }

    /// Forgets the files of an attempt whose media is deleted.
    pub(super) fn forget(&mut self, attempt: u32) {
        self.made.take_if(|made| made.attempt == attempt);
    }

    /// Records the id of the last job.
    pub(super) fn start(&mut self, number: u32, job: String) -> Option<()> {
        if !self.is_waiting_for(number) {
            return None;
        }
        self.job.get_or_insert(job);
        self.retry_at = None;
        Some(())
    }

    pub(super) fn finish(&mut self, made: MadeFiles) -> Option<()> {
        if !self.is_waiting_for(made.number) {
            return None;
        }
        self.job = None;
        self.retry_at = None;
        self.failure = None;
        self.failed_tries = 0;
        self.made = Some(made);
        Some(())
    }

    /// Records that the last job failed, and plans the next one.
    pub(super) fn fail(&mut self, number: u32, failure: String, now: DateTime<Utc>) -> Option<()> {
        if !self.is_waiting_for(number) {
            return None;
        }
        let delay = FIRST_RETRY_DELAY * 4_i32.pow(self.failed_tries.min(MAX_TRIES));
        self.failed_tries += 1;
        self.failure = Some(failure);
        self.job = None;
        self.retry_at = None;
        if self.failed_tries < MAX_TRIES {
            self.number += 1;
            self.retry_at = Some(now + delay);
        }
        Some(())
    }

    fn is_waiting_for(&self, number: u32) -> bool {
        number == self.number && self.status() == FilesStatus::Making
    }
}

impl Attempt {
    /// The key prefix of the files that a job has made of this attempt, in the clip bucket.
    pub fn files_prefix(&self, job: u32) -> String {
        format!("{}files-{job}/", self.media_prefix())
    }

    /// The destination of such a job: its prefix, and the base of its file names.
    pub fn files_base(&self, job: u32) -> String {
        format!("{}{BASE_NAME}", self.files_prefix(job))
    }
}

/// The base of the names of all files of a job.
const BASE_NAME: &str = "clip";
/// What MediaConvert adds to that base for each output.
pub const SOURCE_MODIFIER: &str = "_source";
pub const POSTER_MODIFIER: &str = "_poster";
pub const THUMBNAIL_MODIFIER: &str = "_thumbnail";
/// The name of the WebVTT track that names the thumbnails by time.
pub const STORYBOARD_NAME: &str = "storyboard.vtt";
/// The name of the MP4.
pub const DOWNLOAD_NAME: &str = "clip_source.mp4";

/// The name of a captured frame. MediaConvert numbers them from 0.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/file-group-with-frame-capture-output.html>
pub fn capture_name(modifier: &str, number: u32) -> String {
    format!("{BASE_NAME}{modifier}.{number:07}.jpg")
}

/// The files of a clip with their folder, as lists keep them in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePaths {
    /// The folder, which begins and ends with a slash.
    folder: String,
    poster: Option<u32>,
    thumbnails: u32,
    download: Option<Download>,
}

impl FilePaths {
    pub fn new(clip: &ClipKey, made: &MadeFiles) -> Self {
        let attempt = Attempt { clip: clip.clone(), number: made.attempt };
        Self {
            folder: format!("/{}", attempt.files_prefix(made.number)),
            poster: made.poster,
            thumbnails: made.thumbnails,
            download: made.download,
        }
    }

    pub fn poster(&self) -> Option<String> {
        self.poster.map(|number| self.path(&capture_name(POSTER_MODIFIER, number)))
    }

    pub fn thumbnails(&self) -> impl Iterator<Item = String> {
        (0..self.thumbnails).map(|number| self.path(&capture_name(THUMBNAIL_MODIFIER, number)))
    }

    pub fn storyboard(&self) -> Option<String> {
        (self.thumbnails > 0).then(|| self.path(STORYBOARD_NAME))
    }

    pub fn download(&self) -> Option<(Download, String)> {
        self.download.map(|download| (download, self.path(DOWNLOAD_NAME)))
    }

    fn path(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }

    /// One line for all files, without a line break.
    pub fn to_line(&self) -> String {
        let number =
            |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |it| it.to_string());
        let (poster, thumbnails) = (number(self.poster), self.thumbnails);
        let mut line = format!("{} {poster} {thumbnails}", self.folder);
        if let Some(Download { width, height, bytes }) = self.download {
            let _ = write!(line, " {width} {height} {bytes}");
        }
        line
    }

    /// Parses such a line.
    pub fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let folder = words.next()?.to_owned();
        let poster = words.next()?.parse().ok();
        let thumbnails = words.next()?.parse().ok()?;
        let mut number = || words.next()?.parse::<u64>().ok();
        let download = match (number(), number(), number()) {
            (Some(width), Some(height), Some(bytes)) => Some(Download {
                width: width.try_into().ok()?,
                height: height.try_into().ok()?,
                bytes,
            }),
            _ => None,
        };
        Some(Self { folder, poster, thumbnails, download })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_580_736_658, 0).unwrap()
    }

    fn made(number: u32) -> MadeFiles {
        MadeFiles { attempt: 1, number, poster: Some(1), thumbnails: 10, download: None }
    }

    #[test]
    fn a_channel_has_its_own_setting_or_that_of_all() {
        let settings: FileSettings = r#"{"*":"all","rehearsal":"none"}"#.parse().unwrap();
        let live = |channel: &str| {
            let requested = super::super::Window::new(now(), now() + TimeDelta::seconds(9));
            Source::Live { channel: channel.into(), requested: requested.unwrap() }
        };
        assert_eq!(settings.kinds(&live("rehearsal")), FileKinds::None);
        assert_eq!(settings.kinds(&live("main")), FileKinds::All);
        assert_eq!(FileSettings::default().kinds(&live("main")), FileKinds::None);
        assert!(r#"{"*":"some"}"#.parse::<FileSettings>().is_err());
        assert_eq!(ClipFiles::plan(FileKinds::None), None);
    }

    #[test]
    fn a_failed_job_is_tried_again_later_and_later_and_then_no_more() {
        let mut files = ClipFiles::plan(FileKinds::All).unwrap();
        let mut pauses = Vec::new();
        while files.status() == FilesStatus::Making {
            files.fail(files.number, "no".to_owned(), now()).unwrap();
            pauses.extend(files.retry_at.map(|time| (time - now()).num_minutes()));
        }
        assert_eq!(pauses, [1, 4, 16]);
        assert_eq!((files.status(), files.number), (FilesStatus::Failed, MAX_TRIES));
        assert_eq!(files.next_check(now(), now()), None);
        assert_eq!(files.fail(files.number, "no".to_owned(), now()), None);
    }

    #[test]
    fn an_event_of_an_earlier_or_of_an_ended_job_changes_nothing() {
        let mut files = ClipFiles::plan(FileKinds::All).unwrap();
        files.fail(1, "no".to_owned(), now()).unwrap();
        let retrying = files.clone();
        assert_eq!(files.start(1, "old".to_owned()), None);
        assert_eq!(files.finish(made(1)), None);
        assert_eq!(files.fail(1, "again".to_owned(), now()), None);
        assert_eq!(files, retrying);
        assert!(!files.is_due(now()) && files.is_due(now() + TimeDelta::minutes(1)));
        files.start(2, "job".to_owned()).unwrap();
        files.finish(made(2)).unwrap();
        let done = files.clone();
        assert_eq!(files.fail(2, "late".to_owned(), now()), None);
        assert_eq!(files.finish(made(2)), None);
        assert_eq!(files, done);
        assert_eq!((files.status(), files.failure), (FilesStatus::Made, None));
    }

    #[test]
    fn the_files_of_a_clip_are_kept_in_one_line() {
        let clip: ClipKey = "100m_20200203133058_20200203133258_k7Qx2f".parse().unwrap();
        let download = Some(Download { width: 1280, height: 720, bytes: 5_000_000_000 });
        for made in [made(2), MadeFiles { poster: None, thumbnails: 0, download, ..made(1) }] {
            let paths = FilePaths::new(&clip, &made);
            assert_eq!(FilePaths::from_line(&paths.to_line()), Some(paths));
        }
        let folder = "/clips/100m/20200203133058_20200203133258_k7Qx2f/1/files-2/";
        let paths = FilePaths::new(&clip, &made(2));
        assert_eq!(paths.poster(), Some(format!("{folder}clip_poster.0000001.jpg")));
        assert_eq!(paths.thumbnails().count(), 10);
        assert_eq!(paths.storyboard(), Some(format!("{folder}storyboard.vtt")));
        assert_eq!(FilePaths::from_line("/clips/"), None);
    }
}

//! What moves a clip from state to state: the one place that decides.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::clip::{ActualBounds, Clip, ConfigurationId, Failure, Source, Status, Upload};
use crate::clip::Attempt;

/// Something learned about an attempt at a clip, from an event or by asking AWS; or something
/// asked for by a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// The end of the clip has aired; these are the bounds it will have, where they are known.
    Aired { actual: Option<ActualBounds> },
    /// The harvest job exists.
    HarvestStarted,
    /// S3 takes the file in parts, under this id.
    MultipartStarted { multipart: String },
    /// The file is there, and is a video like this.
    FileProbed { actual: ActualBounds, thumbnails: u32 },
    /// The MediaConvert job exists.
    TranscodeStarted { job: String },
    /// The MediaConvert job has come so far.
    TranscodeProgressed { percent: u8 },
    /// The asset exists, and so its media does; its manifests are at these paths.
    AssetCreated { manifests: BTreeMap<ConfigurationId, String> },
    /// One packaging configuration can be played.
    Playable { configuration: ConfigurationId },
    /// The attempt will not become ready.
    Failed(Failure),
    /// Someone wants a failed clip tried again.
    Retried,
    /// Someone says something else of the clip.
    Edited(Edit),
    /// Someone does not want the clip any more.
    Deleted,
    /// The clip's time may be over.
    Expired,
}

/// What to change of what is said about a clip; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    pub title: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// The clip after `trigger`, which is about attempt number `of`; `None` where that changes nothing.
///
/// Triggers come twice, late and out of order, from events, from the sweep and from requests.
/// Whatever a clip is past already changes nothing, so that any order of them ends in the same
/// state. What is learned of an earlier attempt is about media that nobody wants any more. A retry
/// names the attempt that failed, so that two of them make one new attempt.
pub fn after(clip: &Clip, of: u32, trigger: Trigger, now: DateTime<Utc>) -> Option<Clip> {
    if clip.status == Status::Deleting {
        return None;
    }
    let mut next = clip.clone();
    let mut at_once = false;
    match trigger {
        Trigger::Edited(edit) => next.edit(edit),
        Trigger::Expired if !clip.is_expired(now) => return None,
        Trigger::Deleted | Trigger::Expired => {
            next.status = Status::Deleting;
            next.deleted_at = Some(now);
            at_once = true;
        }
        _ if of != clip.attempt => return None,
        Trigger::Retried => {
            next.try_again(now)?;
            at_once = next.status != Status::Queued;
        }
        trigger if clip.status.is_in_the_making() => next.learn(trigger, now)?,
        _ => return None,
    }
    if next == *clip {
        return None;
    }
    next.updated_at = now;
    next.version += 1;
    next.next_check_at = if at_once { Some(now) } else { next.next_check(now) };
    if next.status != Status::Queued {
        next.queued_at = None;
    }
    Some(next)
}

impl Clip {
    fn edit(&mut self, Edit { title, description, tags, expires_at }: Edit) {
        fn replace<T>(known: &mut T, new: Option<T>) {
            if let Some(new) = new {
                *known = new;
            }
        }
        replace(&mut self.title, title);
        replace(&mut self.description, description);
        replace(&mut self.tags, tags);
        replace(&mut self.expires_at, expires_at);
    }

    /// Goes back to where a failed clip went wrong, under a new number.
    fn try_again(&mut self, now: DateTime<Utc>) -> Option<()> {
        let again = self.status == Status::Failed && self.attempt < Attempt::MOST;
        let failure = self.failure.take_if(|_| again)?;
        self.attempt += 1;
        self.manifests.clear();
        self.playable.clear();
        if failure.code.leaves_media() {
            self.status = Status::Packaging;
            return Some(());
        }
        self.media_attempt = self.attempt;
        match &mut self.source {
            Source::Live { .. } => {
                self.status = Status::Queued;
                self.queued_at = Some(now);
            }
            Source::Upload(upload) => {
                self.status = Status::Uploading;
                upload.job = None;
                upload.progress = None;
            }
        }
        Some(())
    }

    /// Takes in what was learned of the attempt under way.
    fn learn(&mut self, trigger: Trigger, now: DateTime<Utc>) -> Option<()> {
        match trigger {
            Trigger::Aired { actual } if self.status == Status::Scheduled => {
                self.status = Status::Queued;
                self.queued_at = Some(now);
                self.actual = actual;
            }
            Trigger::HarvestStarted if self.status == Status::Queued => {
                self.status = Status::Harvesting;
            }
            Trigger::AssetCreated { manifests } if self.status != Status::Packaging => {
                self.status = Status::Packaging;
                self.manifests = manifests;
            }
            // A retry of the asset waits for it in this state; and an asset that vanished is
            // another one when it was made again.
            Trigger::AssetCreated { manifests } if self.manifests != manifests => {
                if !self.manifests.is_empty() {
                    self.playable.clear();
                }
                self.manifests = manifests;
            }
            Trigger::FileProbed { actual, thumbnails } if self.status == Status::Uploading => {
                self.status = Status::Transcoding;
                self.actual = Some(actual);
                upload_of(self)?.thumbnails = thumbnails;
            }
            Trigger::MultipartStarted { multipart } if self.status == Status::Uploading => {
                upload_of(self)?.multipart.get_or_insert(multipart);
            }
            Trigger::TranscodeStarted { job } if self.status == Status::Transcoding => {
                upload_of(self)?.job.get_or_insert(job);
            }
            // Reports of progress overtake each other.
            Trigger::TranscodeProgressed { percent } if self.status == Status::Transcoding => {
                let progress = &mut upload_of(self)?.progress;
                *progress = Some(progress.map_or(percent, |known| known.max(percent)));
            }
            // Ingest may be over before the row says that it began: it is remembered all the same.
            Trigger::Playable { configuration } => {
                self.playable.insert(configuration);
            }
            // Media cannot fail any more once its asset exists; an ingest still can.
            Trigger::Failed(failure)
                if self.status != Status::Packaging || failure.code.leaves_media() =>
            {
                self.status = Status::Failed;
                self.failure = Some(failure);
            }
            _ => return None,
        }
        let playable = |configuration| self.playable.contains(configuration);
        let proven = !self.manifests.is_empty() && self.manifests.keys().all(playable);
        if self.status == Status::Packaging && proven {
            self.status = Status::Ready;
            self.ready_at = Some(now);
        }
        Some(())
    }
}

fn upload_of(clip: &mut Clip) -> Option<&mut Upload> {
    match &mut clip.source {
        Source::Upload(upload) => Some(upload),
        Source::Live { .. } => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::clip::{ClipId, Window};
    use crate::library::FailureCode;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_580_736_658 + seconds, 0).unwrap()
    }

    pub(in crate::library) fn clip(status: Status) -> Clip {
        let window = Window::new(at(0), at(120)).unwrap();
        let manifests = match status {
            Status::Packaging | Status::Ready => manifests(),
            _ => BTreeMap::new(),
        };
        let source = match status {
            Status::Uploading | Status::Transcoding => Source::Upload(Upload {
                key: "100m-dash/20200203133058_20200203133058_k7Qx2f/original.mp4".to_owned(),
                filename: "final.mp4".to_owned(),
                at: at(0),
                size: Some(7),
                uploader: None,
                multipart: None,
                awaited_until: Some(at(3600)),
                job: None,
                progress: None,
                thumbnails: 0,
            }),
            _ => Source::Live { channel: "main".into(), requested: window },
        };
        Clip {
            competition: "100m-dash".parse().unwrap(),
            clip: ClipId::random(window),
            status,
            version: 1,
            attempt: 1,
            media_attempt: 1,
            source,
            actual: None,
            title: "First race".to_owned(),
            description: String::new(),
            tags: Vec::new(),
            manifests,
            playable: std::collections::BTreeSet::new(),
            failure: (status == Status::Failed)
                .then(|| Failure { code: FailureCode::HarvestFailed, message: "no".to_owned() }),
            created_at: at(130),
            updated_at: at(130),
            ready_at: None,
            expires_at: None,
            deleted_at: (status == Status::Deleting).then(|| at(130)),
            queued_at: (status == Status::Queued).then(|| at(130)),
            next_check_at: status.is_unfinished().then(|| at(140)),
        }
    }

    fn manifests() -> BTreeMap<ConfigurationId, String> {
        [("hls", "/out/v1/a/b/c/index.m3u8"), ("dash", "/out/v1/a/b/d/index.mpd")]
            .map(|(id, path)| (id.to_owned(), path.to_owned()))
            .into()
    }

    fn failed(code: FailureCode) -> Trigger {
        Trigger::Failed(Failure { code, message: "it did not work".to_owned() })
    }

    fn playable(id: &str) -> Trigger {
        Trigger::Playable { configuration: id.to_owned() }
    }

    fn created() -> Trigger {
        Trigger::AssetCreated { manifests: manifests() }
    }

    fn probed() -> Trigger {
        let actual = ActualBounds { start: at(0), end: at(10), duration_seconds: 10.0 };
        Trigger::FileProbed { actual, thumbnails: 10 }
    }

    fn multipart() -> Trigger {
        Trigger::MultipartStarted { multipart: "m".to_owned() }
    }

    fn started(job: &str) -> Trigger {
        Trigger::TranscodeStarted { job: job.to_owned() }
    }

    fn edited(title: &str) -> Trigger {
        Trigger::Edited(Edit { title: Some(title.to_owned()), ..Edit::default() })
    }

    fn told(clip: &Clip, trigger: Trigger) -> Option<Clip> {
        after(clip, clip.attempt, trigger, at(200))
    }

    fn column(before: &Clip, of: u32, trigger: Trigger) -> &'static str {
        match after(before, of, trigger, at(200)) {
            None => ".",
            Some(next) if next.status == before.status => "=",
            Some(next) => next.status.name(),
        }
    }

    /// One row per state; a column per trigger, in the order of `triggers`. `.` is no change, `=`
    /// a change that leaves the status as it is.
    #[test]
    fn every_state_meets_every_trigger() {
        let triggers = || {
            [
                Trigger::Aired { actual: None },
                Trigger::HarvestStarted,
                multipart(),
                probed(),
                started("j"),
                Trigger::TranscodeProgressed { percent: 50 },
                created(),
                playable("hls"),
                failed(FailureCode::HarvestFailed),
                failed(FailureCode::IngestFailed),
                Trigger::Retried,
                edited("Another"),
                Trigger::Deleted,
                Trigger::Expired,
            ]
        };
        let table = [
            "scheduled   queued . . . . . packaging = failed failed . = deleting .",
            "queued      . harvesting . . . . packaging = failed failed . = deleting .",
            "harvesting  . . . . . . packaging = failed failed . = deleting .",
            "uploading   . . = transcoding . . packaging = failed failed . = deleting .",
            "transcoding . . . . = = packaging = failed failed . = deleting .",
            "packaging   . . . . . . . = . failed . = deleting .",
            "ready       . . . . . . . . . . . = deleting .",
            "failed      . . . . . . . . . . queued = deleting .",
            "deleting    . . . . . . . . . . . . . .",
        ];
        // What is known of an earlier attempt, or of one that is yet to come, is about another.
        let other = ". . . . . . . . . . . = deleting .";
        for (status, expected) in Status::ALL.into_iter().zip(table) {
            let before = clip(status);
            let row = |of| triggers().map(|trigger| column(&before, of, trigger)).join(" ");
            let (name, columns) = expected.split_once(char::is_whitespace).unwrap();
            assert_eq!((status.name(), row(1).as_str()), (name, columns.trim()));
            let of_none = if status == Status::Deleting { columns.trim() } else { other };
            assert_eq!((row(0).as_str(), row(2).as_str()), (of_none, of_none), "{name}");
        }
    }

    /// Each failure, for a clip of the stream and one of a file: what is done again, and whose
    /// media the clip then has.
    #[test]
    fn a_retry_does_again_what_failed() {
        use FailureCode::{AssetRefused, HarvestFailed, HarvestRefused, IngestFailed};

        let file = clip(Status::Uploading).source;
        let check = |code, source: Option<&Source>, expected: (Status, u32)| {
            let mut before = clip(Status::Failed);
            before.failure = Some(Failure { code, message: "no".to_owned() });
            before.source = source.unwrap_or(&before.source).clone();
            before.playable = ["hls".to_owned()].into();
            let next = told(&before, Trigger::Retried).unwrap();
            assert_eq!((next.status, next.media_attempt), expected, "{code:?}");
            assert_eq!((next.attempt, next.failure, next.playable.len()), (2, None, 0));
            assert_eq!(next.queued_at, (next.status == Status::Queued).then(|| at(200)));
        };
        check(HarvestRefused, None, (Status::Queued, 2));
        check(HarvestFailed, None, (Status::Queued, 2));
        check(FailureCode::NotAired, None, (Status::Queued, 2));
        check(IngestFailed, None, (Status::Packaging, 1));
        check(AssetRefused, Some(&file), (Status::Packaging, 1));
        check(FailureCode::TranscodeFailed, Some(&file), (Status::Uploading, 2));
        check(FailureCode::UnreadableFile, Some(&file), (Status::Uploading, 2));
    }

    #[test]
    fn a_clip_is_tried_five_times_at_most() {
        let mut now = clip(Status::Failed);
        for attempt in 2..=Attempt::MOST {
            now = told(&now, Trigger::Retried).unwrap();
            assert_eq!(now.attempt, attempt);
            assert_eq!(after(&now, attempt - 1, Trigger::Retried, at(200)), None, "once");
            now = told(&now, failed(FailureCode::HarvestFailed)).unwrap();
        }
        assert_eq!(told(&now, Trigger::Retried), None);
    }

    #[test]
    fn a_retried_ingest_is_ready_once_its_new_asset_is() {
        let mut now = clip(Status::Packaging);
        for trigger in [failed(FailureCode::IngestFailed), Trigger::Retried, playable("hls")] {
            now = told(&now, trigger).unwrap();
        }
        assert_eq!((now.status, now.manifests.len()), (Status::Packaging, 0));
        for trigger in [created(), playable("dash")] {
            now = told(&now, trigger).unwrap();
        }
        assert_eq!(now.status, Status::Ready);
    }

    #[test]
    fn a_clip_is_ready_in_any_order_and_with_every_repetition() {
        let (start, created) = (Trigger::HarvestStarted, created());
        let (hls, dash) = (playable("hls"), playable("dash"));
        let orders = [
            [&start, &created, &hls, &dash],
            [&start, &hls, &dash, &created],
            [&hls, &created, &dash, &start],
            [&dash, &hls, &start, &created],
        ];
        for order in orders {
            let mut now = clip(Status::Queued);
            let mut became_ready = 0;
            for trigger in order.into_iter().chain(order) {
                if let Some(next) = told(&now, trigger.clone()) {
                    assert_eq!(next.version, now.version + 1);
                    became_ready += u32::from(next.status == Status::Ready);
                    now = next;
                }
            }
            assert_eq!((now.status, became_ready), (Status::Ready, 1), "{order:?}");
            assert_eq!((now.ready_at, now.next_check_at), (Some(at(200)), None));
        }
    }

    #[test]
    fn an_upload_is_ready_in_any_order_and_with_every_repetition() {
        let (multipart, probed, started) = (multipart(), probed(), started("j"));
        let progressed = Trigger::TranscodeProgressed { percent: 50 };
        let (created, hls, dash) = (created(), playable("hls"), playable("dash"));
        for order in [
            [&multipart, &probed, &started, &progressed, &created, &hls, &dash],
            [&multipart, &probed, &progressed, &started, &hls, &created, &dash],
            [&probed, &created, &started, &dash, &progressed, &hls, &multipart],
        ] {
            let mut now = clip(Status::Uploading);
            for trigger in order.into_iter().chain(order) {
                now = told(&now, trigger.clone()).unwrap_or(now);
            }
            assert_eq!(now.status, Status::Ready, "{order:?}");
            assert_eq!(now.upload().unwrap().thumbnails, 10);
            assert_eq!(now.actual.unwrap().end, at(10));
        }
    }

    #[test]
    fn one_job_and_growing_progress() {
        let mut now = clip(Status::Transcoding);
        let mut tell = |trigger| match told(&now, trigger) {
            Some(next) => {
                now = next;
                true
            }
            None => false,
        };
        let progressed = |percent| Trigger::TranscodeProgressed { percent };
        assert!(tell(started("a")));
        assert!(!tell(started("b")));
        assert!(tell(progressed(40)));
        assert!(!tell(progressed(30)));
        assert_eq!(now.upload().unwrap().job.as_deref(), Some("a"));
        assert_eq!(now.upload().unwrap().progress, Some(40));
    }

    #[test]
    fn one_format_is_not_enough() {
        let next = told(&clip(Status::Packaging), playable("hls")).unwrap();
        assert_eq!((next.status, next.ready_at), (Status::Packaging, None));
    }

    #[test]
    fn an_asset_without_formats_is_never_ready() {
        let created = Trigger::AssetCreated { manifests: BTreeMap::new() };
        let next = told(&clip(Status::Harvesting), created).unwrap();
        assert_eq!(next.status, Status::Packaging);
    }

    #[test]
    fn an_asset_that_was_made_anew_has_to_prove_itself_again() {
        let hls = told(&clip(Status::Packaging), playable("hls")).unwrap();
        let manifests = [("hls".to_owned(), "/out/v1/d/e/f/index.m3u8".to_owned())].into();
        let next = told(&hls, Trigger::AssetCreated { manifests }).unwrap();
        assert_eq!((next.status, next.playable.len()), (Status::Packaging, 0));
    }

    #[test]
    fn an_edit_that_changes_nothing_is_none() {
        let clip = clip(Status::Ready);
        assert_eq!(told(&clip, edited(&clip.title)), None);
        let expiry = Edit { expires_at: Some(Some(at(900))), ..Edit::default() };
        let next = told(&clip, Trigger::Edited(expiry)).unwrap();
        assert_eq!((next.expires_at, next.next_check_at), (Some(at(900)), Some(at(900))));
        let kept = Edit { expires_at: Some(None), ..Edit::default() };
        let next = told(&next, Trigger::Edited(kept)).unwrap();
        assert_eq!((next.expires_at, next.next_check_at), (None, None));
    }

    #[test]
    fn a_clip_expires_when_its_time_is_over() {
        for status in Status::ALL {
            let mut clip = clip(status);
            clip.expires_at = Some(at(201));
            assert_eq!(told(&clip, Trigger::Expired), None);
            clip.expires_at = Some(at(200));
            let next = told(&clip, Trigger::Expired);
            assert_eq!(next.is_some(), status != Status::Deleting, "{status:?}");
            if let Some(next) = next {
                assert_eq!((next.status, next.deleted_at), (Status::Deleting, Some(at(200))));
                assert_eq!(next.next_check_at, Some(at(200)), "the sweep looks at once");
            }
        }
    }

    #[test]
    fn the_row_of_a_deleted_clip_stays_as_long_as_something_may_come() {
        let gone_after = |status| told(&clip(status), Trigger::Deleted).unwrap().gone_after();
        assert_eq!(gone_after(Status::Queued), Some(at(200 + 180)));
        assert_eq!(gone_after(Status::Uploading), Some(at(3600)), "its URL is good until then");
    }

    #[test]
    fn looks_grow_rarer_with_age() {
        let clip = clip(Status::Harvesting);
        let wait =
            |age: i64| (clip.next_check(at(130 + age)).unwrap() - at(130 + age)).num_seconds();
        assert_eq!([wait(0), wait(19), wait(60), wait(1200), wait(90_000)], [10, 10, 30, 600, 600]);
    }
}

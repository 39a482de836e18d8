//! What moves a clip from state to state: the one place that decides.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::clip::{
    ActualBounds, Clip, ConfigurationId, Failure, FailureCode, Source, Status, Upload,
};

/// Something learned about a clip, from an event or by asking AWS.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
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
    /// The clip will not become ready by itself.
    Failed(Failure),
}

/// The clip after `trigger`, or `None` where that changes nothing.
///
/// Triggers come twice, late and out of order, from events, from the sweep and from requests.
/// Whatever a clip is past already changes nothing, so that any order of them ends in the same
/// state.
pub fn after(clip: &Clip, trigger: Trigger, now: DateTime<Utc>) -> Option<Clip> {
    if !clip.status.is_unfinished() {
        return None;
    }
    let mut next = clip.clone();
    match trigger {
        Trigger::HarvestStarted if clip.status == Status::Queued => {
            next.status = Status::Harvesting;
        }
        Trigger::AssetCreated { manifests } if clip.status != Status::Packaging => {
            next.status = Status::Packaging;
            next.manifests = manifests;
        }
        Trigger::FileProbed { actual, thumbnails } if clip.status == Status::Uploading => {
            next.status = Status::Transcoding;
            next.actual = Some(actual);
            upload_of(&mut next)?.thumbnails = thumbnails;
        }
        Trigger::MultipartStarted { multipart } if clip.status == Status::Uploading => {
            let known = upload_of(&mut next)?.multipart.replace(multipart);
            known.is_none().then_some(())?;
        }
        Trigger::TranscodeStarted { job } if clip.status == Status::Transcoding => {
            let known = upload_of(&mut next)?.job.replace(job);
            known.is_none().then_some(())?;
        }
        // Reports of progress overtake each other.
        Trigger::TranscodeProgressed { percent } if clip.status == Status::Transcoding => {
            let known = upload_of(&mut next)?.progress.replace(percent);
            known.is_none_or(|known| known < percent).then_some(())?;
        }
        // Ingest may be over before the row says that it began: it is remembered all the same.
        Trigger::Playable { configuration } if !clip.playable.contains(&configuration) => {
            next.playable.insert(configuration);
        }
        // Media cannot fail any more once its asset exists; an ingest still can.
        Trigger::Failed(failure)
            if clip.status != Status::Packaging || failure.code == FailureCode::IngestFailed =>
        {
            next.status = Status::Failed;
            next.failure = Some(failure);
        }
        _ => return None,
    }

    let proven = next.manifests.keys().all(|configuration| next.playable.contains(configuration));
    if next.status == Status::Packaging && proven && !next.manifests.is_empty() {
        next.status = Status::Ready;
        next.ready_at = Some(now);
    }
    next.updated_at = now;
    next.version += 1;
    next.next_check_at = next.status.is_unfinished().then(|| next.next_check(now));
    Some(next)
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

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_580_736_658 + seconds, 0).unwrap()
    }

    pub(in crate::library) fn clip(status: Status) -> Clip {
        let window = Window::new(at(0), at(120)).unwrap();
        let manifests = match status {
            Status::Packaging | Status::Ready => manifests(),
            Status::Queued
            | Status::Harvesting
            | Status::Uploading
            | Status::Transcoding
            | Status::Failed => BTreeMap::new(),
        };
        let source = match status {
            Status::Uploading | Status::Transcoding => Source::Upload(Upload {
                key: "100m-dash/20200203133058_20200203133058_k7Qx2f/original.mp4".to_owned(),
                filename: "final.mp4".to_owned(),
                at: at(0),
                size: Some(7),
                uploader: None,
                multipart: None,
                expires_at: Some(at(3600)),
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
            source,
            actual: None,
            title: "First race".to_owned(),
            description: String::new(),
            tags: Vec::new(),
            manifests,
            playable: std::collections::BTreeSet::new(),
            failure: None,
            created_at: at(130),
            updated_at: at(130),
            ready_at: None,
            next_check_at: status.is_unfinished().then(|| at(140)),
        }
    }

    fn manifests() -> BTreeMap<ConfigurationId, String> {
        [("hls", "/out/v1/a/b/c/index.m3u8"), ("dash", "/out/v1/a/b/d/index.mpd")]
            .map(|(id, path)| (id.to_owned(), path.to_owned()))
            .into()
    }

    fn triggers() -> [Trigger; 10] {
        let failed =
            |code| Trigger::Failed(Failure { code, message: "it did not work".to_owned() });
        let playable = |id: &str| Trigger::Playable { configuration: id.to_owned() };
        let actual = ActualBounds { start: at(0), end: at(10), duration_seconds: 10.0 };
        [
            Trigger::HarvestStarted,
            Trigger::MultipartStarted { multipart: "m".to_owned() },
            Trigger::FileProbed { actual, thumbnails: 10 },
            Trigger::TranscodeStarted { job: "j".to_owned() },
            Trigger::TranscodeProgressed { percent: 50 },
            Trigger::AssetCreated { manifests: manifests() },
            playable("hls"),
            playable("dash"),
            failed(FailureCode::HarvestFailed),
            failed(FailureCode::IngestFailed),
        ]
    }

    /// One row per state; a column per trigger, in the order of [`triggers`]. `.` is no change,
    /// `=` a change that leaves the status as it is.
    #[test]
    fn every_state_meets_every_trigger() {
        use Status::{Failed, Harvesting, Packaging, Queued, Ready, Transcoding, Uploading};
        let table = [
            (Queued, "harvesting . . . . packaging = = failed failed"),
            (Harvesting, ". . . . . packaging = = failed failed"),
            (Uploading, ". = transcoding . . packaging = = failed failed"),
            (Transcoding, ". . . = = packaging = = failed failed"),
            (Packaging, ". . . . . . = = . failed"),
            (Ready, ". . . . . . . . . ."),
            (Failed, ". . . . . . . . . ."),
        ];
        for (status, expected) in table {
            let before = clip(status);
            let actual = triggers().map(|trigger| match after(&before, trigger, at(200)) {
                None => ".".to_owned(),
                Some(next) if next.status == status => "=".to_owned(),
                Some(next) => serde_json::to_value(next.status).unwrap().as_str().unwrap().into(),
            });
            assert_eq!(actual.join(" "), expected, "{status:?}");
        }
    }

    #[test]
    fn a_clip_is_ready_in_any_order_and_with_every_repetition() {
        let [started, _, _, _, _, created, hls, dash, _, _] = triggers();
        let orders = [
            [&started, &created, &hls, &dash],
            [&started, &hls, &dash, &created],
            [&hls, &created, &dash, &started],
            [&dash, &hls, &started, &created],
        ];
        for order in orders {
            let mut now = clip(Status::Queued);
            let mut became_ready = 0;
            for trigger in order.into_iter().chain(order) {
                if let Some(next) = after(&now, trigger.clone(), at(200)) {
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
        let [_, multipart, probed, started, progressed, created, hls, dash, _, _] = triggers();
        for order in [
            [&multipart, &probed, &started, &progressed, &created, &hls, &dash],
            [&multipart, &probed, &progressed, &started, &hls, &created, &dash],
            [&probed, &created, &started, &dash, &progressed, &hls, &multipart],
        ] {
            let mut now = clip(Status::Uploading);
            for trigger in order.into_iter().chain(order) {
                now = after(&now, trigger.clone(), at(200)).unwrap_or(now);
            }
            assert_eq!(now.status, Status::Ready, "{order:?}");
            assert_eq!(now.upload().unwrap().thumbnails, 10);
            assert_eq!(now.actual.unwrap().end, at(10));
        }
    }

    #[test]
    fn one_job_and_growing_progress() {
        let mut now = clip(Status::Transcoding);
        let mut tell = |trigger| match after(&now, trigger, at(200)) {
            Some(next) => {
                now = next;
                true
            }
            None => false,
        };
        let started = |job: &str| Trigger::TranscodeStarted { job: job.to_owned() };
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
        let [_, _, _, _, _, _, hls, ..] = triggers();
        let next = after(&clip(Status::Packaging), hls, at(200)).unwrap();
        assert_eq!((next.status, next.ready_at), (Status::Packaging, None));
    }

    #[test]
    fn an_asset_without_formats_is_never_ready() {
        let created = Trigger::AssetCreated { manifests: BTreeMap::new() };
        let next = after(&clip(Status::Harvesting), created, at(200)).unwrap();
        assert_eq!(next.status, Status::Packaging);
    }

    #[test]
    fn looks_grow_rarer_with_age() {
        let clip = clip(Status::Harvesting);
        let wait = |age: i64| (clip.next_check(at(130 + age)) - at(130 + age)).num_seconds();
        assert_eq!([wait(0), wait(19), wait(60), wait(1200), wait(90_000)], [10, 10, 30, 600, 600]);
    }
}

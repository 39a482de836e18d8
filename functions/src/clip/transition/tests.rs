//! Applies every trigger in every state, and the same triggers in different orders.

mod asset;
mod exact;
mod remake;
mod removal;
mod suggestion;

use super::*;
use crate::clip::{Attempt, ClipId, ClipKey, Description, FailureCode, NewWindow, Window};

pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_580_736_658 + seconds, 0).unwrap()
}

pub(crate) fn clip(status: Status) -> Clip {
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
            joining_since: None,
            awaited_until: Some(at(3600)),
            job: None,
            progress: None,
            thumbnails: 0,
            captions: Vec::new(),
            default_sound: None,
        }),
        _ => Source::Live { channel: "main".into(), requested: window },
    };
    let key =
        ClipKey { competition: "100m-dash".parse().unwrap(), clip: ClipId::for_window(window) };
    let about = Description { title: "First race".to_owned(), ..Description::default() };
    Clip {
        manifests,
        suggested_by: (status == Status::Suggested).then(suggestion::suggested_by),
        failure: (status == Status::Failed)
            .then(|| Failure { code: FailureCode::HarvestFailed, message: "no".to_owned() }),
        deleted_at: (status == Status::Deleting).then(|| at(130)),
        deleted_from: (status == Status::Deleting).then_some(Status::Harvesting),
        next_check_at: status.is_pending().then(|| at(140)),
        ..Clip::new(key, status, source, &about, at(130))
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
    let actual = Bounds { start: at(0), end: at(10), duration_seconds: 10.0 };
    Trigger::FileProbed { actual: Some(actual) }
}

fn multipart() -> Trigger {
    Trigger::MultipartStarted { multipart: "m".to_owned() }
}

fn started(job: &str) -> Trigger {
    Trigger::TranscodeStarted { job: job.to_owned() }
}

/// A deletion without days in the trash.
pub(crate) fn deletion() -> Trigger {
    Trigger::Deleted { keep: TimeDelta::zero() }
}

fn edited(title: &str) -> Trigger {
    Trigger::Edited(Edit { title: Some(title.to_owned()), ..Edit::default() })
}

fn new_end(end: i64, has_aired: bool) -> Trigger {
    let window = Window::new(at(0), at(end)).unwrap();
    let window = if has_aired {
        NewWindow::Aired { window, actual: None }
    } else {
        NewWindow::Ahead(window)
    };
    Trigger::Edited(Edit { window: Some(window), ..Edit::default() })
}

fn trimmed() -> Trigger {
    let window = Some(NewWindow::Trimmed(Window::new(at(1), at(119)).unwrap()));
    Trigger::Edited(Edit { window, ..Edit::default() })
}

pub(crate) fn apply(clip: &Clip, trigger: Trigger) -> Option<Clip> {
    apply_trigger(clip, clip.attempt, trigger, at(200))
}

fn column(before: &Clip, attempt: u32, trigger: Trigger) -> &'static str {
    match apply_trigger(before, attempt, trigger, at(200)) {
        None => ".",
        Some(next) if next.status == before.status => "=",
        Some(next) => next.status.as_str(),
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
            Trigger::JoiningStarted,
            probed(),
            started("j"),
            Trigger::TranscodeProgressed { percent: 50 },
            Trigger::Transcoded { seconds: None, thumbnails: 3 },
            created(),
            playable("hls"),
            failed(FailureCode::HarvestFailed),
            failed(FailureCode::IngestFailed),
            Trigger::Retried,
            edited("Another"),
            new_end(100, true),
            new_end(300, false),
            trimmed(),
            Trigger::Planned(Box::new(suggestion::planned())),
            Trigger::Withdrawn,
            suggestion::confirmed(true),
            Trigger::Published,
            Trigger::Abandoned,
            Trigger::FileArrived,
            deletion(),
            Trigger::Expired,
            Trigger::RemovalStarted,
            Trigger::Restored,
        ]
    };
    let table = [
        "suggested   . . . . . . . . . . . . . = . = . = deleting queued . . . deleting . . .",
        "scheduled   queued . . . . . . . packaging = failed failed . = queued = . . . . . . . deleting . . .",
        "queued      . harvesting . . . . . . packaging = failed failed . = . . . . . . . . . deleting . . .",
        "harvesting  . . . . . . . . packaging = failed failed . = . . . . . . . . . deleting . . .",
        "uploading   . . = = transcoding . . . packaging = failed failed . = . . . . . . . deleting . deleting . . .",
        "transcoding . . . . . = = = packaging = failed failed . = . . . . . . . . . deleting . . .",
        "packaging   . . . . . . . . . = . failed . = . . . . . . . . . deleting . . .",
        "ready       . . . . . . . . . . . . . = . . = . . . . . . deleting . . .",
        "failed      . . . . . . . . . . . . queued = . . . . . . . . . deleting . . .",
        "deleting    . . . . . . . . . . . . . . . . . . . . . . . . . = harvesting",
    ];
    // What is known of an earlier attempt, or of one that is yet to come, is about another.
    let other = ". . . . . . . . . . . . . = . . . . . . . . . deleting . . .";
    let other_of_ready = ". . . . . . . . . . . . . = . . = . . . . . . deleting . . .";
    let other_of_scheduled = ". . . . . . . . . . . . . = queued = . . . . . . . deleting . . .";
    let other_of_suggested =
        ". . . . . . . . . . . . . = . = . = deleting queued . . . deleting . . .";
    for (status, expected) in Status::ALL.into_iter().zip(table) {
        let before = clip(status);
        let row = |attempt| triggers().map(|trigger| column(&before, attempt, trigger)).join(" ");
        let (name, columns) = expected.split_once(char::is_whitespace).unwrap();
        assert_eq!((status.as_str(), row(1).as_str()), (name, columns.trim()));
        let of_none = match status {
            Status::Deleting => columns.trim(),
            Status::Suggested => other_of_suggested,
            Status::Scheduled => other_of_scheduled,
            Status::Ready => other_of_ready,
            _ => other,
        };
        assert_eq!((row(0).as_str(), row(2).as_str()), (of_none, of_none), "{name}");
    }
}

/// Retries each failure, of a live and of an uploaded clip. Checks the status after the retry, and the
/// attempt whose media the clip then has.
#[test]
fn a_retry_repeats_only_the_step_that_failed() {
    use FailureCode::{AssetRefused, HarvestFailed, HarvestRefused, IngestFailed};

    let file = clip(Status::Uploading).source;
    let check = |code, source: Option<&Source>, expected: (Status, u32)| {
        let mut before = clip(Status::Failed);
        before.failure = Some(Failure { code, message: "no".to_owned() });
        before.source = source.unwrap_or(&before.source).clone();
        before.playable = ["hls".to_owned()].into();
        let next = apply(&before, Trigger::Retried).unwrap();
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
    for attempt in 2..=Attempt::MAX_UNTIL_READY {
        now = apply(&now, Trigger::Retried).unwrap();
        assert_eq!(now.attempt, attempt);
        assert_eq!(apply_trigger(&now, attempt - 1, Trigger::Retried, at(200)), None, "once");
        now = apply(&now, failed(FailureCode::HarvestFailed)).unwrap();
    }
    assert_eq!(apply(&now, Trigger::Retried), None);
}

#[test]
fn a_retried_ingest_is_ready_once_its_new_asset_is() {
    let mut now = clip(Status::Packaging);
    for trigger in [failed(FailureCode::IngestFailed), Trigger::Retried, playable("hls")] {
        now = apply(&now, trigger).unwrap();
    }
    assert_eq!((now.status, now.manifests.len()), (Status::Packaging, 0));
    for trigger in [created(), playable("dash")] {
        now = apply(&now, trigger).unwrap();
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
            if let Some(next) = apply(&now, trigger.clone()) {
                assert_eq!(next.version, now.version + 1);
                assert!(now.updated_at < next.updated_at, "all of it came in one moment");
                became_ready += u32::from(next.status == Status::Ready);
                now = next;
            }
        }
        assert_eq!((now.status, became_ready), (Status::Ready, 1), "{order:?}");
        assert_eq!((now.ready_at.is_some(), now.next_check_at), (true, None));
    }
}

#[test]
fn an_upload_is_ready_in_any_order_and_with_every_repetition() {
    let (multipart, probed, started) = (multipart(), probed(), started("j"));
    let progressed = Trigger::TranscodeProgressed { percent: 50 };
    let transcoded = Trigger::Transcoded { seconds: Some(9.9), thumbnails: 10 };
    let (created, hls, dash) = (created(), playable("hls"), playable("dash"));
    for order in [
        [&multipart, &probed, &started, &progressed, &transcoded, &created, &hls, &dash],
        [&multipart, &probed, &transcoded, &progressed, &started, &hls, &created, &dash],
        [&probed, &transcoded, &created, &started, &dash, &progressed, &hls, &multipart],
    ] {
        let mut now = clip(Status::Uploading);
        for trigger in order.into_iter().chain(order) {
            now = apply(&now, trigger.clone()).unwrap_or(now);
        }
        assert_eq!(now.status, Status::Ready, "{order:?}");
        assert_eq!(now.upload().unwrap().thumbnails, 10);
        assert_eq!(now.actual.unwrap().end, at(10) - TimeDelta::milliseconds(100));
    }
}

#[test]
fn the_job_says_how_long_a_clip_is_if_it_says_so() {
    let check = |probed: Trigger, seconds, end: i64| {
        let clip = apply(&clip(Status::Uploading), probed).unwrap();
        let clip = apply(&clip, Trigger::Transcoded { seconds, thumbnails: 10 }).unwrap();
        assert_eq!(clip.actual.unwrap().end, at(end));
    };
    check(Trigger::FileProbed { actual: None }, Some(9.0), 9);
    check(probed(), Some(9.0), 9);
    check(probed(), None, 10);
}

#[test]
fn one_job_and_growing_progress() {
    let mut now = clip(Status::Transcoding);
    let mut tell = |trigger| match apply(&now, trigger) {
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
    let next = apply(&clip(Status::Packaging), playable("hls")).unwrap();
    assert_eq!((next.status, next.ready_at), (Status::Packaging, None));
}

#[test]
fn an_asset_without_formats_is_never_ready() {
    let created = Trigger::AssetCreated { manifests: BTreeMap::new() };
    let next = apply(&clip(Status::Harvesting), created).unwrap();
    assert_eq!(next.status, Status::Packaging);
}

#[test]
fn an_asset_that_was_made_anew_has_to_prove_itself_again() {
    let hls = apply(&clip(Status::Packaging), playable("hls")).unwrap();
    let manifests = [("hls".to_owned(), "/out/v1/d/e/f/index.m3u8".to_owned())].into();
    let next = apply(&hls, Trigger::AssetCreated { manifests }).unwrap();
    assert_eq!((next.status, next.playable.len()), (Status::Packaging, 0));
}

#[test]
fn an_edit_that_changes_nothing_is_none() {
    let clip = clip(Status::Ready);
    assert_eq!(apply(&clip, edited(&clip.title)), None);
    let expiry = Edit { expires_at: Some(Some(at(900))), ..Edit::default() };
    let next = apply(&clip, Trigger::Edited(expiry)).unwrap();
    assert_eq!((next.expires_at, next.next_check_at), (Some(at(900)), Some(at(900))));
    let kept = Edit { expires_at: Some(None), ..Edit::default() };
    let next = apply(&next, Trigger::Edited(kept)).unwrap();
    assert_eq!((next.expires_at, next.next_check_at), (None, None));
}

#[test]
fn a_new_end_moves_the_check_or_starts_the_harvest() {
    let requested = |clip: &Clip| match clip.source {
        Source::Live { requested, .. } => requested.end(),
        Source::Upload(_) | Source::Reel(_) => panic!("the clip is a live clip"),
    };
    let scheduled = clip(Status::Scheduled);
    let later = apply(&scheduled, new_end(900, false)).unwrap();
    assert_eq!((later.status, requested(&later)), (Status::Scheduled, at(900)));
    assert_eq!(later.next_check_at, Some(at(930)));
    let ended = apply(&scheduled, new_end(100, true)).unwrap();
    assert_eq!((ended.status, requested(&ended)), (Status::Queued, at(100)));
    assert_eq!((ended.queued_at, ended.next_check_at), (Some(at(200)), None));
    assert_eq!(ended.clip, scheduled.clip, "the id keeps the end of the first request");
}

#[test]
fn a_clip_is_active_if_it_is_ready_and_not_held_back() {
    let held_back = Edit { listed: Some(false), ..Edit::default() };
    let at_900 = Edit { publish_at: Some(Some(at(900))), ..Edit::default() };
    for status in Status::ALL {
        assert_eq!(clip(status).is_active(), status == Status::Ready);
    }
    let ready = clip(Status::Ready);
    assert!(!apply(&ready, Trigger::Edited(held_back)).unwrap().is_active());
    let waiting = apply(&ready, Trigger::Edited(at_900)).unwrap();
    assert_eq!((waiting.is_active(), waiting.next_check_at), (false, Some(at(900))));
    assert_eq!(apply_trigger(&waiting, 1, Trigger::Published, at(899)), None);
    let published = apply_trigger(&waiting, 1, Trigger::Published, at(900)).unwrap();
    assert!(published.is_active());
    assert_eq!((published.publish_at, published.next_check_at), (None, None));
    let past = Edit { publish_at: Some(Some(at(200))), ..Edit::default() };
    assert!(apply(&waiting, Trigger::Edited(past)).unwrap().is_active(), "it is time");
}

//! Transitions stay consistent, in whatever order and however often the triggers arrive.

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{
    Attempt, Bounds, Clip, Description, Edit, Failure, FailureCode, Source, Status, Trigger,
    Upload, apply_trigger,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::values::key;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_580_736_600 + seconds, 0).expect("the number is a time")
}

fn bounds() -> Bounds {
    Bounds { start: at(0), end: at(10), duration_seconds: 10.0 }
}

/// A new clip of a live stream or of an uploaded file.
fn clip() -> impl Strategy<Value = Clip> {
    let description = prop::option::of(0..2000_i64)
        .prop_map(|expires| Description { expires_at: expires.map(at), ..Description::default() });
    let status = select(vec![Status::Scheduled, Status::Queued, Status::Uploading]);
    (key(), status, description).prop_map(|(key, status, description)| {
        let source = match status {
            Status::Uploading => Source::Upload(Upload {
                key: "demo/original.mp4".to_owned(),
                filename: "final.mp4".to_owned(),
                at: at(0),
                size: Some(7),
                uploader: None,
                multipart: None,
                joining_since: None,
                awaited_until: Some(at(600)),
                job: None,
                progress: None,
                thumbnails: 0,
                captions: Vec::new(),
                default_sound: None,
            }),
            _ => Source::Live {
                channel: "main".into(),
                requested: matchcut::clip::Window::new(at(0), at(10)).expect("ten seconds"),
            },
        };
        Clip::new(key, status, source, &description, at(0))
    })
}

fn created(formats: &[&str]) -> Trigger {
    let path = |format: &&str| ((*format).to_owned(), format!("/out/v1/{format}"));
    Trigger::AssetCreated { manifests: formats.iter().map(path).collect() }
}

fn playable(format: &str) -> Trigger {
    Trigger::Playable { configuration: format.to_owned() }
}

fn failed(code: FailureCode) -> Trigger {
    Trigger::Failed(Failure { code, message: "It did not work.".to_owned() })
}

fn edit() -> impl Strategy<Value = Trigger> {
    let expiry = prop::option::of(prop::option::of((0..2000_i64).prop_map(at)));
    (prop::option::of("[a-c]"), expiry).prop_map(|(title, expires_at)| {
        Trigger::Edited(Edit { title, expires_at, ..Edit::default() })
    })
}

fn trigger() -> impl Strategy<Value = Trigger> {
    use FailureCode::{AssetRefused, HarvestFailed, IngestFailed, TranscodeFailed};
    let code = select(vec![AssetRefused, HarvestFailed, IngestFailed, TranscodeFailed]);
    let format = select(vec!["hls", "dash"]);
    let formats = subsequence(vec!["hls", "dash"], 0..=2);
    prop_oneof![
        1 => Just(Trigger::Aired { actual: Some(bounds()) }),
        1 => Just(Trigger::HarvestStarted),
        1 => "[mn]".prop_map(|multipart| Trigger::MultipartStarted { multipart }),
        1 => Just(Trigger::FileProbed { actual: Some(bounds()) }),
        1 => "[jk]".prop_map(|job| Trigger::TranscodeStarted { job }),
        1 => (0..=100_u8).prop_map(|percent| Trigger::TranscodeProgressed { percent }),
        1 => (1..9_u8, 0..3_u32).prop_map(|(seconds, thumbnails)| {
            Trigger::Transcoded { seconds: Some(seconds.into()), thumbnails }
        }),
        3 => formats.prop_map(|formats| created(&formats)),
        3 => format.prop_map(playable),
        2 => code.prop_map(failed),
        2 => Just(Trigger::Retried),
        1 => edit(),
        1 => Just(Trigger::Expired),
        1 => Just(Trigger::AssetReplaced),
        1 => Just(Trigger::AssetDeleted),
    ]
}

/// Triggers in order, each with the number of its attempt. `None` is the current attempt, which is
/// the most frequent.
fn triggers() -> impl Strategy<Value = Vec<(Trigger, Option<u32>)>> {
    let attempt = prop_oneof![4 => Just(None), 1 => (0..8_u32).prop_map(Some)];
    let deleted =
        prop_oneof![40 => trigger(), 1 => Just(Trigger::Deleted { keep: TimeDelta::zero() })];
    prop::collection::vec((deleted, attempt), 0..60)
}

/// Checks the invariants of every row.
fn check(clip: &Clip) -> Result<(), TestCaseError> {
    let proven = !clip.manifests.is_empty()
        && clip.manifests.keys().all(|format| clip.playable.contains(format));
    let status = clip.status;
    prop_assert!(status != Status::Ready || proven && clip.ready_at.is_some());
    prop_assert!(status != Status::Packaging || !proven, "a proven clip is still packaging");
    prop_assert!(!status.is_in_progress() || clip.failure.is_none());
    prop_assert!(status != Status::Failed || clip.failure.is_some());
    prop_assert_eq!(clip.queued_at.is_some(), status == Status::Queued);
    prop_assert_eq!(clip.deleted_at.is_some(), status == Status::Deleting);
    // The harvest queue starts queued clips, so they need no check.
    let has_next_step = clip.next_check_at.is_some() || status == Status::Queued;
    prop_assert!(!status.is_pending() || has_next_step, "a pending clip has no next check");
    prop_assert!(
        clip.expires_at.is_none() || clip.next_check_at.is_some(),
        "an expiry has no check"
    );
    prop_assert!((1..=Attempt::MAX_UNTIL_READY).contains(&clip.attempt));
    prop_assert!((1..=clip.attempt).contains(&clip.media_attempt));
    let has_upload_status = [Status::Uploading, Status::Transcoding].contains(&status);
    let has_live_status = [Status::Scheduled, Status::Queued, Status::Harvesting].contains(&status);
    let is_wrong = if clip.upload().is_some() { has_live_status } else { has_upload_status };
    prop_assert!(!is_wrong, "status {:?} does not fit the source", status);
    let row = serde_json::to_value(clip).expect("a clip can be encoded");
    prop_assert_eq!(&serde_json::from_value::<Clip>(row).expect("a row can be decoded"), clip);
    Ok(())
}

/// Checks the invariants of every change.
fn check_change(
    before: &Clip,
    next: &Clip,
    attempt: u32,
    trigger: &Trigger,
) -> Result<(), TestCaseError> {
    check(next)?;
    prop_assert_eq!(next.version, before.version + 1);
    prop_assert!(next.updated_at > before.updated_at, "change events would be in the wrong order");
    prop_assert_ne!(before.status, Status::Deleting, "a deleted clip changed");
    prop_assert_eq!((next.key(), next.created_at), (before.key(), before.created_at));
    let is_for_any_attempt =
        matches!(trigger, Trigger::Edited(_) | Trigger::Deleted { .. } | Trigger::Expired);
    prop_assert!(
        is_for_any_attempt || attempt == before.attempt,
        "a trigger of another attempt changed the clip"
    );
    let is_retry = matches!(trigger, Trigger::Retried);
    prop_assert_eq!(next.attempt, before.attempt + u32::from(is_retry));
    if before.status != next.status && !before.status.is_in_progress() {
        let is_deleted = next.status == Status::Deleting;
        prop_assert!(is_deleted || is_retry && before.status == Status::Failed);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_triggers_in_any_order_keep_the_invariants(clip in clip(), triggers in triggers()) {
        let mut now = clip;
        check(&now)?;
        for (seconds, (trigger, attempt)) in (1..).zip(triggers) {
            let (time, attempt) = (at(seconds * 10), attempt.unwrap_or(now.attempt));
            let Some(next) = apply_trigger(&now, attempt, trigger.clone(), time) else { continue };
            check_change(&now, &next, attempt, &trigger)?;
            let again = apply_trigger(&next, attempt, trigger.clone(), time + TimeDelta::seconds(1));
            prop_assert_eq!(again, None, "{:?} changed the clip twice", trigger);
            now = next;
        }
    }

    /// Each fact about an attempt that succeeds arrives at least once, in any order.
    #[test]
    fn the_facts_of_a_successful_attempt_lead_to_ready_in_any_order(
        clip in clip(),
        repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let facts = [
            Trigger::Aired { actual: Some(bounds()) },
            Trigger::HarvestStarted,
            Trigger::FileProbed { actual: Some(bounds()) },
            Trigger::TranscodeStarted { job: "j".to_owned() },
            Trigger::TranscodeProgressed { percent: 50 },
            created(&["hls", "dash"]),
            playable("hls"),
            playable("dash"),
        ];
        let mut now = clip.clone();
        let any = repeated.iter().map(|it| it.index(facts.len()));
        for (seconds, fact) in (1..).zip(any.chain(order)) {
            now = apply_trigger(&now, 1, facts[fact].clone(), at(seconds)).unwrap_or(now);
        }
        prop_assert_eq!(now.status, Status::Ready);
        let formats = ["hls", "dash"].map(str::to_owned);
        prop_assert_eq!(&now.playable, &formats.clone().into());
        prop_assert!(now.manifests.keys().eq(now.playable.iter()));
    }

    #[test]
    fn a_failed_clip_can_be_retried_up_to_five_attempts(
        clip in clip(),
        code in select(vec![FailureCode::HarvestFailed, FailureCode::IngestFailed]),
        failures in 0..8_u32,
    ) {
        let mut now = clip;
        let mut apply = |trigger| {
            let next = apply_trigger(&now, now.attempt, trigger, at(1));
            let changed = next.is_some();
            now = next.unwrap_or(now.clone());
            changed
        };
        let mut retries = 0;
        for _ in 0..failures {
            apply(failed(code));
            retries += u32::from(apply(Trigger::Retried));
        }
        for trigger in [created(&["hls"]), playable("hls")] {
            apply(trigger);
        }
        prop_assert_eq!(retries, failures.min(Attempt::MAX_UNTIL_READY - 1));
        let expected = if failures < Attempt::MAX_UNTIL_READY { Status::Ready } else { Status::Failed };
        prop_assert_eq!((now.status, now.attempt), (expected, retries + 1));
    }
}

//! Tests of clips that expire, are deleted and are restored.

use super::*;

#[test]
fn a_clip_expires_when_its_time_is_over() {
    for status in Status::ALL {
        let mut clip = clip(status);
        clip.expires_at = Some(at(201));
        assert_eq!(apply(&clip, Trigger::Expired), None);
        clip.expires_at = Some(at(200));
        let next = apply(&clip, Trigger::Expired);
        assert_eq!(next.is_some(), status != Status::Deleting, "{status:?}");
        if let Some(next) = next {
            assert_eq!((next.status, next.deleted_at), (Status::Deleting, Some(at(200))));
            if status != Status::Suggested {
                assert_eq!(next.next_check_at, Some(at(215)), "lists may still show it until then");
            }
        }
    }
}

#[test]
fn a_restored_clip_is_what_it_was_and_is_checked_if_events_may_be_missing() {
    for status in Status::ALL.into_iter().filter(|status| *status != Status::Deleting) {
        let before = clip(status);
        let deleted = apply(&before, deletion()).unwrap();
        let restored = apply_trigger(&deleted, 1, Trigger::Restored, at(210)).unwrap();
        assert_eq!((restored.status, restored.deleted_at), (status, None));
        assert_eq!(restored.deleted_from, None);
        assert_eq!(restored.queued_at, (status == Status::Queued).then(|| at(210)), "{status:?}");
        let expected = match status {
            Status::Ready | Status::Failed | Status::Queued => None,
            Status::Suggested => Some(at(5000)),
            Status::Scheduled => Some(at(220)),
            _ => Some(at(210)),
        };
        assert_eq!(restored.next_check_at, expected, "{status:?}");
        let what_remains = Clip {
            suggested_by: before.suggested_by.clone(),
            version: before.version,
            updated_at: before.updated_at,
            queued_at: before.queued_at,
            next_check_at: before.next_check_at,
            ..restored
        };
        assert_eq!(what_remains, before);
    }
}

#[test]
fn a_clip_whose_removal_has_started_is_not_restored() {
    let deleted = apply(&clip(Status::Ready), deletion()).unwrap();
    let removed = apply(&deleted, Trigger::RemovalStarted).unwrap();
    assert_eq!(apply(&removed, Trigger::Restored), None);
    assert_eq!(apply(&removed, Trigger::RemovalStarted), None);
    let of_version_0_1_0 = Clip { deleted_from: None, ..deleted };
    assert_eq!(apply(&of_version_0_1_0, Trigger::Restored), None, "its status is not known");
}

#[test]
fn a_restored_clip_that_had_expired_is_kept() {
    let mut expiring = clip(Status::Ready);
    expiring.expires_at = Some(at(200));
    let deleted = apply(&expiring, Trigger::Expired).unwrap();
    let restored = apply(&deleted, Trigger::Restored).unwrap();
    assert_eq!((restored.status, restored.expires_at), (Status::Ready, None));
    assert_eq!(restored.next_check_at, None);
    expiring.expires_at = Some(at(900));
    let deleted = apply(&expiring, deletion()).unwrap();
    let restored = apply(&deleted, Trigger::Restored).unwrap();
    assert_eq!(restored.expires_at, Some(at(900)), "an expiry that has not passed is kept");
}

#[test]
fn a_deleted_clip_is_kept_for_the_days_of_the_trash_and_an_expired_one_is_not() {
    let keep = TimeDelta::days(7);
    let trashed = apply(&clip(Status::Ready), Trigger::Deleted { keep }).unwrap();
    assert_eq!(trashed.next_check_at, Some(at(200) + keep));
    assert_eq!(apply(&trashed, Trigger::Restored).unwrap().status, Status::Ready);
    let expiring = Clip { expires_at: Some(at(200)), ..clip(Status::Ready) };
    let expired = apply(&expiring, Trigger::Expired).unwrap();
    assert_eq!(expired.next_check_at, Some(at(200) + MAX_LIST_AGE));
}

#[test]
fn an_upload_is_abandoned_only_while_its_file_is_awaited() {
    let abandoned = apply(&clip(Status::Uploading), Trigger::Abandoned).unwrap();
    assert_eq!((abandoned.status, abandoned.deleted_at), (Status::Deleting, Some(at(200))));
    assert_eq!(apply(&clip(Status::Transcoding), Trigger::Abandoned), None);
    assert_eq!(apply_trigger(&clip(Status::Uploading), 2, Trigger::Abandoned, at(200)), None);
}

#[test]
fn a_file_that_arrives_after_its_row_was_given_up_restores_the_clip_until_its_removal() {
    let after = |clip: &Clip, trigger, seconds| apply_trigger(clip, 1, trigger, at(seconds));
    let given_up = after(&clip(Status::Uploading), Trigger::Abandoned, 3600).unwrap();
    assert_eq!(given_up.next_check_at, Some(at(3600) + MAX_LATENESS));
    let restored = after(&given_up, Trigger::FileArrived, 9000).unwrap();
    assert_eq!((restored.status, restored.title.as_str()), (Status::Uploading, "First race"));
    let removing = after(&given_up, Trigger::RemovalStarted, 9000).unwrap();
    assert_eq!(after(&removing, Trigger::FileArrived, 9001), None);
    let deleted = after(&clip(Status::Uploading), deletion(), 200).unwrap();
    assert_eq!(after(&deleted, Trigger::FileArrived, 9000), None, "a person deleted it");
}

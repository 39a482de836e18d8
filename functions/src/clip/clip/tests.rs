//! Checks when the sweep next checks a clip, and when its row may be deleted.

use super::*;
use crate::clip::transition::tests::{apply, at, clip, deletion};

#[test]
fn the_row_of_a_deleted_clip_stays_while_a_file_or_a_function_may_still_arrive() {
    let removable_at = |status| apply(&clip(status), deletion()).unwrap().removable_at();
    assert_eq!(removable_at(Status::Queued), Some(at(200 + 180)));
    assert_eq!(removable_at(Status::Uploading), Some(at(3600)), "its URL is good until then");
}

#[test]
fn a_failed_removal_is_retried_within_ten_minutes() {
    for status in [Status::Queued, Status::Uploading] {
        let deleted = apply(&clip(status), deletion()).unwrap();
        assert_eq!(deleted.next_check(at(220)), Some(at(230)), "{status:?}");
        assert_eq!(deleted.next_check(at(3599 - 700)), Some(at(3599 - 100)), "{status:?}");
    }
    let awaited = apply(&clip(Status::Uploading), deletion()).unwrap();
    assert_eq!(awaited.next_check(at(3599)), Some(at(3600)), "its row may go then");
}

#[test]
fn a_clip_with_an_expiry_is_checked_at_its_expiry_at_the_latest() {
    let next_check = |status, expires_at| {
        Clip { expires_at, ..clip(status) }.next_check(at(130)).map(|next| next - at(0))
    };
    for status in [Status::Ready, Status::Failed, Status::Queued] {
        assert_eq!(next_check(status, None), None, "{status:?}");
    }
    for status in Status::ALL.into_iter().filter(|status| *status != Status::Deleting) {
        let checked_at = next_check(status, Some(at(131)));
        assert_eq!(checked_at, Some(TimeDelta::seconds(131)), "{status:?}");
    }
    assert!(next_check(Status::Uploading, Some(at(90_000))) < Some(TimeDelta::seconds(90_000)));
    let mut by_default = clip(Status::Queued);
    by_default.set_default_expiry(Some(at(900)));
    assert_eq!(by_default.next_check_at, Some(at(900)));
}

#[test]
fn a_scheduled_clip_is_checked_in_time_for_its_due_message_and_after_its_end() {
    let clip = clip(Status::Scheduled);
    let Source::Live { requested, .. } = &clip.source else { panic!("it is a live clip") };
    let end = requested.end();
    let check = |now: i64, expected: i64| {
        let next = clip.next_check(end + TimeDelta::seconds(now)).unwrap();
        assert_eq!(next - end, TimeDelta::seconds(expected), "{now} s after the end");
    };
    check(-14_400, -780);
    check(-781, -780);
    check(-780, 30);
    check(29, 30);
    check(30, 40);
    check(3000, 3010);
}

#[test]
fn checks_become_rarer_the_longer_a_clip_has_not_changed() {
    let clip = clip(Status::Harvesting);
    let wait = |age: i64| (clip.next_check(at(130 + age)).unwrap() - at(130 + age)).num_seconds();
    assert_eq!([wait(0), wait(19), wait(60), wait(1200), wait(90_000)], [10, 10, 30, 600, 600]);
}

//! Tests of clips that rules make: they follow their rule until an operator decides.

use super::*;
use crate::clip::{Bounds, PlannedClip, RuleId, SuggestedBy};

fn rule() -> RuleId {
    "goals-k7qx2f".parse().unwrap()
}

pub(super) fn suggested_by() -> SuggestedBy {
    SuggestedBy {
        rule: rule(),
        name: "Goals".to_owned(),
        version: 3,
        label: "goal".to_owned(),
        marks: 1,
        first: at(12),
        last: at(12),
        follows: true,
        confirmable_until: at(5000),
        until: at(9000),
    }
}

/// What the rule makes once a second mark has come.
pub(super) fn planned() -> PlannedClip {
    PlannedClip {
        window: Window::new(at(0), at(130)).unwrap(),
        title: "Two goals".to_owned(),
        tags: vec!["goal".to_owned()],
        suggested_by: SuggestedBy { marks: 2, last: at(124), ..suggested_by() },
    }
}

pub(super) fn confirmed(has_aired: bool) -> Trigger {
    let actual = Bounds { start: at(0), end: at(120), duration_seconds: 120.0 };
    let operator = Some("anna".to_owned());
    Trigger::Confirmed { operator, has_aired, actual: has_aired.then_some(actual) }
}

fn replanned() -> Trigger {
    Trigger::Planned(Box::new(planned()))
}

/// A clip of a rule that makes clips at once.
fn scheduled() -> Clip {
    Clip { suggested_by: Some(suggested_by()), ..clip(Status::Scheduled) }
}

fn requested(clip: &Clip) -> Window {
    let Source::Live { requested, .. } = clip.source else { panic!("the clip is a live clip") };
    requested
}

#[test]
fn a_clip_follows_its_rule_while_it_is_suggested_or_scheduled() {
    for before in [clip(Status::Suggested), scheduled()] {
        let next = apply(&before, replanned()).unwrap();
        assert_eq!((next.status, &next.clip), (before.status, &before.clip));
        assert_eq!((requested(&next), next.title.as_str()), (planned().window, "Two goals"));
        assert_eq!(next.suggested_by, Some(planned().suggested_by));
        assert_eq!(apply(&next, replanned()), None, "it is what is planned");
    }
    for status in Status::ALL.into_iter().filter(|status| *status != Status::Suggested) {
        let by_rule = Clip { suggested_by: Some(suggested_by()), ..clip(status) };
        let can_change = status == Status::Scheduled || by_rule.is_withdrawn();
        assert_eq!(apply(&by_rule, replanned()).is_some(), can_change, "{status:?}");
        assert_eq!(apply(&clip(status), replanned()), None, "no rule has made it");
    }
    let of_later_version = SuggestedBy { version: 4, ..suggested_by() };
    let other = Clip { suggested_by: Some(of_later_version), ..scheduled() };
    assert_eq!(apply(&other, replanned()), None);
}

#[test]
fn an_operator_who_edits_confirms_or_deletes_ends_the_following() {
    let restored = |clip: &Clip| apply(&apply(clip, deletion())?, Trigger::Restored);
    for before in [clip(Status::Suggested), scheduled()] {
        let edited_clip = apply(&before, edited("By hand")).unwrap();
        let others = [apply(&before, confirmed(false)), restored(&before)];
        for next in others.into_iter().flatten().chain([edited_clip]) {
            assert!(!next.suggested_by.as_ref().unwrap().follows, "{:?}", next.status);
            assert_eq!(apply(&next, replanned()), None);
            assert_eq!(apply(&next, Trigger::Withdrawn), None);
        }
        assert_eq!(apply(&before, edited(&before.title)), None, "nothing was edited");
    }
}

#[test]
fn a_confirmed_suggestion_is_made_once() {
    let suggestion = clip(Status::Suggested);
    let check = |has_aired, status, queued_at: Option<DateTime<Utc>>| {
        let next = apply(&suggestion, confirmed(has_aired)).unwrap();
        assert_eq!((next.status, next.queued_at), (status, queued_at));
        assert_eq!(next.created_by.as_deref(), Some("anna"));
        assert_eq!(next.actual.is_some(), has_aired);
        assert_eq!(apply(&next, confirmed(has_aired)), None);
    };
    check(true, Status::Queued, Some(at(200)));
    check(false, Status::Scheduled, None);
}

#[test]
fn a_suggestion_has_one_check_when_it_expires_and_one_when_its_row_may_go() {
    let suggestion = clip(Status::Suggested);
    assert_eq!(suggestion.next_check(at(140)), Some(at(5000)));
    assert_eq!(apply(&suggestion, Trigger::Expired), None);
    let expired = apply_trigger(&suggestion, 1, Trigger::Expired, at(5000)).unwrap();
    assert_eq!((expired.status, expired.next_check_at), (Status::Deleting, Some(at(9000))));
    let dismissed = apply(&suggestion, deletion()).unwrap();
    assert_eq!(dismissed.next_check_at, Some(at(9000)), "a late mark must not bring it back");
    assert_eq!((dismissed.removable_at(), dismissed.was_never_made()), (Some(at(9000)), true));
    let restored = apply(&dismissed, Trigger::Restored).unwrap();
    assert_eq!((restored.status, restored.next_check_at), (Status::Suggested, Some(at(5000))));
}

#[test]
fn a_withdrawn_clip_is_not_restored_but_its_rule_can_use_its_row_again() {
    for before in [clip(Status::Suggested), scheduled()] {
        let withdrawn = apply(&before, Trigger::Withdrawn).unwrap();
        assert_eq!(withdrawn.status, Status::Deleting);
        assert!(withdrawn.is_withdrawn() && withdrawn.was_never_made());
        assert_eq!(withdrawn.next_check_at, Some(at(200 + 180)), "followers see that it is gone");
        assert_eq!(apply(&withdrawn, Trigger::Restored), None);
        assert_eq!(apply(&withdrawn, Trigger::Withdrawn), None);
        let again = apply_trigger(&withdrawn, 1, replanned(), at(210)).unwrap();
        assert_eq!((again.status, again.title.as_str()), (before.status, "Two goals"));
        assert_eq!((again.deleted_at, again.removal_started), (None, false));
        assert!(again.next_check_at.is_some());
    }
    assert_eq!(apply(&clip(Status::Scheduled), Trigger::Withdrawn), None, "no rule has made it");
}

#[test]
fn the_row_of_a_deleted_clip_stays_until_the_marks_have_expired() {
    let made = Clip { suggested_by: Some(suggested_by()), ..clip(Status::Ready) };
    let deleted = apply(&made, deletion()).unwrap();
    assert_eq!((deleted.removable_at(), deleted.was_never_made()), (Some(at(9000)), false));
}

//! Tests of new media of a ready clip.

use super::*;
use crate::clip::Remake;

fn extended() -> Window {
    Window::new(at(-10), at(130)).unwrap()
}

fn remade(window: Window) -> Trigger {
    let window = Some(NewWindow::Remade { window, actual: Some(Bounds::lasting(at(-10), 140.0)) });
    Trigger::Edited(Edit { window, ..Edit::default() })
}

fn new_manifests() -> BTreeMap<ConfigurationId, String> {
    [("hls".to_owned(), "/out/v1/a/b/e/index.m3u8".to_owned())].into()
}

/// A ready clip of 120 s with its remake in the harvest queue.
fn remaking() -> Clip {
    apply(&clip(Status::Ready), remade(extended())).unwrap()
}

/// Applies triggers about the second attempt. Some may change nothing.
fn remake(clip: &Clip, triggers: impl IntoIterator<Item = Trigger>) -> Clip {
    triggers.into_iter().fold(clip.clone(), |clip, trigger| {
        apply_trigger(&clip, 2, trigger, at(300)).unwrap_or(clip)
    })
}

fn to_packaging() -> [Trigger; 2] {
    [Trigger::HarvestStarted, Trigger::AssetCreated { manifests: new_manifests() }]
}

fn status_of_remake(clip: &Clip) -> Option<Status> {
    clip.remake.as_ref().map(|remake| remake.status)
}

/// What viewers see of a clip.
fn shown(clip: &Clip) -> (Status, u32, &Source, &BTreeMap<ConfigurationId, String>) {
    (clip.status, clip.attempt, &clip.source, &clip.manifests)
}

#[test]
fn a_clip_plays_its_old_media_until_the_new_ones_are_proven() {
    let before = clip(Status::Ready);
    let mut remaking = remaking();
    assert_eq!(remaking.queued_at, Some(at(200)));
    for (trigger, expected) in [
        (Trigger::HarvestStarted, Status::Harvesting),
        (playable("dash"), Status::Harvesting),
        (Trigger::AssetCreated { manifests: new_manifests() }, Status::Packaging),
    ] {
        remaking = remake(&remaking, [trigger]);
        assert_eq!((shown(&remaking), remaking.queued_at), (shown(&before), None));
        assert_eq!(status_of_remake(&remaking), Some(expected));
        assert!(remaking.next_check_at.is_some(), "{expected:?}: an event may be lost");
    }
    let remade = remake(&remaking, [playable("hls")]);
    let source = Source::Live { channel: "main".into(), requested: extended() };
    assert_eq!(shown(&remade), (Status::Ready, 2, &source, &new_manifests()));
    assert_eq!((remade.actual.unwrap().start, remade.ready_at), (at(-10), before.ready_at));
    assert_eq!((&remade.remake, remade.asset_expires_at), (&None, None));
    // The old asset stays for who plays it: 15 s in cached lists, then an hour of pauses.
    let retired = &remade.retired[0];
    let unused_at = remade.updated_at + TimeDelta::seconds(15 + 3600);
    assert_eq!((retired.attempt, retired.removable_at), (1, unused_at));
    assert_eq!(remade.next_check_at, Some(retired.removable_at));
    assert_eq!(remade.removable_attempt(unused_at - TimeDelta::seconds(1)), None);
    assert_eq!(remade.removable_attempt(unused_at).unwrap().attempt, 1);
    let removed = apply_trigger(&remade, 1, Trigger::AttemptRemoved, unused_at).unwrap();
    assert_eq!((removed.retired.len(), removed.next_check_at), (0, None));
    assert_eq!(apply_trigger(&removed, 1, Trigger::AttemptRemoved, unused_at), None);
}

#[test]
fn a_failed_remake_leaves_the_clip_as_it_is_and_can_be_repeated() {
    for (triggers, code) in [
        (&to_packaging()[..1], FailureCode::HarvestFailed),
        (&to_packaging()[..], FailureCode::IngestFailed),
    ] {
        let failed_remake = remake(&remaking(), triggers.iter().cloned().chain([failed(code)]));
        assert_eq!(shown(&failed_remake), shown(&clip(Status::Ready)));
        assert_eq!(failed_remake.failure, None);
        let Some(Remake { status, failure, .. }) = &failed_remake.remake else {
            panic!("{code:?}")
        };
        assert_eq!((*status, failure.as_ref().unwrap().code), (Status::Failed, code));
        assert_eq!(failed_remake.retired[0].attempt, 2, "what it made is deleted");
        let window = Window::new(at(0), at(120)).unwrap();
        assert_eq!(failed_remake.wanted_window(), Some(window));

        let repeated = apply(&failed_remake, remade(extended())).unwrap();
        assert_eq!(repeated.remake.as_ref().unwrap().attempt, 3);
        assert_eq!(remake(&repeated, to_packaging()), repeated, "late facts about attempt 2");
    }
}

#[test]
fn a_clip_that_has_lost_its_asset_loses_that_of_its_remake_too() {
    let ready = Clip { asset_expires_at: Some(at(190)), ..clip(Status::Ready) };
    let keeps = remake(&apply(&ready, remade(extended())).unwrap(), to_packaging());
    assert_eq!(remake(&keeps, [playable("hls")]).asset_expires_at, Some(at(190)));

    let without_asset = apply(&ready, Trigger::AssetReplaced).unwrap();
    let loses = remake(&apply(&without_asset, remade(extended())).unwrap(), to_packaging());
    let loses = remake(&loses, [playable("hls")]);
    assert_eq!(loses.asset_expires_at, Some(loses.updated_at));
    let from_bucket = apply_trigger(&loses, 2, Trigger::AssetReplaced, at(400)).unwrap();
    assert!(from_bucket.manifests["hls"].ends_with("/2/index.m3u8"));
}

#[test]
fn a_trim_within_the_media_cancels_a_remake() {
    let started = remake(&remaking(), to_packaging());
    let cancelled = apply(&started, trimmed()).unwrap();
    assert_eq!((&cancelled.remake, cancelled.attempt), (&None, 1));
    assert_eq!(cancelled.retired[0].attempt, 2);
    assert_eq!(remake(&cancelled, [playable("hls")]), cancelled);
    assert_eq!(cancelled.last_attempt().number, 2, "a deletion removes what it made");
    let again = apply(&cancelled, remade(extended())).unwrap();
    assert_eq!(again.remake.unwrap().attempt, 3);
}

#[test]
fn a_remake_goes_on_after_a_deletion_is_undone() {
    for (remaking, expected) in
        [(remaking(), Status::Queued), (remake(&remaking(), to_packaging()), Status::Packaging)]
    {
        let deleted = apply(&remaking, deletion()).unwrap();
        assert_eq!(deleted.queued_at, None);
        assert_eq!(remake(&deleted, [playable("hls")]), deleted, "a deleted clip ignores events");
        let restored = apply_trigger(&deleted, 1, Trigger::Restored, at(210)).unwrap();
        assert_eq!((restored.status, status_of_remake(&restored)), (Status::Ready, Some(expected)));
        let is_queued = expected == Status::Queued;
        assert_eq!(restored.queued_at, is_queued.then(|| at(210)));
        assert_eq!(restored.next_check_at.is_some(), !is_queued);
    }
}

#[test]
fn a_clip_is_remade_only_while_it_is_ready_and_attempts_are_left() {
    for status in Status::ALL {
        let next = apply(&clip(status), remade(extended()));
        assert_eq!(next.is_some(), status == Status::Ready, "{status:?}");
    }
    let last = Clip { attempt: Attempt::MAX, ..clip(Status::Ready) };
    assert_eq!(apply(&last, remade(extended())), None);
}

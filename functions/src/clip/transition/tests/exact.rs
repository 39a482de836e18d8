//! Tests of frame-exact media of a ready clip.

use super::*;
use crate::clip::Precision;

/// Media of 124 s, of which 120 s were requested.
fn harvested() -> Bounds {
    Bounds::lasting(at(-2), 124.0)
}

/// A clip that is to be frame-exact, with one format to be proven.
fn almost_ready() -> Clip {
    let clip = clip(Status::Packaging);
    let playable = ["dash".to_owned()].into();
    Clip { precision: Precision::Frame, actual: Some(harvested()), playable, ..clip }
}

fn ready() -> Clip {
    apply(&almost_ready(), playable("hls")).unwrap()
}

fn manifests_of_exact() -> BTreeMap<ConfigurationId, String> {
    [("hls".to_owned(), "/out/v1/a/b/f/index.m3u8".to_owned())].into()
}

/// Applies triggers about an attempt. Each must change something.
fn advance(clip: &Clip, attempt: u32, triggers: impl IntoIterator<Item = Trigger>) -> Clip {
    triggers.into_iter().fold(clip.clone(), |clip, trigger| {
        let next = apply_trigger(&clip, attempt, trigger.clone(), at(300));
        next.unwrap_or_else(|| panic!("{trigger:?} changes nothing in {clip:#?}"))
    })
}

fn to_ready() -> [Trigger; 4] {
    [
        started("j"),
        Trigger::TranscodeProgressed { percent: 40 },
        Trigger::AssetCreated { manifests: manifests_of_exact() },
        playable("hls"),
    ]
}

fn exact() -> Clip {
    advance(&ready(), 2, to_ready())
}

fn trim(clip: &Clip, start: i64, end: i64) -> Option<Clip> {
    let window = Some(NewWindow::Trimmed(Window::new(at(start), at(end)).unwrap()));
    apply_trigger(clip, clip.attempt, Trigger::Edited(Edit { window, ..Edit::default() }), at(400))
}

fn progress_of(clip: &Clip) -> (u32, Status) {
    let remake = clip.remake.as_ref().unwrap();
    (remake.attempt, remake.status)
}

#[test]
fn a_clip_is_cut_to_segments_first_and_then_to_frames() {
    let ready = ready();
    assert_eq!((ready.status, ready.attempt), (Status::Ready, 1));
    assert_eq!(ready.precision_of_media(), Precision::Segment);
    assert_eq!(progress_of(&ready), (2, Status::Transcoding));
    assert!(ready.next_check_at.is_some(), "the sweep starts the job");
    let exact = exact();
    assert_eq!(exact.precision_of_media(), Precision::Frame);
    assert_eq!((exact.attempt, exact.media_attempt, &exact.remake), (2, 2, &None));
    assert_eq!(exact.manifests, manifests_of_exact());
    assert_eq!(exact.actual, Some(Bounds { start: at(0), end: at(120), duration_seconds: 120.0 }));
    let retired: Vec<_> = exact.retired.iter().map(|it| it.attempt).collect();
    assert_eq!(retired, [1], "the asset of the segments stays for who plays it");
    assert!(exact.keeps_media_of(1) && !exact.keeps_media_of(2));

    let segments = Clip { precision: Precision::Segment, ..almost_ready() };
    assert_eq!(apply(&segments, playable("hls")).unwrap().remake, None);
    let unknown = Clip { actual: None, ..almost_ready() };
    assert_eq!(apply(&unknown, playable("hls")).unwrap().remake, None);
}

#[test]
fn a_trim_of_an_exact_clip_reaches_as_far_as_the_harvested_media() {
    // Within the frames that it has, players show the new window at once.
    let narrower = trim(&exact(), 10, 100).unwrap();
    assert_eq!(narrower.wanted_window(), Some(Window::new(at(10), at(100)).unwrap()));
    assert_eq!(narrower.precision_of_media(), Precision::Segment);
    assert_eq!(progress_of(&narrower), (3, Status::Transcoding));
    let undone = trim(&narrower, 0, 120).unwrap();
    assert_eq!((undone.precision_of_media(), &undone.remake), (Precision::Frame, &None));
    assert_eq!(undone.retired.last().unwrap().exact_of, Some(1), "its job may be running");

    // Beyond them, the clip keeps its window until it has the frames.
    let wider = trim(&exact(), -2, 121).unwrap();
    assert_eq!(wider.source, exact().source);
    let wider = advance(&wider, 3, to_ready());
    assert_eq!((wider.attempt, wider.actual.unwrap().start), (3, at(-2)));
    assert_eq!(wider.precision_of_media(), Precision::Frame);
    assert!(wider.keeps_media_of(1) && !wider.keeps_media_of(2));

    let last = Clip { attempt: Attempt::MAX, media_attempt: Attempt::MAX, ..exact() };
    assert_eq!(trim(&last, -2, 121), None);
    assert_eq!(trim(&last, 10, 100).unwrap().remake, None);
}

#[test]
fn a_new_harvest_of_an_exact_clip_is_cut_again() {
    let window = Window::new(at(-10), at(130)).unwrap();
    let actual = Some(Bounds::lasting(at(-10), 140.0));
    let window = Some(NewWindow::Remade { window, actual });
    let extended = apply(&exact(), Trigger::Edited(Edit { window, ..Edit::default() })).unwrap();
    let triggers = [
        Trigger::HarvestStarted,
        Trigger::AssetCreated { manifests: manifests() },
        playable("hls"),
        playable("dash"),
    ];
    let harvested = advance(&extended, 3, triggers);
    assert_eq!((harvested.attempt, harvested.exact), (3, None));
    let retired: Vec<_> = harvested.retired.iter().map(|it| it.attempt).collect();
    assert_eq!(retired, [2, 1], "the media of both attempts goes");
    assert_eq!(progress_of(&harvested), (4, Status::Transcoding));
    let exact = advance(&harvested, 4, to_ready());
    assert!(exact.keeps_media_of(3) && !exact.keeps_media_of(1));
    assert_eq!(exact.precision_of_media(), Precision::Frame);
}

#[test]
fn a_failed_job_is_tried_again_and_never_changes_what_plays() {
    let (mut clip, mut pauses) = (ready(), Vec::new());
    let before = clip.manifests.clone();
    for attempt in 2..4 {
        clip = advance(&clip, attempt, [started("j"), failed(FailureCode::TranscodeFailed)]);
        assert_eq!(progress_of(&clip), (attempt + 1, Status::Transcoding));
        let start_at = clip.remake.as_ref().unwrap().exact.as_ref().unwrap().start_at.unwrap();
        pauses.push((start_at - clip.updated_at).num_minutes());
    }
    assert_eq!(pauses, [1, 4]);
    clip = advance(&clip, 4, [failed(FailureCode::TranscodeFailed)]);
    assert_eq!(progress_of(&clip), (4, Status::Failed));
    assert!(clip.has_failed_exact_job());
    assert_eq!((clip.status, &clip.manifests), (Status::Ready, &before));
    let again = trim(&clip, 0, 120).unwrap();
    assert_eq!(progress_of(&again), (5, Status::Transcoding));
    let refused = advance(&ready(), 2, [failed(FailureCode::TranscodeRefused)]);
    assert_eq!(progress_of(&refused), (2, Status::Failed), "another try would fail too");
}

#[test]
fn late_facts_about_a_job_change_nothing() {
    let (ready, exact) = (ready(), exact());
    for trigger in to_ready() {
        assert_eq!(apply_trigger(&exact, 2, trigger.clone(), at(310)), None, "{trigger:?}");
    }
    assert_eq!(apply_trigger(&ready, 3, started("j"), at(310)), None);
    let begun = advance(&ready, 2, [started("j"), Trigger::TranscodeProgressed { percent: 40 }]);
    let late = Trigger::TranscodeProgressed { percent: 20 };
    assert_eq!(apply_trigger(&begun, 2, late, at(310)), None);
    assert_eq!(apply_trigger(&begun, 2, started("other"), at(310)), None);
}

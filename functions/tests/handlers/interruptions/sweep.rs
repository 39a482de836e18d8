//! Clips that only interrupted sweeps move from their creation to their end.

use chrono::{SubsecRound as _, TimeDelta, Utc};
use matchcut::api::Route as _;
use matchcut::clip::{
    Clip, ClipKey, Edit, FileKinds, FilesStatus, NewWindow, Source, Status, Trigger, Window,
};
use matchcut::edit::RestoreClip;
use matchcut::lambda::EventHandler as _;
use matchcut::sweep::Sweep;
use matchcut_local::{Cut, Run};
use serde_json::json;

use super::clip_requests::create_ready_clips;
use super::inventory::Inventory;
use super::live_clips::create_row;
use super::uploads::{create_upload_row, create_uploaded_clip, create_uploaded_ready_clip};
use super::{InterruptionTest, MAX_CALLS, MINUTES_PER_DAY, clip_parameters, request};
use crate::api::at;
use crate::asset_expiry::play;

/// The sweep repeats calls that were never sent, so only calls that took effect are interrupted. The
/// tests of the event handlers cover the retries of the SDK.
const CUTS: [Cut; 2] = [Cut::DieAfter, Cut::GoneAfter];

/// More clips than there are calls of a sweep to interrupt, in two ways.
const ASSET_CLIPS: usize = 40;
const REMADE_CLIPS: usize = 50;

/// Runs sweeps until each clip has reached its end. Every other sweep is interrupted at the same call.
/// Each clip is interrupted one call later, until no call is left. Returns the number of clips.
pub(super) async fn sweep_with_interruptions(
    test: &InterruptionTest,
    ways: &[Cut],
    mut prepare: impl AsyncFnMut() -> ClipKey,
    ended: impl AsyncFn(Option<&Clip>) -> bool,
) -> usize {
    let sweep = Sweep::new(&test.sdk, test.variables()).unwrap();
    let mut count = 0;
    for &way in ways {
        for call in 0.. {
            assert!(call < MAX_CALLS, "the sweep still made calls after MAX_CALLS interruptions");
            let clip = prepare().await;
            count += 1;
            let (mut minutes, mut was_cut) = (0, false);
            let end = async || {
                minutes += 40;
                let run = Run::cut_at(call, way);
                let later = Utc::now() + TimeDelta::minutes(minutes);
                // The interrupted run may die, fail or succeed.
                let _ = run.execute(Box::pin(sweep.run(later))).await;
                was_cut |= run.was_cut();
                // Later than any check that this sweep can have scheduled.
                test.sweep_after(minutes + 20).await;
                let found = test.api.library().find(&clip).await.unwrap();
                if ended(found.as_ref()).await {
                    return Some(());
                }
                test.wait_until_idle().await;
                None
            };
            test.api.eventually(&format!("{clip} has reached its end: {way:?}, {call}"), end).await;
            if !was_cut {
                break;
            }
        }
    }
    count
}

async fn is_ready(clip: Option<&Clip>) -> bool {
    clip.is_some_and(|clip| clip.status == Status::Ready)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeps_produce_a_live_clip_once() {
    let test = InterruptionTest::start().await;
    let prepare = async || create_row(&test, Status::Queued).await.key();
    let count = sweep_with_interruptions(&test, &CUTS, prepare, is_ready).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!((resources.harvests.len(), resources.assets.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeps_produce_an_uploaded_clip_once() {
    let test = InterruptionTest::start().await;
    let prepare = async || create_uploaded_clip(&test).await.key();
    let count = sweep_with_interruptions(&test, &CUTS, prepare, is_ready).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!((resources.transcodes, resources.assets.len(), resources.files), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeps_make_the_files_of_a_clip_once() {
    let test = InterruptionTest::start_with_files(FileKinds::Pictures).await;
    let prepare = async || create_row(&test, Status::Queued).await.key();
    let are_made = async |clip: Option<&Clip>| {
        let files = clip.and_then(|clip| clip.files.as_ref());
        is_ready(clip).await && files.is_some_and(|it| it.status() == FilesStatus::Made)
    };
    let count = sweep_with_interruptions(&test, &[Cut::DieAfter], prepare, are_made).await;
    assert_eq!(test.api.jobs().await.len(), count, "each clip has one job");
    for clip in test.clips().await {
        let files = clip.files.unwrap();
        assert_eq!((files.number, files.failed_tries), (1, 0));
    }
}

/// Lets clips expire, one after the other, and asserts that nothing is left of them.
async fn check_expiry(test: &InterruptionTest, mut prepare: impl AsyncFnMut() -> Clip) {
    let library = test.api.library();
    let expiry =
        Edit { expires_at: Some(Some(Utc::now() + TimeDelta::minutes(1))), ..Edit::default() };
    let prepare_expiry = async || {
        let clip = prepare().await;
        library.edit(&clip, &expiry, Utc::now()).await.unwrap().unwrap().key()
    };
    sweep_with_interruptions(test, &[Cut::DieAfter], prepare_expiry, async |clip| clip.is_none())
        .await;
    for unused in test.clips().await {
        library.edit(&unused, &expiry, Utc::now()).await.unwrap().unwrap();
    }
    for days in [1, 2, 3] {
        test.sweep_after(days * MINUTES_PER_DAY).await;
    }
    Inventory::collect(test).await.assert_no_resources();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_live_clip_leaves_no_resources() {
    let test = InterruptionTest::start().await;
    let mut clips = create_ready_clips(&test, 25).await.into_iter();
    check_expiry(&test, async || clips.next().expect("there are enough")).await;
}

/// Lets the assets of clips expire. A clip plays after each sweep. In the end it plays from the bucket,
/// and has no asset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_asset_is_replaced_and_deleted_while_the_clip_plays() {
    let test = InterruptionTest::start().await;
    let library = test.api.library();
    let clips = create_ready_clips(&test, ASSET_CLIPS).await;
    let mut unused = clips.iter();
    let expire = async |clip: &Clip| {
        let expires_at = Some(Utc::now().trunc_subsecs(3));
        let clip = Clip { asset_expires_at: expires_at, ..clip.clone() };
        assert!(library.schedule_check(&clip, expires_at).await.unwrap());
    };
    let prepare = async || {
        let clip = unused.next().expect("there are enough");
        expire(clip).await;
        clip.key()
    };
    let ended = async |clip: Option<&Clip>| {
        let clip = clip.expect("its row stays");
        assert_eq!(clip.status, Status::Ready);
        let base = test.variables().required("VOD_BASE_URL").unwrap();
        play(&format!("{base}{}", clip.manifests["hls"]), "").await;
        clip.asset_expires_at.is_none() && clip.asset_removable_at.is_none()
    };
    sweep_with_interruptions(&test, &CUTS, prepare, ended).await;
    for clip in unused {
        expire(clip).await;
    }
    for days in [1, 2] {
        test.sweep_after(days * MINUTES_PER_DAY).await;
    }
    let resources = Inventory::collect(&test).await.assert_all_equal(ASSET_CLIPS);
    assert_eq!(resources.row["manifests"]["hls"], "/clips/demo/<clip>/1/index.m3u8");
    assert_eq!((resources.assets.len(), resources.harvests.len()), (0, 1));
    assert!(!resources.media.is_empty());
}

/// Lets sweeps make new media of ready clips. A clip plays after each sweep. In the end it has its new
/// media, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remade_clip_plays_at_every_time_and_keeps_only_its_new_media() {
    let test = InterruptionTest::start().await;
    let library = test.api.library();
    let clips = create_ready_clips(&test, REMADE_CLIPS).await;
    let window = Window::new(at(2), at(14)).unwrap();
    let edit = Edit { window: Some(NewWindow::Remade { window, actual: None }), ..Edit::default() };
    let start = async |clip: &Clip| {
        library.edit(clip, &edit, Utc::now()).await.unwrap().expect("nobody else has edited it")
    };
    let mut unused = clips.iter();
    let prepare = async || start(unused.next().expect("there are enough")).await.key();
    let ended = async |clip: Option<&Clip>| {
        let clip = clip.expect("its row stays");
        assert_eq!(clip.status, Status::Ready);
        let base = test.variables().required("VOD_BASE_URL").unwrap();
        play(&format!("{base}{}", clip.manifests["hls"]), "").await;
        clip.remake.is_none() && clip.retired.is_empty()
    };
    sweep_with_interruptions(&test, &CUTS, prepare, ended).await;
    for clip in unused {
        start(clip).await;
    }
    test.settle(|clip| clip.remake.is_none() && clip.retired.is_empty()).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(REMADE_CLIPS);
    assert_eq!((resources.assets.len(), resources.harvests.len()), (1, 2));
    assert!(resources.media.iter().all(|key| key.starts_with("clips 2/")));
    for clip in test.clips().await {
        let requested = Source::Live { channel: "main".into(), requested: window };
        assert_eq!((clip.source, clip.attempt), (requested, 2));
    }
}

/// Restores deleted clips after a sweep that died at each of its calls. A restored clip has all its
/// media. A clip that has lost anything is not restored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_is_restored_whole_or_not_at_all() {
    let test = InterruptionTest::start().await;
    let restore = RestoreClip::new(&test.api.stack.sdk, test.variables()).unwrap();
    let sweep = Sweep::new(&test.sdk, test.variables()).unwrap();
    let mut clips = create_ready_clips(&test, 15).await.into_iter();
    let (mut restored, mut refused) = (0, 0);
    for call in 0.. {
        let clip = clips.next().expect("there are enough");
        let whole = Inventory::collect(&test).await.resources(&clip.key());
        let library = test.api.library();
        let deleted = Trigger::Deleted { keep: TimeDelta::zero() };
        library.advance(&clip.current_attempt(), &deleted, Utc::now()).await.unwrap();
        let run = Run::cut_at(call, Cut::DieAfter);
        let later = Utc::now() + TimeDelta::minutes(MINUTES_PER_DAY);
        let _ = run.execute(Box::pin(sweep.run(later))).await;
        let answer = restore.handle(request(&clip_parameters(&clip), &json!({}), "")).await;
        if answer.status_code == 200 {
            let left = Inventory::collect(&test).await.resources(&clip.key());
            assert_eq!(left, whole, "the sweep died at call {call}");
            restored += 1;
        } else {
            // 404: the sweep has removed the row.
            assert!(matches!(answer.status_code, 409 | 404), "the sweep died at call {call}");
            refused += 1;
        }
        // The next sweep has no clip left to check but its own.
        test.sweep_after(MINUTES_PER_DAY).await;
        if !run.was_cut() {
            break;
        }
    }
    assert!(restored > 2 && refused > 2, "{restored} restored, {refused} refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_uploaded_clip_leaves_no_resources() {
    let test = InterruptionTest::start().await;
    check_expiry(&test, async || create_uploaded_ready_clip(&test).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_multipart_upload_leaves_no_resources() {
    let test = InterruptionTest::start().await;
    check_expiry(&test, async || create_upload_row(&test, true).await).await;
}

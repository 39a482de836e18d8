//! The sweep itself: a clip goes through its life with nothing but sweeps, each of them cut off.

use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, ClipKey, Edit, Status};
use matchcut::lambda::EventHandler as _;
use matchcut::sweep::Sweep;
use matchcut_local::{Cut, Run};

use super::live::waiting;
use super::requests::made;
use super::uploads::{announced, published, uploaded};
use super::world::World;
use super::{A_DAY, MOST_CALLS, Stage};

/// What was not even sent, the sweep does the next time anyway; and what the SDK sends again, the
/// functions of the events do.
const WAYS: [Cut; 2] = [Cut::DieAfter, Cut::GoneAfter];

/// Leads clips to their end by sweeps, every other one cut at the same call, until no call is left
/// to cut; how many clips that took.
async fn lead(
    stage: &Stage,
    ways: &[Cut],
    mut prepare: impl AsyncFnMut() -> ClipKey,
    ended: impl Fn(Option<&Clip>) -> bool,
) -> usize {
    let sweep = Sweep::new(&stage.sdk, stage.variables()).unwrap();
    let mut count = 0;
    for &way in ways {
        for call in 0.. {
            assert!(call < MOST_CALLS, "there is no end to it");
            let clip = prepare().await;
            count += 1;
            let (mut minutes, mut was_cut) = (0, false);
            let end = async || {
                minutes += 40;
                let run = Run::cut_at(call, way);
                let later = Utc::now() + TimeDelta::minutes(minutes);
                // It dies, or it fails, or it copes.
                let _ = run.execute(Box::pin(sweep.run(later))).await;
                was_cut |= run.was_cut();
                // Longer after it than anything is put off.
                stage.sweep_after(minutes + 20).await;
                let found = stage.api.library().find(&clip).await.unwrap();
                ended(found.as_ref()).then_some(())
            };
            stage
                .api
                .eventually(&format!("{clip} has come to its end: {way:?}, {call}"), end)
                .await;
            if !was_cut {
                break;
            }
        }
    }
    count
}

fn is_ready(clip: Option<&Clip>) -> bool {
    clip.is_some_and(|clip| clip.status == Status::Ready)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_of_the_stream_is_made_once() {
    let stage = Stage::start().await;
    let prepare = async || waiting(&stage, Status::Queued).await.key();
    let count = lead(&stage, &WAYS, prepare, is_ready).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!((piece.harvests.len(), piece.assets.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_of_a_file_is_made_once() {
    let stage = Stage::start().await;
    let prepare = async || uploaded(&stage).await.key();
    let count = lead(&stage, &WAYS, prepare, is_ready).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!((piece.transcodes, piece.assets.len(), piece.files), (1, 1, 1));
}

/// Has clips expire, one after the other; nothing is left of any of them.
async fn expire(stage: &Stage, mut prepare: impl AsyncFnMut() -> Clip) {
    let library = stage.api.library();
    let expiry =
        Edit { expires_at: Some(Some(Utc::now() + TimeDelta::minutes(1))), ..Edit::default() };
    let expiring = async || {
        let clip = prepare().await;
        library.edit(&clip, &expiry, Utc::now()).await.unwrap().unwrap().key()
    };
    lead(stage, &[Cut::DieAfter], expiring, |clip| clip.is_none()).await;
    for unused in stage.clips().await {
        library.edit(&unused, &expiry, Utc::now()).await.unwrap().unwrap();
    }
    for days in [1, 2, 3] {
        stage.sweep_after(days * A_DAY).await;
    }
    World::of(stage).await.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_expired_clip_nothing_is_left() {
    let stage = Stage::start().await;
    let mut clips = made(&stage, 25).await.into_iter();
    expire(&stage, async || clips.next().expect("there are enough")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_expired_clip_of_a_file_nothing_is_left() {
    let stage = Stage::start().await;
    expire(&stage, async || published(&stage).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_expired_upload_in_parts_nothing_is_left() {
    let stage = Stage::start().await;
    expire(&stage, async || announced(&stage, true).await).await;
}

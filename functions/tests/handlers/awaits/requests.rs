//! What operators ask of clips that are there.

use chrono::Utc;
use matchcut::api::Route as _;
use matchcut::clip::{Clip, Failure, FailureCode, Status, Trigger};
use matchcut::edit::{DeleteClip, RetryClip, UpdateClip};
use matchcut::harvest::CreateClip;
use serde_json::json;

use super::live::packaged;
use super::uploads::{announced, uploaded};
use super::world::World;
use super::{A_DAY, Stage, WAYS, ask_everywhere, of_clip, request};
use crate::support::row;

/// More clips than there are calls to cut.
const MANY: usize = 12;

/// Makes clips that are ready.
pub(super) async fn made(stage: &Stage, count: usize) -> Vec<Clip> {
    let create = CreateClip::new(&stage.api.stack.sdk, stage.variables()).unwrap();
    for _ in 0..count {
        create.handle(request(&json!({}), &json!({}), r#"{"lastSeconds":4}"#)).await;
    }
    stage.settle(|clip| clip.status == Status::Ready).await;
    stage.clips().await
}

async fn fail(stage: &Stage, clip: &Clip, code: FailureCode) -> Clip {
    let failure = Failure { code, message: "It did not work.".to_owned() };
    let library = stage.api.library();
    library.advance(&clip.current_attempt(), &Trigger::Failed(failure), Utc::now()).await.unwrap();
    library.find(&clip.key()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_is_deleted_again_is_gone_with_all_it_had() {
    let stage = Stage::start().await;
    let delete = DeleteClip::new(&stage.sdk, stage.variables()).unwrap();
    let mut clips = made(&stage, MANY).await.into_iter();
    let prepare = async || clips.next().expect("there are enough");
    let work = async |clip: &Clip| delete.handle(request(&of_clip(clip), &json!({}), "")).await;
    ask_everywhere(&WAYS, 204, prepare, &work).await;
    for unused in clips {
        work(&unused).await;
    }
    stage.sweep_after(A_DAY).await;
    World::of(&stage).await.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_deleted_again_is_gone_with_its_parts() {
    let stage = Stage::start().await;
    let delete = DeleteClip::new(&stage.sdk, stage.variables()).unwrap();
    let work = async |clip: &Clip| delete.handle(request(&of_clip(clip), &json!({}), "")).await;
    let prepare = async || announced(&stage, true).await;
    ask_everywhere(&WAYS, 204, prepare, work).await;
    // The file may come for as long as the URLs that were given out are good.
    stage.sweep_after(2 * A_DAY).await;
    World::of(&stage).await.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_is_changed_again_is_changed_once() {
    let stage = Stage::start().await;
    let update = UpdateClip::new(&stage.sdk, stage.variables()).unwrap();
    let prepare = async || {
        let clip = row("demo", 4, Status::Ready);
        stage.api.library().create(&clip).await.unwrap();
        clip
    };
    let work = async |clip: &Clip| {
        let known = json!({ "if-match": "*" });
        update.handle(request(&of_clip(clip), &known, r#"{"title":"The final"}"#)).await
    };
    let count = ask_everywhere(&WAYS, 200, prepare, work).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!(piece.row["title"], "The final");
    assert!(stage.clips().await.iter().all(|clip| clip.version == 2));
}

/// Retries failed clips; each is tried once more, and is ready then.
async fn retry_everywhere(stage: &Stage, prepare: impl AsyncFnMut() -> Clip) -> usize {
    let retry = RetryClip::new(&stage.sdk, stage.variables()).unwrap();
    let work = async |clip: &Clip| retry.handle(request(&of_clip(clip), &json!({}), "")).await;
    let count = ask_everywhere(&WAYS, 202, prepare, work).await;
    stage.settle(|clip| clip.status == Status::Ready).await;
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_harvest_is_tried_once_more() {
    let stage = Stage::start().await;
    let prepare = async || {
        let clip = row("demo", 4, Status::Failed);
        let clip = Clip { manifests: [].into(), playable: [].into(), ..clip };
        stage.api.library().create(&clip).await.unwrap();
        clip
    };
    let count = retry_everywhere(&stage, prepare).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!(
        (&piece.row["attempt"], &piece.harvests[..]),
        (&json!(2), &["attempt 2".to_owned()][..])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_ingest_is_tried_once_more_with_the_same_media() {
    let stage = Stage::start().await;
    let prepare = async || {
        let clip = packaged(&stage).await;
        fail(&stage, &clip, FailureCode::IngestFailed).await
    };
    let count = retry_everywhere(&stage, prepare).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!((piece.harvests.len(), &piece.row["mediaAttempt"]), (1, &json!(1)));
    assert_eq!(piece.assets.len(), 1, "that of the attempt before is gone: {:?}", piece.assets);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_transcode_is_tried_once_more_from_the_file() {
    let stage = Stage::start().await;
    let prepare = async || {
        let clip = uploaded(&stage).await;
        fail(&stage, &clip, FailureCode::TranscodeFailed).await
    };
    let count = retry_everywhere(&stage, prepare).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!((piece.transcodes, piece.files, piece.assets.len()), (1, 1, 1));
    assert_eq!(piece.row["attempt"], 2);
}

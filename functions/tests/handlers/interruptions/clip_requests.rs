//! Operators' requests for existing clips: delete, restore, update, retry.

use chrono::Utc;
use matchcut::api::{Route as _, edit_digest};
use matchcut::clip::{
    Bounds, Clip, Failure, FailureCode, Source, Status, Trigger, Window, format_utc,
};
use matchcut::edit::{DeleteClip, RestoreClip, RetryClip, UpdateClip};
use matchcut::harvest::CreateClip;
use serde_json::json;

use super::inventory::Inventory;
use super::live_clips::create_packaged_clip;
use super::uploads::{create_upload_row, create_uploaded_clip};
use super::{
    CUTS, InterruptionTest, MINUTES_PER_DAY, clip_parameters, interrupt_each_call,
    interrupt_requests, is_answered, request,
};
use crate::api::{at, row};

/// More clips than there are calls to interrupt.
const CLIP_COUNT: usize = 12;

/// Creates ready clips.
pub(super) async fn create_ready_clips(test: &InterruptionTest, count: usize) -> Vec<Clip> {
    let create = CreateClip::new(&test.api.stack.sdk, test.variables()).unwrap();
    for _ in 0..count {
        create.handle(request(&json!({}), &json!({}), r#"{"lastSeconds":4}"#)).await;
    }
    test.settle(|clip| clip.status == Status::Ready).await;
    test.clips().await
}

async fn record_failure(test: &InterruptionTest, clip: &Clip, code: FailureCode) -> Clip {
    let failure = Failure { code, message: "It did not work.".to_owned() };
    let library = test.api.library();
    library.advance(&clip.current_attempt(), &Trigger::Failed(failure), Utc::now()).await.unwrap();
    library.find(&clip.key()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_deletion_removes_the_clip_and_its_resources() {
    let test = InterruptionTest::start().await;
    let delete = DeleteClip::new(&test.sdk, test.variables()).unwrap();
    let mut clips = create_ready_clips(&test, CLIP_COUNT).await.into_iter();
    let prepare = async || clips.next().expect("there are enough");
    let work =
        async |clip: &Clip| delete.handle(request(&clip_parameters(clip), &json!({}), "")).await;
    interrupt_requests(&CUTS, 204, prepare, &work).await;
    for unused in clips {
        work(&unused).await;
    }
    test.sweep_after(MINUTES_PER_DAY).await;
    Inventory::collect(&test).await.assert_no_resources();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_deletion_removes_the_upload_and_its_parts() {
    let test = InterruptionTest::start().await;
    let delete = DeleteClip::new(&test.sdk, test.variables()).unwrap();
    let work =
        async |clip: &Clip| delete.handle(request(&clip_parameters(clip), &json!({}), "")).await;
    let prepare = async || create_upload_row(&test, true).await;
    interrupt_requests(&CUTS, 204, prepare, work).await;
    // The file may arrive as long as the presigned URLs are valid.
    test.sweep_after(2 * MINUTES_PER_DAY).await;
    Inventory::collect(&test).await.assert_no_resources();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_restore_continues_the_clip_once() {
    let test = InterruptionTest::start().await;
    let restore = RestoreClip::new(&test.sdk, test.variables()).unwrap();
    let prepare = async || {
        let clip = row("demo", 4, Status::Deleting);
        let deleted_from = Some(Status::Queued);
        let clip = Clip { deleted_from, manifests: [].into(), playable: [].into(), ..clip };
        test.api.library().create(&clip).await.unwrap();
        clip
    };
    let work =
        async |clip: &Clip| restore.handle(request(&clip_parameters(clip), &json!({}), "")).await;
    let count = interrupt_requests(&CUTS, 200, prepare, work).await;
    test.settle(|clip| clip.status == Status::Ready).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!((resources.harvests.len(), resources.assets.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_edit_is_applied_once() {
    let test = InterruptionTest::start().await;
    let update = UpdateClip::new(&test.sdk, test.variables()).unwrap();
    let prepare = async || {
        let clip = row("demo", 4, Status::Ready);
        test.api.library().create(&clip).await.unwrap();
        clip
    };
    let work = async |clip: &Clip| {
        let known = json!({ "if-match": "*" });
        update.handle(request(&clip_parameters(clip), &known, r#"{"title":"The final"}"#)).await
    };
    let count = interrupt_requests(&CUTS, 200, prepare, work).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!(resources.row["title"], "The final");
    assert!(test.clips().await.iter().all(|clip| clip.version == 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_trim_is_applied_once() {
    let test = InterruptionTest::start().await;
    let update = UpdateClip::new(&test.sdk, test.variables()).unwrap();
    let bounds = Bounds { start: at(4), end: at(10), duration_seconds: 6.0 };
    let prepare = async || {
        let clip = Clip { actual: Some(bounds), ..row("demo", 4, Status::Ready) };
        test.api.library().create(&clip).await.unwrap();
        clip
    };
    let work = async |clip: &Clip| {
        let known = json!({ "if-match": format!("\"{}\"", edit_digest(clip)) });
        let body = json!({ "start": format_utc(at(5)), "end": format_utc(at(9)) });
        update.handle(request(&clip_parameters(clip), &known, &body.to_string())).await
    };
    // A client that repeats the trim has the tag of before it. It may have lost the reply of the trim.
    let tried = interrupt_each_call(&CUTS, prepare, &work).await;
    for run in tried.iter().filter(|run| !is_answered(run.answer.as_ref())) {
        let repeated = work(&run.case).await.status_code;
        assert!([200, 412].contains(&repeated), "{}: {repeated}", run.what);
    }
    let clips = test.clips().await;
    assert_eq!(clips.len(), tried.len());
    let requested = Window::new(at(5), at(9)).unwrap();
    for clip in clips {
        assert_eq!(clip.version, 2);
        assert_eq!(clip.source, Source::Live { channel: "main".into(), requested });
    }
}

/// Retries failed clips. Each has one more attempt, and is then ready.
async fn interrupt_retries(test: &InterruptionTest, prepare: impl AsyncFnMut() -> Clip) -> usize {
    let retry = RetryClip::new(&test.sdk, test.variables()).unwrap();
    let work =
        async |clip: &Clip| retry.handle(request(&clip_parameters(clip), &json!({}), "")).await;
    let count = interrupt_requests(&CUTS, 202, prepare, work).await;
    test.settle(|clip| clip.status == Status::Ready).await;
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_retry_starts_one_harvest() {
    let test = InterruptionTest::start().await;
    let prepare = async || {
        let clip = row("demo", 4, Status::Failed);
        let clip = Clip { manifests: [].into(), playable: [].into(), ..clip };
        test.api.library().create(&clip).await.unwrap();
        clip
    };
    let count = interrupt_retries(&test, prepare).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!(
        (&resources.row["attempt"], &resources.harvests[..]),
        (&json!(2), &["attempt 2".to_owned()][..])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_retry_ingests_the_same_media_once() {
    let test = InterruptionTest::start().await;
    let prepare = async || {
        let clip = create_packaged_clip(&test).await;
        record_failure(&test, &clip, FailureCode::IngestFailed).await
    };
    let count = interrupt_retries(&test, prepare).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!((resources.harvests.len(), &resources.row["mediaAttempt"]), (1, &json!(1)));
    assert_eq!(
        resources.assets.len(),
        1,
        "that of the attempt before is gone: {:?}",
        resources.assets
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_retry_transcodes_the_original_once() {
    let test = InterruptionTest::start().await;
    let prepare = async || {
        let clip = create_uploaded_clip(&test).await;
        record_failure(&test, &clip, FailureCode::TranscodeFailed).await
    };
    let count = interrupt_retries(&test, prepare).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!((resources.transcodes, resources.files, resources.assets.len()), (1, 1, 1));
    assert_eq!(resources.row["attempt"], 2);
}

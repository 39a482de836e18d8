//! Exports: the request, the events of the job, and the sweep.

use matchcut::api::Route as _;
use matchcut::clip::{Clip, Export, ExportStatus};
use matchcut::export::{CreateExport, ExportComplete};
use matchcut::lambda::EventHandler as _;
use serde_json::{Value, json};

use super::clip_requests::create_ready_clips;
use super::inventory::Inventory;
use super::{
    ALL_CUTS, CUTS, InterruptionTest, MINUTES_PER_DAY, clip_parameters, interrupt_each_call,
    interrupt_requests, request,
};

/// More clips than there are calls to interrupt.
const CLIP_COUNT: usize = 32;

fn exports(clip: &Clip) -> Vec<&Export> {
    clip.exports.values().collect()
}

fn has_ended(clip: &Clip) -> bool {
    clip.exports.values().all(|export| !export.status.is_in_progress())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_export_request_makes_one_file() {
    let test = InterruptionTest::start().await;
    let create = CreateExport::new(&test.sdk, test.variables()).unwrap();
    let mut clips = create_ready_clips(&test, CLIP_COUNT).await.into_iter();
    let prepare = async || clips.next().expect("there are enough");
    let ask = async |clip: &Clip| {
        let key = json!({ "idempotency-key": "one" });
        create.handle(request(&clip_parameters(clip), &key, r#"{"aspect":"1:1"}"#)).await
    };
    interrupt_requests(&ALL_CUTS, 202, prepare, &ask).await;
    for unused in clips {
        ask(&unused).await;
    }
    test.settle(has_ended).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(CLIP_COUNT);
    assert_eq!(resources.transcodes, 1);
    for clip in test.clips().await {
        let [export] = exports(&clip)[..] else { panic!("{clip:?}") };
        assert_eq!(export.status, ExportStatus::Ready, "{:?}", export.error);
    }
    test.sweep_after(2 * MINUTES_PER_DAY).await;
    let files = test.api.objects().into_iter().filter(|key| key.starts_with("exports/"));
    assert_eq!(files.count(), 0, "the files expire");
    assert!(test.clips().await.iter().all(|clip| clip.exports.is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_event_of_an_export_is_recorded_once() {
    let test = InterruptionTest::start().await;
    let create = CreateExport::new(&test.api.stack.sdk, test.variables()).unwrap();
    let complete = ExportComplete::new(&test.sdk, test.variables()).unwrap();
    let mut clips = create_ready_clips(&test, CLIP_COUNT / 2).await.into_iter();
    let prepare = async || {
        let clip = clips.next().expect("there are enough");
        create.handle(request(&clip_parameters(&clip), &json!({}), "")).await;
        let clip = test.api.library().find(&clip.key()).await.unwrap().unwrap();
        let job = exports(&clip)[0].job.clone().unwrap();
        test.api
            .eventually("the job is complete", async || {
                let client = aws_sdk_mediaconvert::Client::new(&test.api.stack.sdk);
                let found = client.get_job().id(&job).send().await.unwrap();
                let job = found.job.unwrap();
                (job.status?.as_str() == "COMPLETE").then_some(())
            })
            .await;
        clip
    };
    let handle = async |clip: &Clip| {
        let (id, export) = clip.exports.first_key_value().unwrap();
        let detail = json!({
            "jobId": export.job, "status": "COMPLETE",
            "userMetadata": { "competition": clip.competition, "clip": clip.clip, "export": id },
        });
        let event: Value = json!({
            "version": "0", "id": "e", "detail-type": "MediaConvert Job State Change",
            "source": "aws.mediaconvert", "account": "111122223333", "time": "2020-02-03T13:40:00Z",
            "region": "eu-central-1", "resources": [], "detail": detail,
        });
        complete.handle(serde_json::from_value(event).unwrap()).await
    };
    for run in interrupt_each_call(&CUTS, prepare, &handle).await {
        if !matches!(run.answer, Some(Ok(()))) {
            handle(&run.case).await.unwrap();
        }
        let clip = test.api.library().find(&run.case.key()).await.unwrap().unwrap();
        let [export] = exports(&clip)[..] else { panic!("{clip:?}") };
        assert_eq!(export.status, ExportStatus::Ready, "{}", run.what);
        assert!(export.bytes.is_some_and(|bytes| bytes > 0), "{}", run.what);
    }
}

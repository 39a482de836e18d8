//! Frame-exact media: the sweep that makes it, and the events of its job.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_sdk_mediaconvert::types::JobStatus;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, ClipKey, Edit, NewWindow, Precision, Status, Window};
use matchcut::lambda::EventHandler as _;
use matchcut::upload::{JobStateChange, TranscodeComplete};
use matchcut_local::Cut;
use serde_json::json;

use super::clip_requests::create_ready_clips;
use super::inventory::Inventory;
use super::sweep::sweep_with_interruptions;
use super::{CUTS, InterruptionTest, interrupt_and_redeliver};
use crate::asset_expiry::play;

/// More clips than there are calls to interrupt.
const CLIP_COUNT: usize = 32;

/// Plans frame-exact media of a ready clip: all of its media but 400 ms at each end.
async fn start(test: &InterruptionTest, clip: &Clip) -> Clip {
    let library = test.api.library();
    let clip = Clip { precision: Precision::Frame, ..clip.clone() };
    assert!(library.schedule_check(&clip, None).await.unwrap());
    let clip = library.find(&clip.key()).await.unwrap().unwrap();
    let (actual, margin) = (clip.actual.unwrap(), TimeDelta::milliseconds(400));
    let window = Window::new(actual.start + margin, actual.end - margin).unwrap();
    let edit = Edit { window: Some(NewWindow::Trimmed(window)), ..Edit::default() };
    library.edit(&clip, &edit, Utc::now()).await.unwrap().expect("nobody else has edited it")
}

/// A clip plays after each sweep. In the end it has its frame-exact media, made by one job, and the
/// harvested media without an asset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeps_make_exact_media_once_while_the_clip_plays() {
    let test = InterruptionTest::start().await;
    let mut clips = create_ready_clips(&test, CLIP_COUNT).await.into_iter();
    let mut used: Vec<ClipKey> = Vec::new();
    let prepare = async || {
        let clip = start(&test, &clips.next().expect("there are enough")).await;
        used.push(clip.key());
        clip.key()
    };
    let ended = async |clip: Option<&Clip>| {
        let clip = clip.expect("its row stays");
        assert_eq!(clip.status, Status::Ready);
        let base = test.variables().required("VOD_BASE_URL").unwrap();
        play(&format!("{base}{}", clip.manifests["hls"]), "").await;
        clip.remake.is_none() && clip.retired.is_empty()
    };
    let count = sweep_with_interruptions(&test, &[Cut::DieAfter], prepare, ended).await;
    assert_eq!(test.api.jobs().await.len(), count, "each clip has one job");
    for key in used {
        let found = test.api.library().find(&key).await.unwrap().unwrap();
        assert_eq!((found.precision_of_media(), found.attempt), (Precision::Frame, 2), "{key}");
        let resources = Inventory::collect(&test).await.resources(&key);
        let source = "arn:aws:s3:::matchcut-clips/clips/demo/<clip>/2/index.m3u8";
        assert_eq!(resources.assets, [format!("attempt 2 of {source}")], "{key}");
        for folder in ["clips 1/", "clips 2/"] {
            assert!(resources.media.iter().any(|it| it.starts_with(folder)), "{key}: {folder}");
        }
    }
}

fn job_event(clip: &Clip, status: &str) -> EventBridgeEvent<JobStateChange> {
    let remake = clip.remake.as_ref().unwrap();
    let exact = remake.exact.as_ref().unwrap();
    let metadata = json!({
        "competition": clip.competition, "clip": clip.clip,
        "attempt": exact.harvest.attempt.to_string(), "exact": remake.attempt.to_string(),
    });
    let detail = json!({ "jobId": exact.job, "status": status, "userMetadata": metadata });
    let detail_type = "MediaConvert Job State Change";
    let event =
        json!({ "detail-type": detail_type, "source": "aws.mediaconvert", "detail": detail });
    serde_json::from_value(event).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_event_of_the_job_makes_one_asset() {
    let test = InterruptionTest::start().await;
    let complete = TranscodeComplete::new(&test.sdk, test.variables()).unwrap();
    let mut started = Vec::new();
    for clip in create_ready_clips(&test, CLIP_COUNT / 2).await {
        started.push(start(&test, &clip).await);
    }
    let last_change = started.iter().map(|clip| clip.updated_at).max().unwrap();
    test.api.stack.functions.sweep.run(last_change + TimeDelta::minutes(1)).await.unwrap();
    let mut encoded = Vec::new();
    for clip in started {
        let clip = test.api.library().find(&clip.key()).await.unwrap().unwrap();
        let job = clip.remake.as_ref().unwrap().exact.as_ref().unwrap().job.clone().unwrap();
        wait_for_job(&test, &job).await;
        encoded.push(clip);
    }
    let mut encoded = encoded.into_iter();
    let prepare = async || encoded.next().expect("there are enough");
    let work = async |clip: &Clip| complete.handle(job_event(clip, "COMPLETE")).await;
    let count = interrupt_and_redeliver(&test, &CUTS, Status::Ready, prepare, work).await;
    let clips = test.clips().await;
    let remakes = clips.iter().filter_map(|clip| clip.remake.as_ref());
    let packaging = remakes.filter(|remake| remake.status == Status::Packaging);
    assert_eq!(packaging.count(), count, "without a sweep");
    test.settle(|clip| clip.remake.is_none()).await;
    for clip in test.clips().await {
        assert_eq!(clip.precision_of_media(), Precision::Frame, "{}", clip.key());
    }
    assert_eq!(test.api.jobs().await.len(), CLIP_COUNT / 2, "each clip has one job");
}

async fn wait_for_job(test: &InterruptionTest, job: &str) {
    let convert = aws_sdk_mediaconvert::Client::new(&test.api.stack.sdk);
    test.api
        .eventually("the job is complete", async || {
            let found = convert.get_job().id(job).send().await.unwrap().job.unwrap();
            (found.status == Some(JobStatus::Complete)).then_some(())
        })
        .await;
}

//! Reels: the request, and the sweep that makes them.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use matchcut::api::Route as _;
use matchcut::clip::{Clip, Source, Status};
use matchcut::reel::CreateReel;
use matchcut_local::Cut;
use serde_json::json;

use super::clip_requests::create_ready_clips;
use super::inventory::Inventory;
use super::sweep::sweep_with_interruptions;
use super::{InterruptionTest, interrupt_keyed_requests, request};

fn is_reel(clip: &Clip) -> bool {
    matches!(clip.source, Source::Reel(_))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_makes_one_reel() {
    let test = InterruptionTest::start().await;
    let create = CreateReel::new(&test.sdk, test.variables()).unwrap();
    let clip = create_ready_clips(&test, 1).await.remove(0);
    let body = json!({ "clips": [clip.clip] });
    let ask = async |mut event: ApiGatewayV2httpRequest| {
        event.path_parameters.insert("competitionId".to_owned(), "demo".to_owned());
        create.handle(event).await
    };
    let count = interrupt_keyed_requests(202, &body, ask).await;
    let clips = test.clips().await;
    assert_eq!(clips.iter().filter(|clip| is_reel(clip)).count(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeps_make_a_reel_once() {
    let test = InterruptionTest::start().await;
    let create = CreateReel::new(&test.api.stack.sdk, test.variables()).unwrap();
    let clip = create_ready_clips(&test, 1).await.remove(0);
    let body = json!({ "clips": [clip.clip, clip.clip] }).to_string();
    let competition = json!({ "competitionId": "demo" });
    let prepare = async || {
        let before = test.clips().await;
        create.handle(request(&competition, &json!({}), &body)).await;
        let is_new = |clip: &Clip| before.iter().all(|known| known.clip != clip.clip);
        test.clips().await.into_iter().find(is_new).unwrap().key()
    };
    let is_ready = async |clip: Option<&Clip>| clip.unwrap().status == Status::Ready;
    let count = sweep_with_interruptions(&test, &[Cut::DieAfter], prepare, is_ready).await;
    assert_eq!(test.api.jobs().await.len(), count, "each reel has one job");
    for clip in test.clips().await.into_iter().filter(is_reel) {
        assert_eq!((clip.status, clip.attempt), (Status::Ready, 1), "{}", clip.key());
        let resources = Inventory::collect(&test).await.resources(&clip.key());
        assert_eq!(resources.assets.len(), 1, "{}", clip.key());
    }
}

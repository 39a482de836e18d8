//! Clips of the same window from several channels.

use matchcut::clip::{Clip, ClipKey, Status};
use serde_json::{Value, json};

use crate::api::Api;
use crate::create_clip::create_with;

/// The channel of the stack, and two more with the same stream. The segments of the last are so long that
/// it has no clips of less than 16 s.
pub(crate) fn channels(api: &Api) -> (&'static str, String) {
    let main: Value =
        serde_json::from_str(api.stack.variables.required("CHANNELS").unwrap()).unwrap();
    let with = |id: &str, segment_seconds: u32| {
        let mut channel = main[0].clone();
        channel["id"] = json!(id);
        channel["segmentSeconds"] = json!(segment_seconds);
        channel
    };
    ("CHANNELS", json!([main[0], with("side", 2), with("slow", 8)]).to_string())
}

async fn find(api: &Api, key: &ClipKey) -> Clip {
    api.library().find(key).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_give_a_group_of_clips_of_one_window() {
    let api = Api::start().await;
    let channels = [channels(&api)];
    let body = json!({ "lastSeconds": 10, "channels": ["main", "side"], "title": "Goal" });
    let created = create_with(&api, &channels, &body).await;
    assert_eq!(created.status, 202, "{}", created.body);
    let main = find(&api, &created.key()).await;
    let ids: Vec<_> = main.angles.iter().map(|it| (it.channel.to_string(), &it.clip)).collect();
    assert_eq!(ids[0], ("main".to_owned(), &main.clip));
    assert_eq!((ids.len(), &ids[1].0), (2, &"side".to_owned()));
    assert_eq!(created.body["angles"], json!(main.angles));
    let side = ClipKey { clip: main.angles[1].clip.clone(), ..main.key() };
    let other = find(&api, &side).await;
    assert_eq!((&other.angles, &other.title), (&main.angles, &main.title));
    assert_eq!(other.wanted_window(), main.wanted_window());

    let path = format!("/competitions/demo/clips/{}", main.clip);
    for key in [&main.key(), &side] {
        api.wait_for(key, |clip| clip.status == Status::Ready).await;
    }
    let shown = api.get(&path).await.body;
    assert_eq!(shown["angles"], json!(main.angles));
    let listed = api.get("/competitions/demo/clips").await.body["clips"].clone();
    assert!(listed.as_array().unwrap().iter().all(|clip| clip.get("angles").is_none()));
    assert_eq!(listed.as_array().unwrap().len(), 2);

    let held_back = api.edit(&side, &json!({ "listed": false })).await;
    assert_eq!(held_back.status, 200, "{}", held_back.body);
    assert_eq!(held_back.body["angles"], json!(main.angles), "operators see all angles");
    let shown = api.get(&path).await.body;
    assert!(shown.get("angles").is_none(), "viewers have no other angle: {shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_cannot_be_cut_refuses_the_whole_group() {
    let api = Api::start().await;
    let channels = [channels(&api)];
    for (ids, field, kind) in [
        (["main", "side", "slow"], "channels[2]", "invalid-window"),
        (["main", "side", "roof"], "channels[2]", "invalid-field"),
        (["roof", "side", "main"], "channels[0]", "invalid-field"),
    ] {
        let body = json!({ "lastSeconds": 10, "channels": ids });
        let refused = create_with(&api, &channels, &body).await;
        let problem = json!(format!("urn:matchcut:problem:{kind}"));
        assert_eq!((&refused.body["type"], &refused.body["field"]), (&problem, &json!(field)));
        assert_eq!(api.rows().await.len(), 0, "{ids:?}");
    }
}

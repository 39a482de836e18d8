//! `PATCH` of a clip with `If-Match`.

use matchcut::clip::{ClipKey, Status, Trigger};
use reqwest::Method;
use serde_json::json;

use crate::api::{Api, Reply, at, row};

async fn patch(api: &Api, clip: &ClipKey, known: Option<&str>, body: &str) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let path = format!("/competitions/{}/clips/{}", clip.competition, clip.clip);
    let mut headers = vec![("authorization", token.as_str())];
    headers.extend(known.map(|known| ("if-match", known)));
    api.request(Method::PATCH, &path, &headers, body.to_owned()).await
}

async fn read_etag(api: &Api, clip: &ClipKey) -> String {
    let path = format!("/competitions/{}/clips/{}", clip.competition, clip.clip);
    api.get(&path).await.headers["etag"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_named_fields_change() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let key = clip.key();
    let before = api.get(&format!("/competitions/demo/clips/{}", key.clip)).await;
    let tag = read_etag(&api, &key).await;
    let edit = r#"{"title":"🏃 The final","tags":["final","gold","final"]}"#;
    let answer = patch(&api, &key, Some(&tag), edit).await;
    assert_eq!(answer.status, 200);
    let mut expected = before.body.clone();
    expected["meta"]["title"] = json!("🏃 The final");
    expected["meta"]["tags"] = json!(["final", "gold"]);
    expected["updatedAt"] = answer.body["updatedAt"].clone();
    let mut for_operators = expected.clone();
    for_operators["etag"] = answer.body["etag"].clone();
    assert_eq!(answer.body, for_operators);
    assert_eq!(answer.headers["etag"].to_str().unwrap(), read_etag(&api, &key).await);
    let tag = answer.body["etag"].as_str().unwrap();
    assert_eq!(
        patch(&api, &key, Some(tag), "{}").await.status,
        200,
        "the tag of the reply is enough"
    );
    let listed = api.get("/competitions/demo/clips").await.body["clips"][0].clone();
    assert_eq!(listed, expected, "lists show it at once");

    let tag = read_etag(&api, &key).await;
    let answer = patch(&api, &key, Some(&tag), r#"{"expiresAt":"2099-01-01T00:00:00Z"}"#).await;
    assert_eq!(answer.body["expiresAt"], "2099-01-01T00:00:00Z");
    let removed = r#"{"title":null,"tags":null,"expiresAt":null}"#;
    let answer = patch(&api, &key, Some("*"), removed).await;
    assert_eq!(answer.body["meta"]["title"], "");
    assert_eq!(answer.body["meta"]["tags"], json!([]));
    assert_eq!(answer.body.get("expiresAt"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_edits_with_one_etag_apply_once() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let tag = read_etag(&api, &clip.key()).await;
    let edits = ["a", "b", "c", "d"].map(|title| format!(r#"{{"title":"{title}"}}"#));
    let key = clip.key();
    let all = edits.iter().map(|edit| patch(&api, &key, Some(&tag), edit));
    let answers = futures_util::future::join_all(all).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412], "of those who knew the same, one wins");
    let weak = format!("W/{}", read_etag(&api, &clip.key()).await);
    let listed = format!("\"other\", {weak}");
    assert_eq!(patch(&api, &clip.key(), Some(&listed), r#"{"title":"e"}"#).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_change_does_not_invalidate_the_etag() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let clip = row("demo", 0, Status::Packaging);
    let clip = matchcut::clip::Clip { playable: [].into(), ..clip };
    api.library().create(&clip).await.unwrap();
    let tag = read_etag(&api, &clip.key()).await;
    let playable = Trigger::Playable { configuration: "hls".to_owned() };
    api.library().advance(&clip.current_attempt(), &playable, at(120)).await.unwrap();
    let answer = patch(&api, &clip.key(), Some(&tag), r#"{"title":"Final"}"#).await;
    assert_eq!((answer.status.as_u16(), &answer.body["status"]), (200, &json!("ready")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_edit_is_refused() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let key = clip.key();
    let deleted = row("demo", 0, Status::Deleting).key();
    for (clip, known, body, status, field) in [
        (&key, None, "{}", 428, "If-Match"),
        (&key, Some("\"other.tag\""), "{}", 412, "If-Match"),
        (&key, Some("*"), r#"{"clip":"x"}"#, 400, "clip"),
        (&key, Some("*"), r#"{"title":7}"#, 400, "title"),
        (&key, Some("*"), r#"{"expiresAt":"2020-01-01T00:00:00Z"}"#, 400, "expiresAt"),
        (&deleted, Some("*"), "{}", 404, "clipId"),
    ] {
        let answer = patch(&api, clip, known, body).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["field"]),
            (status, &json!(field)),
            "{body}"
        );
    }
    assert_eq!(api.library().find(&key).await.unwrap(), Some(clip));
}

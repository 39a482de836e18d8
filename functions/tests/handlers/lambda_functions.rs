//! Starts each Lambda function against a local Lambda runtime API.

use axum::Router;
use matchcut::clip::Status;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc;
use url::Url;

use crate::api::{Api, row};
use crate::lambda_process::{Function, PROGRAM};

pub(crate) fn request(method: &str, parameters: &Value) -> Value {
    json!({
        "version": "2.0",
        "headers": {},
        "pathParameters": parameters,
        "requestContext": { "http": { "method": method, "path": "/" } },
        "isBase64Encoded": false,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_by_a_person_is_logged_with_who_it_was() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let parameters = json!({ "competitionId": clip.competition, "clipId": clip.clip });
    let mut delete = Function::start("delete-clip", api.stack.variables.iter()).await;
    let mut event = request("DELETE", &parameters);
    event["requestContext"]["http"]["path"] = json!("/api/competitions/demo/clips/x");
    let claims = json!({ "sub": "operator-7", "scope": "matchcut/clips.write", "name": "Anna" });
    event["requestContext"]["authorizer"] = json!({ "jwt": { "claims": claims, "scopes": [] } });
    assert_eq!(delete.invoke(event).await.1["statusCode"], 204);
    let line = delete.operators.recv().await.unwrap();
    for part in ["operator-7", "DELETE /api/competitions/demo/clips/x", "204"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!line.contains("Anna"), "names of people are not in logs: {line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_function_answers() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let start = async |name| Function::start(name, api.stack.variables.iter()).await;
    let status_of = |answer: &(String, Value)| (answer.0.clone(), answer.1["statusCode"].clone());
    let ok = |status: u16| ("response".to_owned(), json!(status));

    let mut create = start("create-clip").await;
    let answer = create.invoke(request("POST", &json!({}))).await;
    assert_eq!(status_of(&answer), ok(202), "{}", answer.1);
    let clip: Value = serde_json::from_str(answer.1["body"].as_str().unwrap()).unwrap();
    let parameters = json!({ "competitionId": clip["competition"], "clipId": clip["clip"] });

    let mut list = start("list-clips").await;
    let answer = list.invoke(request("GET", &parameters)).await;
    assert_eq!(status_of(&answer), ok(200), "{}", answer.1);
    let mut show = start("show-clip").await;
    let answer = show.invoke(request("GET", &parameters)).await;
    assert_eq!(status_of(&answer), ok(200), "{}", answer.1);
    let mut follow = start("follow-clip").await;
    let answer = follow.invoke(request("GET", &parameters)).await;
    assert_eq!(status_of(&answer), ok(200), "{}", answer.1);
    let mut grant = start("grant-playback").await;
    let answer = grant.invoke(request("POST", &parameters)).await;
    assert_eq!(status_of(&answer), ok(409), "{}", answer.1);
    let mut health = start("show-health").await;
    assert_eq!(status_of(&health.invoke(request("GET", &json!({}))).await), ok(200));

    let waiting = row("demo", 0, Status::Packaging);
    api.library().create(&waiting).await.unwrap();
    let mut playable = start("asset-playable").await;
    let event = json!({
        "detail-type": "MediaPackage Input Notification",
        "source": "aws.mediapackage",
        "resources": [format!("arn:aws:mediapackage-vod:us-east-1:1:assets/{}", waiting.current_attempt())],
        "detail": { "event": "IngestError", "message": "no video" },
    });
    assert_eq!(playable.invoke(event).await.0, "response");
    api.wait_for_status(&waiting, Status::Failed).await;

    let mut announce = start("create-upload").await;
    let mut event = request("POST", &json!({}));
    event["body"] = json!(json!({ "filename": "a.mp4", "size": 100 << 20 }).to_string());
    let answer = announce.invoke(event).await;
    assert_eq!(status_of(&answer), ok(201), "{}", answer.1);
    let upload: Value = serde_json::from_str(answer.1["body"].as_str().unwrap()).unwrap();
    let parameters = json!({ "competitionId": upload["competition"], "clipId": upload["clip"] });
    let mut parts = start("list-upload-parts").await;
    assert_eq!(status_of(&parts.invoke(request("GET", &parameters)).await), ok(200));
    let mut complete = start("complete-upload").await;
    assert_eq!(status_of(&complete.invoke(request("POST", &parameters)).await), ok(400));

    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    let mut transcode = start("transcode-upload").await;
    api.write_without_event("dropped/a.mp4", b"no video");
    let created = json!({ "bucket": { "name": bucket }, "object": { "key": "dropped/a.mp4" } });
    let body = json!({ "detail": created }).to_string();
    assert_eq!(transcode.invoke(json!({ "Records": [{ "body": body }] })).await.0, "response");
    let dropped = api.rows().await.into_iter().find(|row| row["competition"] == "dropped");
    assert_eq!(dropped.unwrap()["failure"]["code"], "unreadable-file");

    let mut transcoded = start("transcode-complete").await;
    let event = json!({
        "detail-type": "MediaConvert Job State Change",
        "source": "aws.mediaconvert",
        "detail": { "jobId": "1", "status": "COMPLETE", "userMetadata": {} },
    });
    assert_eq!(
        transcoded.invoke(event).await.0,
        "response",
        "a job of another application is ignored"
    );

    let due = row("demo", 4, Status::Queued);
    api.library().create(&due).await.unwrap();
    let mut sweep = start("sweep-library").await;
    assert_eq!(sweep.invoke(json!({})).await.0, "response");
    api.wait_for_status(&due, Status::Harvesting).await;

    let mut harvest = start("harvest-complete").await;
    let mut event = json!({
        "detail-type": "MediaPackage HarvestJob Notification",
        "source": "aws.mediapackage",
        "detail": {
            "harvest_job": {
                "id": due.current_attempt().to_string(), "status": "FAILED", "origin_endpoint_id": "main-hls",
            },
            "message": "the encoder was away",
        },
    });
    assert_eq!(harvest.invoke(event.clone()).await.0, "response");
    api.wait_for_status(&due, Status::Failed).await;

    event["detail"]["harvest_job"]["id"] = json!(3);
    assert_eq!(
        harvest.invoke(event).await.0,
        "error",
        "an invalid event returns an error, so it is retried"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edit_functions_answer() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let start = async |name| Function::start(name, api.stack.variables.iter()).await;
    let status_of = |answer: &(String, Value)| (answer.0.clone(), answer.1["statusCode"].clone());
    let ok = |status: u16| ("response".to_owned(), json!(status));
    let failed = row("demo", 4, Status::Failed);
    api.library().create(&failed).await.unwrap();

    let parameters = json!({ "competitionId": failed.competition, "clipId": failed.clip });
    let mut retry = start("retry-clip").await;
    assert_eq!(status_of(&retry.invoke(request("POST", &parameters)).await), ok(202));
    let mut next = start("harvest-clip").await;
    let body = json!({ "competition": failed.competition, "clip": failed.clip }).to_string();
    assert_eq!(next.invoke(json!({ "Records": [{ "body": body }] })).await.0, "response");
    api.wait_for_status(&failed, Status::Harvesting).await;

    let mut update = start("update-clip").await;
    let mut edit = request("PATCH", &parameters);
    edit["headers"]["if-match"] = json!("*");
    edit["body"] = json!(r#"{"title":"The final"}"#);
    assert_eq!(status_of(&update.invoke(edit).await), ok(200));
    let mut delete = start("delete-clip").await;
    assert_eq!(status_of(&delete.invoke(request("DELETE", &parameters)).await), ok(204));
    let clip = api.wait_for_status(&failed, Status::Deleting).await;
    assert_eq!(clip.title, "The final");

    let mut restore = start("restore-clip").await;
    assert_eq!(status_of(&restore.invoke(request("POST", &parameters)).await), ok(200));
    let mut changes = start("list-changes").await;
    let (_, answer) = changes.invoke(request("GET", &parameters)).await;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["clips"][0]["meta"]["title"], "The final", "{body:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channel_functions_answer() {
    let api = Api::start().await;
    let start = async |name| Function::start(name, api.stack.variables.iter()).await;
    let mut list = start("list-channels").await;
    let (_, answer) = list.invoke(request("GET", &json!({}))).await;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["channels"][0]["state"], "running", "{body:#}");

    let main = json!({ "channelId": "main" });
    let mut stop = start("stop-channel").await;
    let (_, answer) = stop.invoke(request("POST", &main)).await;
    assert_eq!(answer["statusCode"], 202, "{answer}");
    let mut start = start("start-channel").await;
    api.eventually("the channel has stopped and starts again", async || {
        let (_, answer) = start.invoke(request("POST", &main)).await;
        (answer["statusCode"] == 202).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn share_functions_answer() {
    let api = Api::start().await;
    let ready = row("demo", 0, Status::Ready);
    api.library().create(&ready).await.unwrap();
    let parameters = json!({ "competitionId": ready.competition, "clipId": ready.clip });
    for name in ["show-page", "show-feed", "show-sitemap"] {
        let mut function = Function::start(name, api.stack.variables.iter()).await;
        let (_, answer) = function.invoke(request("GET", &parameters)).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        assert!(answer["body"].as_str().unwrap().contains(ready.clip.as_str()), "{answer}");
    }
    let mut describe = Function::start("describe-embed", api.stack.variables.iter()).await;
    let mut event = request("GET", &json!({}));
    let page = format!("{}/c/{}/{}", api.site(), ready.competition, ready.clip);
    event["queryStringParameters"] = json!({ "url": page });
    let (_, answer) = describe.invoke(event).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn announce_functions_answer() {
    let (sender, mut posted) = mpsc::unbounded_channel();
    let take = async move |body: String| sender.send(body).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(take)).await });
    let api = Api::start_with(|options| {
        options.webhooks = vec![url.clone()];
        options.pollers = false;
    })
    .await;

    let mut announce = Function::start("announce-clip", api.stack.variables.iter()).await;
    let modified = include_str!("../../../fuzz/corpus/events/stream-modify");
    assert_eq!(announce.invoke(serde_json::from_str(modified).unwrap()).await.0, "response");
    let queue = api.queues().into_iter().find(|name| name.contains("webhook")).unwrap();
    let [announced] = &api.messages(&queue)[..] else { panic!("it was announced once") };
    assert_eq!(announced["detail"]["status"], "ready");

    let region = "arn:aws:secretsmanager:us-east-1:000000000000";
    let subscribed = api.variables(&[
        ("WEBHOOK_URL", url.to_string()),
        ("WEBHOOK_QUEUE_URL", "http://127.0.0.1:9/queue".to_owned()),
        ("WEBHOOK_SECRET_ARN", format!("{region}:secret:{queue}-AbCdEf")),
    ]);
    let mut deliver = Function::start("deliver-webhook", subscribed.iter()).await;
    let changed = include_str!("../../../fuzz/corpus/events/state-changed");
    assert_eq!(deliver.invoke(json!({ "Records": [{ "body": changed }] })).await.0, "response");
    let posted: Value = serde_json::from_str(&posted.recv().await.unwrap()).unwrap();
    assert_eq!(posted["type"], "clip.ready");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateway_functions_answer() {
    let methods = [("CONTRACT_METHODS", r#"{"/api/clip":"POST"}"#)].into_iter();
    let mut refuse = Function::start("refuse-request", methods).await;
    let mut event = request("GET", &json!({}));
    event["routeKey"] = json!("ANY /api/clip");
    assert_eq!(refuse.invoke(event).await.1["statusCode"], 405);

    let scopes = [("GROUP_SCOPES", r#"{"operator":["m/write"]}"#)].into_iter();
    let mut scope = Function::start("scope-token", scopes).await;
    let groups = json!({ "groupsToOverride": ["operator"] });
    let event = json!({ "version": "2", "request": { "groupConfiguration": groups } });
    let (kind, token) = scope.invoke(event).await;
    let overrides = &token["response"]["claimsAndScopeOverrideDetails"];
    assert_eq!(kind, "response");
    assert_eq!(overrides["accessTokenGeneration"]["scopesToAdd"], json!(["m/write"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_environment_variable_fails_the_cold_start() {
    let api = Api::start().await;
    let variables = api.stack.variables.iter().filter(|(name, _)| *name != "CLIPS_TABLE");
    let output = Command::new(PROGRAM)
        .env_clear()
        .envs(variables)
        .env("FUNCTION", "list-clips")
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(log.contains("environment variable CLIPS_TABLE is missing"), "{log}");
}

#[tokio::test]
async fn a_function_that_does_not_exist_fails_the_cold_start() {
    for (name, expected) in [
        (None, "environment variable FUNCTION is missing"),
        (Some("cut"), "environment variable FUNCTION is invalid: there is no function cut"),
    ] {
        let output = Command::new(PROGRAM)
            .env_clear()
            .envs(name.map(|name| ("FUNCTION", name)))
            .output()
            .await
            .unwrap();
        assert!(!output.status.success());
        let log = String::from_utf8_lossy(&output.stdout);
        assert!(log.contains(expected), "{log}");
    }
}

//! Uploads by the API: one request or several parts, and invalid requests.

use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{FailureCode, Status};
use matchcut::lambda::EventHandler as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Reply};
use crate::large_uploads::large_video;
use crate::media::video;

pub(crate) async fn announce(api: &Api, body: &Value) -> Reply {
    api.post("/uploads", &body.to_string()).await
}

pub(crate) async fn put(url: &Value, headers: &Value, body: Vec<u8>) -> reqwest::Response {
    let mut request = reqwest::Client::new().put(url.as_str().unwrap()).body(body);
    for (name, value) in headers.as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.send().await.unwrap()
}

/// The path of the clip in a reply, without the prefix of all paths.
pub(crate) fn path(value: &Value) -> String {
    value.as_str().unwrap().strip_prefix("/api").unwrap().to_owned()
}

pub(crate) async fn complete(
    api: &Api,
    token: &str,
    path: &str,
    parts: &[(usize, String)],
) -> Reply {
    let parts: Vec<_> =
        parts.iter().map(|(number, etag)| json!({ "partNumber": number, "etag": etag })).collect();
    let headers = [("authorization", token)];
    let body = json!({ "parts": parts }).to_string();
    api.request(Method::POST, path, &headers, body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_file_uploads_in_one_request_and_becomes_a_clip() {
    let api = Api::start().await;
    let file = video().await;
    let announced = announce(
        &api,
        &json!({
            "competition": "100m", "filename": "Läufe + Würfe 🏃.MP4", "size": file.len(),
            "contentType": "video/mp4", "title": "Mine", "tags": ["phone"],
            "at": "2020-02-03T14:00:00Z",
        }),
    )
    .await;
    assert_eq!(announced.status, StatusCode::CREATED);
    assert_eq!(announced.body["status"], "uploading");
    let upload = &announced.body["upload"];

    // S3 enforces the announced size and type.
    let longer = [file.clone(), vec![0]].concat();
    assert_eq!(put(&upload["url"], &upload["headers"], longer).await.status(), 403);
    let typed = json!({ "content-type": "text/plain" });
    assert_eq!(put(&upload["url"], &typed, file.clone()).await.status(), 403);
    assert_eq!(put(&upload["url"], &upload["headers"], file).await.status(), 200);

    let clip = api.wait_for(&announced.key(), |clip| clip.status == Status::Ready).await;
    let shown = api.get("/competitions/100m/clips").await.body["clips"][0].clone();
    assert_eq!(shown["clip"], clip.clip.to_string());
    assert!(shown["clip"].as_str().unwrap().starts_with("20200203140000_20200203140000_"));
    assert_eq!(shown["filename"], "Läufe + Würfe 🏃.MP4");
    assert_eq!(shown["meta"]["tags"], json!(["phone"]));
    assert_eq!(shown["actual"]["durationSeconds"], 1.6);
    assert_eq!(shown["thumbnails"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_upload_request_is_refused_and_stores_nothing() {
    let api = Api::start().await;
    let refused = async |body: Value, field: &str| {
        let answer = announce(&api, &body).await;
        assert_eq!(answer.status, 400, "{body}: {:#}", answer.body);
        assert_eq!(answer.body["field"], field, "{body}");
    };
    let file = |name: &str| json!({ "filename": name, "size": 1 });
    refused(file("../../etc/passwd"), "filename").await;
    refused(file("a\u{1b}[2Jb.mp4"), "filename").await;
    refused(json!({ "filename": "a.mp4", "size": 0 }), "size").await;
    refused(json!({ "filename": "a.mp4", "size": 1, "competition": "100 m" }), "competition").await;
    refused(json!({ "filename": "a.mp4", "size": 1, "contentType": "video" }), "contentType").await;
    assert_eq!(api.rows().await, Vec::<Value>::new());

    let small = announce(&api, &file("a.mp4")).await;
    let token = format!("Bearer {}", api.stack.token);
    let part = [(1, "\"a\"".to_owned())];
    let path = |clip: &str| format!("/uploads/demo/{clip}/complete");
    let own = path(small.body["clip"].as_str().unwrap());
    assert_eq!(complete(&api, &token, &own, &part).await.status, 409);
    let unknown = path("20200203133058_20200203133058_k7Qx2f");
    assert_eq!(complete(&api, &token, &unknown, &part).await.status, 404);
    assert_eq!(complete(&api, &token, &path("x"), &part).await.status, 404);
    let live = api.post_clip(r#"{"start":1580736604,"end":1580736612}"#).await;
    let live = path(live.body["clip"].as_str().unwrap());
    assert_eq!(complete(&api, &token, &live, &part).await.status, 404);
    assert_eq!(announce(&api, &json!({})).await.status, 400);
    let anonymous = api.request(Method::POST, "/uploads", &[], file("a.mp4").to_string()).await;
    assert_eq!(anonymous.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_an_unexpected_size_fails() {
    let api = Api::start().await;
    let file = video().await;
    let announced = announce(&api, &json!({ "filename": "a.mp4", "size": file.len() + 1 })).await;
    let clip = api.library().find(&announced.key()).await.unwrap().unwrap();
    api.upload_directly(&clip.upload().unwrap().key, ByteStream::from(file), "").await;
    let failed = api.wait_for(&announced.key(), |clip| clip.status == Status::Failed).await;
    assert_eq!(failed.failure.unwrap().code, FailureCode::SizeMismatch);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_file_gets_title_and_tags_even_if_its_event_repeats() {
    let api = Api::start_with(|options| options.faults.repeat = 1.0).await;
    let file = video().await;
    for _ in 0..2 {
        let key = "100m/day 1/Läufe + 50% \"Würfe\" 🏃.mp4";
        api.upload_directly(key, ByteStream::from(file.clone()), "Heat=2&live").await;
    }
    for key in ["no-competition.mp4", "100 m/a.mp4", "100m/", "ümlaut/a.mp4"] {
        api.upload_directly(key, ByteStream::from(Vec::new()), "").await;
    }
    api.upload_directly("last/empty.mp4", ByteStream::from(Vec::new()), "").await;
    api.eventually("all files are processed", async || {
        api.messages("matchcut-uploads").is_empty().then_some(())
    })
    .await;
    let rows = api.rows().await;
    let dropped: Vec<_> = rows.iter().filter(|row| row["competition"] == "100m").collect();
    // The same file within the same second is the same clip. Later, it is another clip.
    assert!((1..=2).contains(&dropped.len()), "{dropped:#?}");
    assert_eq!(rows.len(), dropped.len() + 1, "{rows:#?}");
    assert_eq!(dropped[0]["title"], "Läufe + 50% \"Würfe\" 🏃");
    assert_eq!(dropped[0]["tags"], json!(["Heat=2", "live"]));
    for row in dropped {
        let key = format!("100m_{}", row["clip"].as_str().unwrap()).parse().unwrap();
        api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    }
    assert_eq!(api.jobs().await.len(), rows.len() - 1, "no file has two jobs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn encoded_and_plain_object_keys_are_found() {
    let api = Api::start().await;
    let file = video().await;
    let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
    let bucket = api.stack.variables.required("CLIPS_BUCKET").unwrap();
    // In the other bucket, so that the stand-in sends no event.
    let variables = api.variables(&[("UPLOADS_BUCKET", bucket.to_owned())]);
    let function = matchcut::upload::TranscodeUpload::new(&api.stack.sdk, &variables).unwrap();
    for (key, spelled) in
        [("a/ü + 🏃.mp4", "a/%C3%BC+%2B+%F0%9F%8F%83.mp4"), ("b/50%25.mp4", "b/50%25.mp4")]
    {
        let put = s3.put_object().bucket(bucket).key(key).body(ByteStream::from(file.clone()));
        put.send().await.unwrap();
        let event = json!({ "detail": {
            "bucket": { "name": bucket }, "object": { "key": spelled },
        }});
        let batch = json!({ "Records": [{ "body": event.to_string() }] });
        let batch: SqsEvent = serde_json::from_value(batch).unwrap();
        function.handle(batch).await.unwrap();
    }
    let mut keys: Vec<_> = api.rows().await.iter().map(|row| row["key"].clone()).collect();
    keys.sort_by_key(ToString::to_string);
    assert_eq!(keys, [json!("a/ü + 🏃.mp4"), json!("b/50%25.mp4")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_finds_unannounced_originals_and_removes_abandoned_uploads() {
    let api = Api::start().await;
    let file = large_video().await;
    let never = announce(&api, &json!({ "filename": "a.mp4", "size": file.len() })).await;
    let came = announce(&api, &json!({ "filename": "b.mp4", "size": video().await.len() })).await;
    let sweep = async |later: TimeDelta| {
        api.stack.functions.sweep.run(Utc::now() + later).await.unwrap();
    };

    // Written without the stand-in, so there is no event.
    let clip = api.library().find(&came.key()).await.unwrap().unwrap();
    api.write_without_event(&clip.upload().unwrap().key, &video().await);
    sweep(TimeDelta::minutes(16)).await;
    api.wait_for(&came.key(), |clip| clip.status == Status::Ready).await;

    let rows = api.rows().await.len();
    let row = api.library().find(&never.key()).await.unwrap().unwrap();
    let upload = row.upload().unwrap();
    sweep(TimeDelta::hours(23)).await;
    assert_eq!(api.rows().await.len(), rows, "its time is not over");
    sweep(TimeDelta::hours(25)).await;
    let abandoned = api.library().find(&never.key()).await.unwrap().unwrap();
    assert_eq!(abandoned.status, Status::Deleting, "operators see that it is deleted");
    sweep(TimeDelta::hours(48)).await;
    assert!(api.library().find(&never.key()).await.unwrap().is_some(), "its file may be late");
    sweep(TimeDelta::hours(50)).await;
    assert_eq!(api.library().find(&never.key()).await.unwrap(), None);
    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    let abort = aws_sdk_s3::Client::new(&api.stack.sdk).abort_multipart_upload().bucket(bucket);
    let abort = abort.key(&upload.key).upload_id(upload.multipart.clone().unwrap());
    let error = aws_sdk_s3::Error::from(abort.send().await.unwrap_err());
    assert_eq!(error.code(), Some("NoSuchUpload"), "its parts are gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_whose_probe_takes_long_does_not_hold_up_other_uploads() {
    // Probe takes 10 s for the large file, longer than the SDK waits for other calls.
    let api = Api::start_with(|options| options.upload_limits.probe_bytes_per_second = 6.7e6).await;
    api.upload_directly("slow/large.mp4", ByteStream::from(large_video().await), "").await;
    for number in 0..3 {
        let key = format!("quick/{number}.mp4");
        api.upload_directly(&key, ByteStream::from(video().await), "").await;
    }
    let jobs = api
        .eventually("every file has a job", async || {
            Some(api.jobs().await).filter(|jobs| jobs.len() == 4)
        })
        .await;
    assert!(jobs[3].ends_with("slow/large.mp4"), "{jobs:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_cannot_be_probed_fails_after_ten_minutes_with_a_remedy() {
    let api = Api::start_with(|options| {
        options.pollers = false;
        options.faults.error = 1.0;
    })
    .await;
    let file = video().await;
    let announced = announce(&api, &json!({ "filename": "a.mp4", "size": file.len() })).await;
    let upload = &announced.body["upload"];
    assert_eq!(put(&upload["url"], &upload["headers"], file).await.status(), 200);
    let check = async |minutes| {
        let now = Utc::now() + TimeDelta::minutes(minutes);
        api.stack.functions.sweep.run(now).await.unwrap();
        api.library().find(&announced.key()).await.unwrap().unwrap()
    };
    let clip = api.library().find(&announced.key()).await.unwrap().unwrap();
    api.library().schedule_check(&clip, Some(Utc::now())).await.unwrap();
    assert_eq!(check(9).await.status, Status::Uploading, "AWS may have a bad minute");
    let failed = check(11).await;
    assert_eq!(failed.status, Status::Failed);
    let failure = failed.failure.unwrap();
    assert_eq!(failure.code, FailureCode::ProbeFailed);
    assert!(failure.message.contains("Retry once."), "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_s3_does_not_let_the_service_read_fails_with_the_true_reason() {
    let api = Api::start().await;
    let key_arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    let put = aws_sdk_s3::Client::new(&api.stack.sdk).put_object().bucket(bucket);
    let put = put.key("100m/sealed.mp4").body(ByteStream::from(video().await));
    let put = put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key_arn);
    put.send().await.unwrap();
    let failed = api.wait_for_any_clip(|clip| clip.status == Status::Failed).await;
    let failure = failed.failure.unwrap();
    assert_eq!(failure.code, FailureCode::FileAccessDenied);
    assert!(failure.message.contains(key_arn), "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_arrives_after_its_row_was_given_up_keeps_its_title() {
    let api = Api::start().await;
    let file = video().await;
    let about = json!({ "filename": "a.mp4", "size": file.len(), "title": "Final", "tags": ["x"] });
    let (one, other) = (announce(&api, &about).await, announce(&api, &about).await);
    let sweep = async |hours| {
        api.stack.functions.sweep.run(Utc::now() + TimeDelta::hours(hours)).await.unwrap();
    };
    sweep(3).await;
    let find = async |reply: &Reply| api.library().find(&reply.key()).await.unwrap().unwrap();
    for reply in [&one, &other] {
        assert_eq!(find(reply).await.status, Status::Deleting);
    }
    // The event of one file arrives. The event of the other is lost.
    let upload = &one.body["upload"];
    assert_eq!(put(&upload["url"], &upload["headers"], file.clone()).await.status(), 200);
    api.write_without_event(&find(&other).await.upload().unwrap().key, &file);
    sweep(28).await;
    for reply in [&one, &other] {
        let clip = api.wait_for(&reply.key(), |clip| clip.status == Status::Ready).await;
        assert_eq!((clip.title.as_str(), &clip.tags[..]), ("Final", &["x".to_owned()][..]));
    }
    assert_eq!(api.rows().await.len(), 2, "no file has two clips");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_1024_bytes_becomes_a_clip() {
    let api = Api::start().await;
    let folders = format!("100m/{}/{}", "ü".repeat(100), "b".repeat(300));
    let key = format!("{folders}/{}.mp4", "🏃".repeat((1024 - folders.len() - 5) / 4));
    assert!((1020..=1024).contains(&key.len()), "{}", key.len());
    api.upload_directly(&key, ByteStream::from(video().await), "Heat=2").await;
    let clip = api.wait_for_any_clip(|clip| clip.status == Status::Ready).await;
    assert_eq!(clip.upload().unwrap().key, key);
    assert!(clip.title.starts_with("🏃🏃"), "{}", clip.title);
    assert_eq!(clip.tags, ["Heat=2"]);
    api.delete(&clip.key()).await;
    let sweep = async |minutes| {
        let now = Utc::now() + TimeDelta::minutes(minutes);
        api.stack.functions.sweep.run(now).await.unwrap();
    };
    sweep(4).await;
    sweep(70).await;
    assert_eq!(api.rows().await, [Value::Null; 0]);
    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
    assert_eq!(s3.list_objects_v2().bucket(bucket).send().await.unwrap().key_count(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_burst_is_transcoded_once_each() {
    let api = Api::start_with(|options| {
        options.create_job_burst = 2;
        options.faults.throttle = 0.1;
        options.faults.repeat = 0.2;
    })
    .await;
    let file = video().await;
    let count = 12;
    for number in 0..count {
        let key = format!("burst/{number:02}.mp4");
        api.upload_directly(&key, ByteStream::from(file.clone()), "").await;
    }
    let mut polls = tokio::time::interval(std::time::Duration::from_millis(100));
    let jobs = loop {
        let jobs = api.jobs().await;
        if jobs.len() == count {
            break jobs;
        }
        polls.tick().await;
    };
    let mut files: Vec<_> = jobs.iter().map(|key| key.rsplit('/').next().unwrap()).collect();
    files.sort_unstable();
    let expected: Vec<_> = (0..count).map(|number| format!("{number:02}.mp4")).collect();
    assert_eq!(files, expected);
    for row in api.rows().await {
        let key = format!("burst_{}", row["clip"].as_str().unwrap()).parse().unwrap();
        api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    }
    assert_eq!(api.jobs().await.len(), count);
}

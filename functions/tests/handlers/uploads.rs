//! Uploads by the API: one request or several parts, and invalid requests.

use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{FailureCode, Status, Trigger};
use matchcut::lambda::EventHandler as _;
use matchcut_local::OPERATOR_SCOPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Reply};
use crate::media::video;

const PART: usize = 16 << 20;

/// The video, padded with a box of free space to a size that is sent in parts.
/// ISO/IEC 14496-12, 8.1.2.
async fn large_video() -> Vec<u8> {
    let mut file = video().await;
    let free = (4 * PART + 1000).max(file.len() + 8) - file.len();
    file.extend(u32::try_from(free).unwrap().to_be_bytes());
    file.extend(b"free");
    file.resize(file.len() + free - 8, 0);
    file
}

async fn announce(api: &Api, body: &Value) -> Reply {
    api.post("/uploads", &body.to_string()).await
}

async fn put(url: &Value, headers: &Value, body: Vec<u8>) -> reqwest::Response {
    let mut request = reqwest::Client::new().put(url.as_str().unwrap()).body(body);
    for (name, value) in headers.as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.send().await.unwrap()
}

/// The path of the clip in a reply, without the prefix of all paths.
fn path(value: &Value) -> String {
    value.as_str().unwrap().strip_prefix("/api").unwrap().to_owned()
}

async fn complete(api: &Api, token: &str, path: &str, parts: &[(usize, String)]) -> Reply {
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
async fn a_large_file_uploads_in_parts_and_completes_only_when_whole() {
    let api = Api::start().await;
    let file = large_video().await;
    let announced = announce(&api, &json!({ "filename": "a.mp4", "size": file.len() })).await;
    let upload = &announced.body["upload"];
    assert_eq!((&upload["partSize"], &upload["partCount"]), (&json!(PART), &json!(5)));
    let complete_path = path(&upload["complete"]);
    let parts_path = complete_path.replace("/complete", "/parts");
    let token = format!("Bearer {}", api.stack.token);
    let authorized = [("authorization", token.as_str())];

    // The parts can be requested again, starting anywhere.
    let again = api.request(Method::GET, &format!("{parts_path}?from=4"), &authorized, "").await;
    assert_eq!(again.body["parts"].as_array().unwrap().len(), 2);
    assert_eq!(again.body["parts"][0]["partNumber"], 4);
    for from in ["0", "6", "x"] {
        let path = format!("{parts_path}?from={from}");
        let answer = api.request(Method::GET, &path, &authorized, "").await;
        assert_eq!((answer.status.as_u16(), &answer.body["field"]), (400, &json!("from")));
    }

    let received = async |from: usize| -> Vec<Value> {
        let path = format!("{parts_path}?from={from}");
        let reply = api.request(Method::GET, &path, &authorized, "").await;
        let parts = reply.body["parts"].as_array().unwrap().clone();
        parts.into_iter().map(|part| part["etag"].clone()).collect()
    };
    assert_eq!(received(1).await, vec![Value::Null; 5]);
    let mut etags = Vec::new();
    for (at, bytes) in file.chunks(PART).enumerate() {
        if at == 3 {
            let sent: Vec<_> = etags.iter().map(|(_, etag)| json!(etag)).collect();
            let [one, two, three] = &sent[..] else { panic!("three parts were sent") };
            let none = Value::Null;
            let expected = [one, two, three, &none, &none].map(Clone::clone);
            assert_eq!(received(1).await, expected, "an upload can be continued");
            assert_eq!(received(3).await, &expected[2..]);
        }
        let part = &upload["parts"][at];
        assert_eq!(part["size"], bytes.len());
        let response = put(&part["url"], &json!({}), bytes.to_vec()).await;
        assert_eq!(response.status(), 200);
        etags.push((at + 1, response.headers()["etag"].to_str().unwrap().to_owned()));
    }

    let mut wrong = etags.clone();
    wrong[2].1 = "\"00000000000000000000000000000000\"".to_owned();
    let rejected = complete(&api, &token, &complete_path, &wrong).await;
    assert_eq!(rejected.status, 422, "{:#}", rejected.body);
    let missing = complete(&api, &token, &complete_path, &etags[1..]).await;
    assert_eq!((missing.status.as_u16(), &missing.body["field"]), (400, &json!("parts")));
    let other = api.stack.issue_token(OPERATOR_SCOPE, TimeDelta::hours(1)).unwrap();
    let other = format!("Bearer {other}");
    let forbidden = complete(&api, &other, &complete_path, &etags).await;
    assert_eq!(forbidden.status, 403, "{:#}", forbidden.body);

    let done = complete(&api, &token, &complete_path, &etags).await;
    assert_eq!(done.status, 202, "{:#}", done.body);
    let twice = complete(&api, &token, &complete_path, &etags).await;
    assert_eq!(twice.status, 202, "{:#}", twice.body);
    api.wait_for(&announced.key(), |clip| clip.status == Status::Ready).await;
    assert_eq!(complete(&api, &token, &complete_path, &etags).await.status, 202);
    assert_eq!(api.request(Method::GET, &parts_path, &authorized, "").await.status, 409);
    assert_eq!(api.rows().await.len(), 1);
}

/// Announces a large file and sends its parts. Returns the reply, and the ETags by part number.
async fn send_parts(api: &Api, file: &[u8]) -> (Reply, Vec<(usize, String)>) {
    let announced = announce(api, &json!({ "filename": "a.mp4", "size": file.len() })).await;
    let mut etags = Vec::new();
    for (at, bytes) in file.chunks(PART).enumerate() {
        let url = &announced.body["upload"]["parts"][at]["url"];
        let response = put(url, &json!({}), bytes.to_vec()).await;
        assert_eq!(response.status(), 200);
        etags.push((at + 1, response.headers()["etag"].to_str().unwrap().to_owned()));
    }
    (announced, etags)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completing_an_upload_answers_although_s3_takes_longer_than_a_request_may() {
    // S3 takes 25 s to join the parts. API Gateway would answer 503 after 30 s.
    let api = Api::start_with(|options| options.upload_limits.join_parts_per_second = 0.2).await;
    let file = large_video().await;
    let (announced, etags) = send_parts(&api, &file).await;
    let token = format!("Bearer {}", api.stack.token);
    let complete_path = path(&announced.body["upload"]["complete"]);
    let reply = complete(&api, &token, &complete_path, &etags).await;
    assert_eq!(reply.status, 202, "{:#}", reply.body);
    let joining = api.library().find(&announced.key()).await.unwrap().unwrap();
    assert!(joining.upload().unwrap().joining_since.is_some(), "the reply did not wait for S3");
    assert_eq!(joining.status, Status::Uploading);
    assert_eq!(complete(&api, &token, &complete_path, &etags).await.status, 202);
    api.wait_for(&announced.key(), |clip| clip.status == Status::Ready).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_asks_s3_again_to_join_parts_and_fails_the_clip_if_they_are_lost() {
    let api = Api::start().await;
    let file = large_video().await;
    let ((joined, _), (lost, _)) = (send_parts(&api, &file).await, send_parts(&api, &file).await);
    let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    for reply in [&joined, &lost] {
        let clip = api.library().find(&reply.key()).await.unwrap().unwrap();
        let attempt = clip.current_attempt();
        api.library().advance(&attempt, &Trigger::JoiningStarted, Utc::now()).await.unwrap();
    }
    let clip = api.library().find(&lost.key()).await.unwrap().unwrap();
    let upload = clip.upload().unwrap();
    let abort = s3.abort_multipart_upload().bucket(bucket).key(&upload.key);
    abort.upload_id(upload.multipart.clone().unwrap()).send().await.unwrap();

    let sweep = async |later: TimeDelta| {
        api.stack.functions.sweep.run(Utc::now() + later).await.unwrap();
    };
    sweep(TimeDelta::minutes(16)).await;
    api.wait_for(&joined.key(), |clip| clip.status == Status::Ready).await;
    let clip = api.library().find(&lost.key()).await.unwrap().unwrap();
    assert_eq!(clip.status, Status::Uploading);
    sweep(TimeDelta::hours(25)).await;
    let clip = api.library().find(&lost.key()).await.unwrap().unwrap();
    assert_eq!(clip.failure.unwrap().code, FailureCode::FileMissing);
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
    sweep(TimeDelta::hours(26)).await;
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

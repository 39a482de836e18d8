//! Uploads in parts.

use chrono::{TimeDelta, Utc};
use matchcut::clip::{FailureCode, Status, Trigger};
use matchcut_local::OPERATOR_SCOPE;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply};
use crate::media::video;
use crate::uploads::{announce, complete, path, put};

const PART: usize = 16 << 20;

/// The video, padded with a box of free space to a size that is sent in parts.
/// ISO/IEC 14496-12, 8.1.2.
pub(crate) async fn large_video() -> Vec<u8> {
    let mut file = video().await;
    let free = (4 * PART + 1000).max(file.len() + 8) - file.len();
    file.extend(u32::try_from(free).unwrap().to_be_bytes());
    file.extend(b"free");
    file.resize(file.len() + free - 8, 0);
    file
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

//! Catches the CreateJob requests of tests, as the SDK sends them.
//!
//! `tests/test_media_convert.py` checks the goldens of all jobs against the published model of MediaConvert.

use aws_config::SdkConfig;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::config::Variables;

/// Runs `start`, which creates one job. Returns the body of its request.
pub(crate) async fn sent_job(start: impl AsyncFnOnce(&SdkConfig, &Variables)) -> Value {
    type Sent = UnboundedSender<Value>;
    let take = async |State(sent): State<Sent>, Json(body): Json<Value>| {
        sent.send(body).expect("the test receives it");
        (StatusCode::CREATED, Json(json!({ "job": { "id": "j" } })))
    };
    let (sent, mut received) = unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/2017-08-29/jobs", post(take)).with_state(sent);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let sdk = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .region("us-east-1")
        .test_credentials()
        .endpoint_url(url)
        .load()
        .await;
    let variables: Variables = [
        ("TRANSCODE_ROLE_ARN", "arn:aws:iam::111122223333:role/transcode"),
        ("CLIPS_BUCKET", "clips"),
    ]
    .into_iter()
    .collect();
    start(&sdk, &variables).await;
    server.abort();
    received.recv().await.unwrap()
}

/// Compares a job with its golden in the folder `goldens` beside the test.
macro_rules! assert_job_matches_golden {
    ($name:expr, $job:expr) => {{
        let job = $job;
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("goldens");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_sort_maps(true);
        settings.bind(|| insta::assert_json_snapshot!($name, job));
    }};
}
pub(crate) use assert_job_matches_golden;

//! Marks: each is made once, whatever call of a request is interrupted.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use matchcut::api::Route as _;
use matchcut::mark::CreateMark;
use serde_json::{Value, json};

use super::{ALL_CUTS, InterruptionTest, interrupt_each_call, is_answered, request};
use crate::api::at;

fn send(key: usize, fields: &Value) -> ApiGatewayV2httpRequest {
    let mut body = json!({ "at": at(2), "label": "goal", "key": key.to_string() });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    request(&json!({ "channelId": "main" }), &json!({}), &body.to_string())
}

/// The rows of marks.
async fn marks(test: &InterruptionTest) -> Vec<Value> {
    let rows = test.api.rows().await.into_iter();
    rows.filter(|row| row["clip"].as_str().unwrap().starts_with("at#")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_makes_one_mark() {
    let test = InterruptionTest::start().await;
    let create = CreateMark::new(&test.sdk, test.variables()).unwrap();
    let mut keys = 0;
    let prepare = async || {
        keys += 1;
        keys
    };
    let ask = async |key: &usize| create.handle(send(*key, &json!({}))).await;
    let tried = interrupt_each_call(&ALL_CUTS, prepare, &ask).await;
    for run in tried.iter().filter(|run| !is_answered(run.answer.as_ref())) {
        let status = ask(&run.case).await.status_code;
        assert!([200, 201].contains(&status), "{}: {status}", run.what);
    }
    assert!(tried.len() > ALL_CUTS.len(), "each cut needs a run that it interrupts");
    let mut found: Vec<usize> =
        marks(&test).await.iter().map(|it| it["key"].as_str().unwrap().parse().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, (1..=tried.len()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_message_ends_a_mark_once() {
    let test = InterruptionTest::start().await;
    let create = CreateMark::new(&test.sdk, test.variables()).unwrap();
    let mut keys = 0;
    let prepare = async || {
        keys += 1;
        let made = test.api.stack.functions.create_mark.handle(send(keys, &json!({}))).await;
        assert_eq!(made.status_code, 201);
        keys
    };
    let ask = async |key: &usize| create.handle(send(*key, &json!({ "end": at(8) }))).await;
    let tried = interrupt_each_call(&ALL_CUTS, prepare, &ask).await;
    for run in tried.iter().filter(|run| !is_answered(run.answer.as_ref())) {
        assert_eq!(ask(&run.case).await.status_code, 200, "{}", run.what);
    }
    let marks = marks(&test).await;
    assert_eq!(marks.len(), tried.len());
    assert!(marks.iter().all(|it| it["end"] == "2020-02-03T13:30:08Z"), "{marks:#?}");
}

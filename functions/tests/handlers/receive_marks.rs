//! Marks that arrive as signed webhook messages.

use chrono::{TimeDelta, Utc};
use matchcut::api::{Request, Route as _, respond};
use matchcut::config::Variables;
use matchcut::mark::ReceiveMarks;
use matchcut::signature::Signer;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply};

const DOCS: &str = include_str!("../../../docs/marks.md");
const PATH: &str = "/webhooks/marks/main";

/// A message to the webhook, and what may be wrong with it.
struct Message<'a> {
    id: &'a str,
    sent_ago: TimeDelta,
    secret: &'a str,
    body: &'a str,
    signed_body: &'a str,
}

impl<'a> Message<'a> {
    fn new(api: &'a Api, id: &'a str, body: &'a str) -> Self {
        let secret = &api.stack.marks_webhook.secret;
        Self { id, sent_ago: TimeDelta::zero(), secret, body, signed_body: body }
    }

    async fn send(&self, api: &Api) -> Reply {
        let timestamp = (Utc::now() - self.sent_ago).timestamp();
        let signer: Signer = self.secret.parse().unwrap();
        let headers = [
            ("webhook-id", self.id),
            ("webhook-timestamp", &timestamp.to_string()),
            ("webhook-signature", &signer.sign(self.id, timestamp, self.signed_body)),
        ];
        api.request(Method::POST, PATH, &headers, self.body.to_owned()).await
    }
}

fn goal() -> Value {
    json!({ "type": "goal", "timestamp": "2020-02-03T13:30:02Z", "data": { "player": "Kerr" } })
}

async fn marks(api: &Api) -> Vec<Value> {
    let token = format!("Bearer {}", api.stack.token);
    let headers = [("authorization", token.as_str())];
    let reply = api.request(Method::GET, "/channels/main/marks", &headers, "").await;
    reply.body["marks"].as_array().unwrap().clone()
}

/// The messages in the documentation.
fn documented_messages() -> Vec<&'static str> {
    let blocks = DOCS.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.filter(|block| block.contains("\"type\"")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_messages_make_the_documented_marks() {
    let api = Api::start().await;
    let messages = documented_messages();
    for (at, body) in messages.iter().enumerate() {
        let reply = Message::new(&api, &format!("msg_{at}"), body).send(&api).await;
        assert_eq!(reply.status, 204, "{body}: {:#}", reply.body);
    }
    let made = marks(&api).await;
    let shown: Vec<_> = made.iter().map(|it| (&it["label"], &it["at"], &it["tags"])).collect();
    let goal = json!({ "team": "Chelsea", "player": "Sam Kerr", "score": "2-1" });
    let result = json!({ "event": "100 m", "heat": "3", "athlete": "Noah Lyles", "time": "9.79" });
    let expected = [
        (&json!("goal"), &json!("2020-02-03T13:31:36.250Z"), &goal),
        (&json!("result"), &json!("2020-02-03T13:31:42.250Z"), &result),
    ];
    assert_eq!(shown, expected);
    assert!(made.iter().all(|it| it["source"] == "webhook"), "{made:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_arrives_again_makes_no_second_mark() {
    let api = Api::start().await;
    let (first, later) = (goal().to_string(), goal().to_string().replace("Kerr", "Miedema"));
    for body in [&first, &first, &later] {
        assert_eq!(Message::new(&api, "msg_1", body).send(&api).await.status, 204);
    }
    let made = marks(&api).await;
    assert_eq!((made.len(), &made[0]["key"]), (1, &json!("msg_1")));
    assert_eq!(made[0]["tags"], json!({ "player": "Kerr" }));

    let token = format!("Bearer {}", api.stack.token);
    let path = format!("/channels/main/marks/{}", made[0]["id"].as_str().unwrap());
    api.request(Method::DELETE, &path, &[("authorization", &token)], "").await;
    assert_eq!(Message::new(&api, "msg_1", &first).send(&api).await.status, 204);
    assert!(marks(&api).await.is_empty(), "a deleted mark does not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_new_message_with_the_secret_is_believed() {
    let api = Api::start().await;
    let body = goal().to_string();
    let good = || Message::new(&api, "msg_1", &body);
    let minutes = TimeDelta::minutes;
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (message, field) in [
        (Message { secret: other, ..good() }, "webhook-signature"),
        (Message { signed_body: "{}", ..good() }, "webhook-signature"),
        (Message { sent_ago: minutes(6), ..good() }, "webhook-timestamp"),
        (Message { sent_ago: minutes(-6), ..good() }, "webhook-timestamp"),
    ] {
        let reply = message.send(&api).await;
        assert_eq!((reply.status.as_u16(), &reply.body["field"]), (401, &json!(field)));
    }
    let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", "1")];
    let reply = api.request(Method::POST, PATH, &headers, body.clone()).await;
    assert_eq!((reply.status.as_u16(), &reply.body["field"]), (401, &json!("webhook-signature")));
    assert!(marks(&api).await.is_empty());
    let late = Message { sent_ago: minutes(4), ..good() }.send(&api).await;
    assert_eq!((late.status.as_u16(), marks(&api).await.len()), (204, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_message_has_the_name_of_its_field() {
    let api = Api::start().await;
    let check = async |id: &str, body: &str, status: u16, field: &str| {
        let reply = Message::new(&api, id, body).send(&api).await;
        let expected = (status, if field.is_empty() { Value::Null } else { json!(field) });
        assert_eq!((reply.status.as_u16(), reply.body["field"].clone()), expected, "{body}");
    };
    check("a", "goal", 400, "").await;
    check("a", r#"{"type":"goal"}"#, 400, "timestamp").await;
    check("a", r#"{"timestamp":"2020-02-03T13:30:02Z"}"#, 400, "type").await;
    let with_data = |data: Value| {
        let mut message = goal();
        message["data"] = data;
        message.to_string()
    };
    check("a", &with_data(json!({ "confidence": 2 })), 400, "data.confidence").await;
    check(&"a".repeat(201), &goal().to_string(), 400, "webhook-id").await;
    let early = goal().to_string().replace("13:30:02", "11:30:02");
    check("a", &early, 422, "timestamp").await;
    let unknown = Message::new(&api, "a", "{}");
    let timestamp = Utc::now().timestamp();
    let signature = unknown.secret.parse::<Signer>().unwrap().sign("a", timestamp, "{}");
    let timestamp = timestamp.to_string();
    let headers = [
        ("webhook-id", "a"),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    let reply = api.request(Method::POST, "/webhooks/marks/unknown", &headers, "{}").await;
    assert_eq!((reply.status.as_u16(), &reply.body["field"]), (404, &json!("channelId")));
    assert!(marks(&api).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_without_a_secret_has_no_webhook_for_marks() {
    let api = Api::start().await;
    let variables = api.stack.variables.iter();
    let variables: Variables =
        variables.filter(|(name, _)| *name != "MARKS_WEBHOOK_SECRET_ARN").collect();
    let function = ReceiveMarks::new(&api.stack.sdk, &variables).unwrap();
    let request = Request::from(aws_lambda_events::apigw::ApiGatewayV2httpRequest::default());
    let reply = function.answer(&request, Utc::now()).await;
    assert_eq!(respond(&request, reply).status_code, 404);
}

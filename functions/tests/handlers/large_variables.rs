//! Settings that are too large for a function's environment.

use std::collections::BTreeMap;

use matchcut::config::Variables;
use matchcut::error;
use matchcut::large_variables::add_large_variables;
use serde_json::{Value, json};

use crate::api::Api;
use crate::lambda_functions::request;
use crate::lambda_process::Function;

const BUCKET: &str = "matchcut-clips";
const KEY: &str = "settings/0123abcd.json";

/// The variables of 100 channels and of 1,000 competitions with an expiry of their own.
fn build_large(api: &Api) -> (String, String) {
    let variables = &api.stack.variables;
    let channels: Value = serde_json::from_str(variables.required("CHANNELS").unwrap()).unwrap();
    let manifest = channels[0]["manifest"].as_str().unwrap();
    let channels: Vec<Value> = (0..100)
        .map(|at| {
            let mut channel = channels[0].clone();
            channel["id"] = json!(format!("camera-{at}"));
            // The stack Live knows the URLs at deployment only.
            channel["manifest"] = json!(manifest.replace("http://", "{{1}}://"));
            channel
        })
        .collect();
    let days: BTreeMap<String, u32> =
        (0..1000).map(|at| (format!("a-competition-with-a-long-name-{at}"), at + 1)).collect();
    (json!(channels).to_string(), json!(days).to_string())
}

fn environment(values: &str) -> Variables {
    [("SETTINGS_OBJECT", format!("s3://{BUCKET}/{KEY}")), ("SETTINGS_VALUES", values.to_owned())]
        .into_iter()
        .collect()
}

async fn store(api: &Api, body: String) {
    let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
    s3.put_object().bucket(BUCKET).key(KEY).body(body.into_bytes().into()).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_works_with_100_channels_and_1000_competitions_with_an_expiry_of_their_own() {
    let api = Api::start().await;
    let (channels, days) = build_large(&api);
    assert!(channels.len() + days.len() > 40_000, "they fit into an environment of 4 KB");
    store(&api, json!({ "CHANNELS": channels, "CLIP_EXPIRY_DAYS": days }).to_string()).await;
    let small = environment(r#"["unused","http"]"#);
    let others = api.stack.variables.iter().filter(|(name, _)| *name != "CHANNELS");
    let mut create = Function::start("create-clip", others.chain(small.iter())).await;

    let competition = "a-competition-with-a-long-name-999";
    let body = json!({ "channel": "camera-99", "competition": competition, "lastSeconds": 4 });
    let mut event = request("POST", &json!({}));
    event["body"] = json!(body.to_string());
    let (kind, reply) = create.invoke(event).await;
    assert_eq!((kind.as_str(), &reply["statusCode"]), ("response", &json!(202)), "{reply}");
    let clip: Value = serde_json::from_str(reply["body"].as_str().unwrap()).unwrap();
    assert_eq!(clip["competition"], competition);
    assert!(clip["expiresAt"].is_string(), "{clip}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_are_missing_or_invalid_stop_the_function_with_the_remedy() {
    let api = Api::start().await;
    let fail = async |variables| {
        let failed = add_large_variables(&api.stack.sdk, variables).await.unwrap_err();
        error::chain(&failed)
    };
    let missing = fail(environment("[]")).await;
    let expected = format!(
        "could not read the settings in s3://{BUCKET}/{KEY}; if the object is missing, deploy again: "
    );
    assert!(missing.starts_with(&expected), "{missing}");
    assert!(missing.contains("NoSuchKey"), "{missing}");

    store(&api, r#"{"CHANNELS":[]}"#.to_owned()).await;
    let invalid = fail(environment("[]")).await;
    assert!(invalid.contains("are not a JSON object of texts; deploy again"), "{invalid}");
    let wrong = fail(environment("none")).await;
    assert!(wrong.starts_with("environment variable SETTINGS_VALUES is invalid: "), "{wrong}");
    let wrong = fail([("SETTINGS_OBJECT", "settings.json")].into_iter().collect()).await;
    assert!(wrong.starts_with("environment variable SETTINGS_OBJECT is invalid: "), "{wrong}");

    let unchanged = add_large_variables(&api.stack.sdk, Variables::default()).await.unwrap();
    assert_eq!(unchanged.iter().count(), 0);
}

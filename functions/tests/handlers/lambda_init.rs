//! The init of each function, which Lambda limits to ten seconds.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::api::Api;
use crate::lambda_process::{Function, Init, MAX_INIT, PROGRAM};

/// How many functions start at once. Each has a process of its own.
const AT_ONCE: usize = 4;

/// The names of all functions.
fn function_names() -> Vec<&'static str> {
    let program = include_str!("../../src/main.rs");
    let arms = program.lines().filter_map(|line| line.trim().strip_prefix('"'));
    arms.filter_map(|arm| arm.split_once("\" =>")).map(|(name, _)| name).collect()
}

/// A server that accepts every connection, reads every request and answers none.
async fn start_silent_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = Vec::new();
                connection.read_to_end(&mut request).await
            });
        }
    });
    url
}

/// The environment of all functions, in which each service of AWS and the live origin are silent.
async fn silent_environment(api: &Api) -> Vec<(String, String)> {
    let silent = start_silent_server().await;
    let mut channels: Value =
        serde_json::from_str(api.stack.variables.required("CHANNELS").unwrap()).unwrap();
    channels[0]["manifest"] = json!(format!("{silent}/index.m3u8"));
    let secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:webhook-AbCdEf";
    let changed = [
        ("CHANNELS", channels.to_string()),
        ("CONTRACT_METHODS", r#"{"/api/clip":"POST"}"#.to_owned()),
        ("WEBHOOK_URL", format!("{silent}/")),
        ("WEBHOOK_QUEUE_URL", format!("{silent}/queue")),
        ("WEBHOOK_SECRET_ARN", secret.to_owned()),
    ];
    let variables = api.variables(&changed);
    let redirect = |(name, value): (&str, &str)| {
        let is_url = name.starts_with("AWS_ENDPOINT_URL");
        (name.to_owned(), if is_url { silent.clone() } else { value.to_owned() })
    };
    variables.iter().map(redirect).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_init_ends_in_time_although_no_service_answers() {
    let api = Api::start_with(|options| {
        options.pollers = false;
        options.private = true;
    })
    .await;
    let environment = &silent_environment(&api).await;
    let names = function_names();
    assert!(names.len() >= 30, "{names:?}");
    let init = async |name: &'static str| {
        let variables = environment.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut function = Function::start(name, variables).await;
        (name, function.wait_for_init().await)
    };
    let inits: Vec<_> = stream::iter(names).map(init).buffer_unordered(AT_ONCE).collect().await;
    let late: Vec<_> = inits.into_iter().filter(|(_, init)| *init != Init::InTime).collect();
    assert_eq!(late, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_init_whose_settings_cannot_be_read_fails_in_time() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let mut command = Command::new(PROGRAM);
    let settings = [("SETTINGS_OBJECT", "s3://bucket/settings.json"), ("FUNCTION", "list-clips")];
    command.env_clear().envs(silent_environment(&api).await).envs(settings);
    let mut function = Function::start_command(command, MAX_INIT).await;
    assert_eq!(function.wait_for_init().await, Init::Failed);
}

#[tokio::test]
async fn an_init_that_hangs_is_stopped_and_repeated_with_the_first_event() {
    let mut command = Command::new("sleep");
    command.arg("600");
    let mut function = Function::start_command(command, Duration::from_millis(10)).await;
    assert_eq!(function.wait_for_init().await, Init::TimedOut);
    assert_eq!(function.count_starts(), 1);
    function.send(json!({}));
    function.wait_for_starts(2).await;
}

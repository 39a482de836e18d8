//! How many manifests `create-clip` reads from the live origin.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::api::Route as _;
use matchcut::clip::floor_second;
use matchcut::harvest::CreateClip;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::api::{Api, at};
use crate::create_clip::post_event;
use crate::live_origin::LiveOrigin;

const LAST_UPDATED: &str = "x-mediapackage-manifest-last-updated";

/// A proxy in front of the stand-in's live origin. It records the file name of each request.
struct CountedOrigin {
    state: Arc<Mutex<Proxy>>,
    channels: (&'static str, String),
}

struct Proxy {
    http: reqwest::Client,
    /// The folder of the stand-in's manifests.
    origin: String,
    /// The first rendition of the multivariant manifest, if it is not the one of the stand-in.
    rendition: &'static str,
    /// When the newest segment was made, as the header says it.
    updated_at: DateTime<Utc>,
    requests: Vec<String>,
}

impl CountedOrigin {
    async fn start(api: &Api) -> Self {
        Self::start_before(api.stack.variables.required("CHANNELS").unwrap()).await
    }

    /// Starts a proxy in front of the origin of these channels.
    async fn start_before(channels: &str) -> Self {
        let mut channels: Value = serde_json::from_str(channels).unwrap();
        let origin = channels[0]["manifest"].as_str().unwrap().rsplit_once('/').unwrap().0;
        let state = Arc::new(Mutex::new(Proxy {
            http: reqwest::Client::new(),
            origin: origin.to_owned(),
            rendition: "index_1.m3u8",
            // The stream is on air for as long as the test runs.
            updated_at: Utc::now() + TimeDelta::hours(1),
            requests: Vec::new(),
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let manifest = format!("http://{}/index.m3u8", listener.local_addr().unwrap());
        channels[0]["manifest"] = json!(manifest);
        let router = Router::new().fallback(forward).with_state(Arc::clone(&state));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { state, channels: ("CHANNELS", channels.to_string()) }
    }

    fn create_clip(&self, api: &Api) -> CreateClip {
        let variables = api.variables(std::slice::from_ref(&self.channels));
        CreateClip::new(&api.stack.sdk, &variables).unwrap()
    }

    /// Warms a function up, until it knows the rendition.
    async fn warm_up(&self, api: &Api, function: &CreateClip) {
        api.eventually("the function is warm", async || {
            self.state.lock().unwrap().requests.clear();
            function.warm_up().await;
            let state = self.state.lock().unwrap();
            (state.requests == ["live index_1.m3u8"]).then_some(())
        })
        .await;
    }

    /// Creates a clip. Returns its reply, and the requests that the origin got for it.
    async fn create(&self, function: &CreateClip, body: &Value) -> (Value, Vec<String>) {
        self.state.lock().unwrap().requests.clear();
        let response = function.handle(post_event(body)).await;
        let reply = String::from_utf8_lossy(&response.body.unwrap()).into_owned();
        assert_eq!(response.status_code, 202, "{reply}");
        let requests = self.state.lock().unwrap().requests.clone();
        (serde_json::from_str(&reply).unwrap(), requests)
    }
}

async fn forward(State(state): State<Arc<Mutex<Proxy>>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let (http, origin, rendition, updated_at) = {
        let mut proxy = state.lock().unwrap();
        let kind = if request.uri().query().is_some() { "window" } else { "live" };
        proxy.requests.push(format!("{kind} {path}"));
        (proxy.http.clone(), proxy.origin.clone(), proxy.rendition, proxy.updated_at)
    };
    let is_rendition = path != "index.m3u8";
    if is_rendition && path != rendition {
        return StatusCode::NOT_FOUND.into_response();
    }
    let name = if is_rendition { "index_1.m3u8" } else { "index.m3u8" };
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    let reply = http.get(format!("{origin}/{name}{query}")).send().await.unwrap();
    let status = reply.status();
    let text = reply.text().await.unwrap().replace("index_1.m3u8", rendition);
    let headers = [(LAST_UPDATED, updated_at.timestamp_millis().to_string())];
    (status, headers, text).into_response()
}

fn window() -> Value {
    json!({ "start": at(5), "end": at(11) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_has_aired_takes_one_manifest_and_the_first_one_two() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let origin = CountedOrigin::start(&api).await;
    let function = origin.create_clip(&api);
    let (cold, requests) = origin.create(&function, &window()).await;
    assert_eq!(requests, ["window index.m3u8", "window index_1.m3u8"]);
    let (warm, requests) = origin.create(&function, &window()).await;
    assert_eq!(requests, ["window index_1.m3u8"]);
    assert_eq!(cold["actual"]["durationSeconds"], 8.0);
    assert_eq!((&warm["actual"], &warm["requested"]), (&cold["actual"], &cold["requested"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_seconds_take_two_manifests_and_the_first_time_three() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let origin = CountedOrigin::start(&api).await;
    let function = origin.create_clip(&api);
    let last = json!({ "lastSeconds": 8 });
    let (_, requests) = origin.create(&function, &last).await;
    let cold = ["live index.m3u8", "live index_1.m3u8", "window index_1.m3u8"];
    assert_eq!(requests, cold);
    let (_, requests) = origin.create(&function, &last).await;
    assert_eq!(requests, cold[1..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_has_warmed_up_reads_no_multivariant_manifest() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let origin = CountedOrigin::start(&api).await;
    let function = origin.create_clip(&api);
    origin.warm_up(&api, &function).await;
    let (_, requests) = origin.create(&function, &window()).await;
    assert_eq!(requests, ["window index_1.m3u8"]);
    // The manifest of a window is not complete, so all manifests are read anew.
    let (reply, requests) =
        origin.create(&function, &json!({ "start": at(20), "end": at(30) })).await;
    assert_eq!(reply["status"], "scheduled");
    let anew =
        ["window index_1.m3u8", "window index.m3u8", "window index_1.m3u8", "live index_1.m3u8"];
    assert_eq!(requests, anew);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_in_the_future_takes_the_live_manifest_only() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let now = floor_second(Utc::now());
    let live = LiveOrigin::start(now, TimeDelta::zero()).await;
    let origin = CountedOrigin::start_before(&live.channels(&api).1).await;
    let ahead = json!({ "start": now, "end": now + TimeDelta::minutes(5) });
    let (reply, requests) = origin.create(&origin.create_clip(&api), &ahead).await;
    assert_eq!(
        (&reply["status"], &requests[..]),
        (&json!("scheduled"), &["live index.m3u8".to_owned()][..])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_endpoint_is_noticed_by_a_warm_function() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let origin = CountedOrigin::start(&api).await;
    let function = origin.create_clip(&api);
    origin.warm_up(&api, &function).await;
    origin.state.lock().unwrap().rendition = "index_7.m3u8";
    let (reply, requests) = origin.create(&function, &window()).await;
    assert_eq!(reply["actual"]["durationSeconds"], 8.0);
    let window_anew = ["window index_1.m3u8", "window index.m3u8", "window index_7.m3u8"];
    assert_eq!(requests, window_anew);
    let (_, requests) = origin.create(&function, &window()).await;
    assert_eq!(requests, ["window index_7.m3u8"]);

    // The rendition still exists, but no segment has arrived in it for a while.
    origin.state.lock().unwrap().updated_at = Utc::now() - TimeDelta::seconds(5);
    let (_, requests) = origin.create(&function, &json!({ "lastSeconds": 8 })).await;
    let live_anew =
        ["live index_7.m3u8", "live index.m3u8", "live index_7.m3u8", "window index_7.m3u8"];
    assert_eq!(requests, live_anew);
}

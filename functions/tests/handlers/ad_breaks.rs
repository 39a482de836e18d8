//! Ad breaks of a live manifest become marks.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use matchcut::clip::{Mark, floor_second};
use matchcut::config::Variables;
use matchcut::library::MarksRequest;
use matchcut::mark::AdBreakMarks;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::api::Api;

/// An origin endpoint with `adMarkers: DATERANGE`, in the form that AWS documents.
struct Origin {
    tags: Arc<Mutex<Vec<String>>>,
    start: DateTime<Utc>,
    manifest: String,
}

impl Origin {
    async fn start() -> Self {
        let tags: Arc<Mutex<Vec<String>>> = Arc::default();
        let start = floor_second(Utc::now()) - TimeDelta::seconds(60);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let manifest = format!("http://{}/index.m3u8", listener.local_addr().unwrap());
        let answer = move |State(tags): State<Arc<Mutex<Vec<String>>>>| async move {
            let segments = "#EXTINF:2,\na.ts\n".repeat(15);
            let tags = tags.lock().unwrap().join("\n");
            let start = format(start);
            format!(
                "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n\
                 #EXT-X-PROGRAM-DATE-TIME:{start}\n{segments}{tags}\n#EXTINF:0.714,\nb.ts\n\
                 #EXTINF:0.924,\nc.ts\n{segments}"
            )
        };
        let router = Router::new().fallback(answer).with_state(Arc::clone(&tags));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { tags, start, manifest }
    }

    fn variables(&self, api: &Api) -> Variables {
        let channels = api.stack.variables.required("CHANNELS").unwrap();
        let mut channels: Value = serde_json::from_str(channels).unwrap();
        channels[0]["manifest"] = self.manifest.as_str().into();
        api.variables(&[("CHANNELS", channels.to_string())])
    }

    /// Adds a tag of the break that starts at this second of the stream.
    fn add(&self, id: &str, second: i64, attributes: &str) {
        let start = format(self.at(second));
        let tag = format!("#EXT-X-DATERANGE:ID=\"{id}\",START-DATE=\"{start}\",{attributes}");
        self.tags.lock().unwrap().push(tag);
    }

    fn at(&self, second: i64) -> DateTime<Utc> {
        self.start + TimeDelta::seconds(second)
    }
}

fn format(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

async fn marks(api: &Api) -> Vec<Mark> {
    let channel = "main".into();
    let request = MarksRequest { channel, from: None, to: None, after: None, limit: 10 };
    api.library().list_marks(&request, Utc::now()).await.unwrap().marks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ad_break_is_marked_once_and_gets_its_true_end() {
    let api = Api::start().await;
    let origin = Origin::start().await;
    let ad_breaks = AdBreakMarks::from_variables(&api.stack.sdk, &origin.variables(&api)).unwrap();
    ad_breaks.write(Utc::now()).await;
    assert_eq!(marks(&api).await, []);

    origin.add("2415919105", 30, "PLANNED-DURATION=29.988,SCTE35-OUT=0xFC303E");
    origin.add("7", 31, "SCTE35-OUT=0xFC303E");
    for _ in 0..2 {
        ad_breaks.write(Utc::now()).await;
    }
    let planned = marks(&api).await;
    let shown: Vec<_> = planned.iter().map(|it| (it.key.as_deref(), it.at, it.end)).collect();
    let planned_end = origin.at(30) + TimeDelta::milliseconds(29_988);
    let expected =
        [(Some("2415919105"), origin.at(30), Some(planned_end)), (Some("7"), origin.at(31), None)];
    assert_eq!(shown, expected);
    for mark in &planned {
        assert_eq!((mark.label.as_str(), mark.source.as_str()), ("ad-break", "scte35"));
    }

    origin.add("2415919105", 30, "DURATION=20.5,SCTE35-IN=0xFC303E");
    origin.add("7", 31, "DURATION=4,SCTE35-IN=0xFC303E");
    for _ in 0..2 {
        ad_breaks.write(Utc::now()).await;
    }
    let ended = marks(&api).await;
    let ends: Vec<_> = ended.iter().map(|it| it.end).collect();
    let true_end = origin.at(30) + TimeDelta::milliseconds(20_500);
    assert_eq!(ends, [Some(true_end), Some(origin.at(35))]);
    let ids = |marks: &[Mark]| marks.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&ended), ids(&planned));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_mark_of_an_ad_break_does_not_come_back() {
    let api = Api::start().await;
    let origin = Origin::start().await;
    let ad_breaks = AdBreakMarks::from_variables(&api.stack.sdk, &origin.variables(&api)).unwrap();
    origin.add("7", 31, "PLANNED-DURATION=10,SCTE35-OUT=0xFC303E");
    ad_breaks.write(Utc::now()).await;
    let made = marks(&api).await;
    api.library().delete_mark(&made[0].channel, &made[0].id).await.unwrap();
    origin.add("7", 31, "DURATION=8,SCTE35-IN=0xFC303E");
    ad_breaks.write(Utc::now()).await;
    assert_eq!(marks(&api).await, []);
}

//! Restarts after `kill -9` at random moments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};

use crate::local::{Local, eventually, wait_until_ended};

/// Reads every row of the table from DynamoDB, without what lists show, which is compressed.
async fn read_rows(local: &Local) -> Vec<Value> {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(&local.environment["AWS_ENDPOINT_URL_DYNAMODB"])
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let found = client.scan().table_name("matchcut-clips").send().await.unwrap();
    let mut rows = found.items.unwrap_or_default();
    for row in &mut rows {
        row.remove("listedAs");
    }
    serde_dynamo::from_items(rows).unwrap()
}

/// Counts the objects in the clip bucket, by clip and attempt.
fn count_objects(data_dir: &Path) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let clips = data_dir.join("s3/matchcut-clips/clips/demo");
    for clip in std::fs::read_dir(clips).unwrap() {
        let clip = clip.unwrap();
        for attempt in std::fs::read_dir(clip.path()).unwrap() {
            let attempt = attempt.unwrap();
            let name = [clip.file_name(), attempt.file_name()].map(|it| it.into_string().unwrap());
            found.insert(name.join("/"), std::fs::read_dir(attempt.path()).unwrap().count());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_clip_becomes_ready_once_although_the_process_is_killed() {
    const KILLS: u32 = 10;
    let folder = tempfile::tempdir().unwrap();
    // Each job takes 0.5 s, so that some are killed while they run.
    let arguments = ["--faults", "slow=0.5", "--sweep", "1", "--clip-files", "none"];
    let mut local = Local::start(folder.path(), &arguments).await;
    local.wait_for_segments(4).await;
    let window = local.create_clip(&json!({ "lastSeconds": 4 })).await["actual"].clone();
    let body = json!({ "start": window["start"], "end": window["end"] });

    let mut encoders = Vec::new();
    let mut accepted = BTreeSet::new();
    for _ in 0..KILLS {
        let moment = Duration::from_millis(fastrand::u64(0..2500));
        let mut reply = None;
        let request = async {
            let response = local.post("/clip", &body).await;
            reply = response.unwrap().json::<Value>().await.ok();
            std::future::pending::<()>().await;
        };
        // The test needs a kill at a random moment, so it waits for no condition.
        let _ = tokio::time::timeout(moment, request).await;
        accepted.extend(reply.and_then(|clip| Some(clip["clip"].as_str()?.to_owned())));
        encoders.extend(local.child_processes());
        local.kill().await;
        local = Local::start(folder.path(), &arguments).await;
    }

    let rows = eventually("every clip is ready", async || {
        let rows = read_rows(&local).await;
        rows.iter().all(|row| row["status"] == "ready").then_some(rows)
    })
    .await;
    wait_until_ended(&encoders).await;
    let listed = local.get("/competitions/demo/clips").await;
    let listed: Vec<_> =
        listed["clips"].as_array().unwrap().iter().map(|clip| clip["clip"].clone()).collect();
    let names: BTreeSet<String> =
        listed.iter().map(|clip| clip.as_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), listed.len(), "each clip is listed once");
    assert_eq!(names.len(), rows.len(), "each row is listed");
    assert!(accepted.is_subset(&names), "no accepted clip is lost");
    // Three renditions of two segments each, three child manifests, the I-frame playlist and the parent.
    let expected: BTreeMap<_, _> =
        names.into_iter().map(|name| (format!("{name}/1"), 3 * 2 + 3 + 1 + 1)).collect();
    assert_eq!(count_objects(folder.path()), expected, "no object is orphaned, none is missing");
    local.interrupt().await;
}

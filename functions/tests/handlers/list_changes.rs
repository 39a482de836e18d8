//! The list of changes: every clip in every state, nothing missed, nothing endless.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, ClipKey, Edit, Status, Trigger, format_utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply, at, row};

/// More replies than any list of these tests has.
const MAX_REPLIES: usize = 200;

async fn read_changes(api: &Api, query: &str) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let path = format!("/competitions/demo/changes?{query}");
    api.request(Method::GET, &path, &[("authorization", &token)], "").await
}

/// The ids of the clips of a reply, in its order.
fn ids(reply: &Reply) -> Vec<String> {
    let clips = reply.body["clips"].as_array().unwrap().iter();
    clips.map(|clip| clip["clip"].as_str().unwrap().to_owned()).collect()
}

fn cursor(reply: &Reply) -> String {
    format!("cursor={}", reply.body["cursor"].as_str().unwrap())
}

/// A clip that changed so many seconds ago.
fn changed_ago(status: Status, seconds: i64) -> Clip {
    let updated_at = Utc::now() - TimeDelta::seconds(seconds);
    Clip { updated_at, ..row("demo", seconds, status) }
}

/// A client that polls, as the console does.
#[derive(Default)]
struct Client {
    /// `updatedAt` and status of each clip.
    clips: BTreeMap<String, (String, String)>,
    cursor: String,
}

impl Client {
    /// Reads one reply. Returns whether there is more.
    async fn poll(&mut self, api: &Api, limit: usize) -> bool {
        let reply = read_changes(api, &format!("limit={limit}&{}", self.cursor)).await;
        assert_eq!(reply.status, 200);
        if reply.body.get("reset").is_some() {
            self.clips.clear();
        }
        for clip in reply.body["clips"].as_array().unwrap() {
            let text = |name: &str| clip[name].as_str().unwrap().to_owned();
            let seen = self.clips.entry(text("clip")).or_default();
            *seen = seen.clone().max((text("updatedAt"), text("status")));
        }
        self.cursor = cursor(&reply);
        reply.body["more"] == true
    }

    /// Whether the client has each row as the table has it.
    fn agrees_with(&self, rows: &[Value]) -> bool {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let in_milliseconds = |time: &str| format_utc(time.parse().unwrap());
        let seen = |row: &Value| {
            let time = in_milliseconds(row["updatedAt"].as_str().unwrap());
            (text(row, "clip"), (time, text(row, "status")))
        };
        rows.iter().map(seen).collect::<BTreeMap<_, _>>() == self.clips
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_clip_is_shown_in_every_state_newest_change_first() {
    let api = Api::start_with(|options| options.pollers = false).await;
    for (seconds, status) in (1..).zip(Status::ALL) {
        let created_by = Some("anna".to_owned());
        let clip = Clip { created_by, ..row("demo", seconds, status) };
        let updated_at = at(200) - TimeDelta::seconds(seconds);
        let upload = [Status::Uploading, Status::Transcoding].contains(&status);
        // The rows of these tests are live clips.
        let status = if upload { Status::Failed } else { status };
        let failure = row("demo", 0, status).failure;
        let clip = Clip { updated_at, status, failure, ..clip };
        api.library().create(&clip).await.unwrap();
    }
    api.library().create(&row("other", 0, Status::Ready)).await.unwrap();

    let all = read_changes(&api, "").await;
    assert_eq!(all.headers["cache-control"], "no-store");
    let clips = all.body["clips"].as_array().unwrap();
    let statuses: Vec<_> = clips.iter().map(|clip| clip["status"].as_str().unwrap()).collect();
    let expected =
        "suggested scheduled queued harvesting failed failed packaging ready failed deleting";
    assert_eq!(statuses.join(" "), expected);
    assert!(clips.iter().all(|clip| clip["createdBy"] == "anna" && clip["etag"].is_string()));
    assert_eq!(clips[2]["queue"], json!({ "position": 1, "ahead": 0 }));
    assert_eq!(all.body.get("older"), None, "this is the last page");

    let mut paged = Vec::new();
    let mut query = "limit=2".to_owned();
    for _ in 0..MAX_REPLIES {
        let page = read_changes(&api, &query).await;
        paged.extend(ids(&page));
        let Some(older) = page.body.get("older") else { break };
        query = format!("limit=2&cursor={}", older.as_str().unwrap());
    }
    assert_eq!(paged, ids(&all));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_changed_since_is_in_the_next_reply() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let old = [1, 2, 3].map(|start| row("demo", start, Status::Ready));
    for clip in &old {
        api.library().create(clip).await.unwrap();
    }
    let first = read_changes(&api, "").await;
    assert_eq!(first.body["clips"].as_array().unwrap().len(), 3);
    let nothing = read_changes(&api, &cursor(&first)).await;
    assert_eq!(ids(&nothing), [""; 0], "these clips have not changed for years");

    let edit = Edit { title: Some("The final".to_owned()), ..Edit::default() };
    api.library().edit(&old[1], &edit, Utc::now()).await.unwrap().unwrap();
    api.delete(&old[0].key()).await;
    let changed = read_changes(&api, &cursor(&nothing)).await;
    assert_eq!(ids(&changed), [&old[1], &old[0]].map(|clip| clip.clip.to_string()), "in order");
    assert_eq!(changed.body["clips"][0]["meta"]["title"], "The final");
    assert_eq!(changed.body["clips"][1]["status"], "deleting");
    assert!(changed.body["cursor"].as_str().unwrap().len() < 60, "a quiet reply is small");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_changes_at_once_are_read_page_by_page() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let mut client = Client::default();
    client.poll(&api, 100).await;
    // All of them changed in the same millisecond.
    let now = Utc::now();
    let clips: Vec<_> = (0..40)
        .map(|start| Clip { updated_at: now, ..row("demo", start, Status::Ready) })
        .collect();
    for clip in &clips {
        api.library().create(clip).await.unwrap();
    }
    let mut replies = 1;
    while client.poll(&api, 3).await {
        replies += 1;
    }
    assert_eq!(replies, 14, "forty clips by three");
    let expected: BTreeSet<_> = clips.iter().map(|clip| clip.clip.to_string()).collect();
    assert_eq!(client.clips.into_keys().collect::<BTreeSet<_>>(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_entry_is_found_by_one_of_the_two_readings() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let ago = |seconds: i64| (Utc::now() - TimeDelta::seconds(seconds)).timestamp_millis();
    let encode = |near: i64, far: i64| {
        format!("cursor={}", BASE64_URL_SAFE_NO_PAD.encode(format!("demo.{near}.{far}")))
    };
    let late = changed_ago(Status::Ready, 12);
    let very_late = changed_ago(Status::Ready, 590);
    for clip in [&late, &very_late] {
        api.library().create(clip).await.unwrap();
    }
    let near = read_changes(&api, &encode(ago(0), ago(50))).await;
    assert_eq!(ids(&near), [late.clip.to_string()]);
    let far = read_changes(&api, &encode(ago(0), ago(61))).await;
    assert_eq!(ids(&far), [&very_late, &late].map(|clip| clip.clip.to_string()));
    let near = read_changes(&api, &cursor(&far)).await;
    assert_eq!(ids(&near), [late.clip.to_string()], "the far reading comes once a minute");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_cursor_is_reset_and_an_invalid_one_refused() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = row("demo", 1, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let of_age = |seconds: i64| {
        let read_at = (Utc::now() - TimeDelta::seconds(seconds)).timestamp_millis();
        BASE64_URL_SAFE_NO_PAD.encode(format!("demo.{read_at}.{read_at}"))
    };
    let valid = read_changes(&api, &format!("cursor={}", of_age(110))).await;
    assert_eq!((ids(&valid).len(), valid.body.get("reset")), (0, None));
    let reset = read_changes(&api, &format!("cursor={}", of_age(121))).await;
    assert_eq!((ids(&reset), &reset.body["reset"]), (vec![clip.clip.to_string()], &json!(true)));
    let after = read_changes(&api, &cursor(&reset)).await;
    assert_eq!(after.body.get("reset"), None);

    let other = BASE64_URL_SAFE_NO_PAD.encode("other.1580736600000.1580736600000");
    let number = BASE64_URL_SAFE_NO_PAD.encode("demo.01.1");
    for (query, field) in [
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        (&format!("cursor={other}"), "cursor"),
        (&format!("cursor={number}"), "cursor"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("status=ready", "status"),
    ] {
        let refused = read_changes(&api, query).await;
        assert_eq!((refused.status.as_u16(), &refused.body["field"]), (400, &json!(field)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_operators_see_changes() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let path = "/competitions/demo/changes";
    assert_eq!(api.get(path).await.status, 401);
    let viewer = format!("Bearer {}", api.stack.viewer_token);
    let refused = api.request(Method::GET, path, &[("authorization", &viewer)], "").await;
    assert_eq!(refused.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polling_client_sees_a_clip_from_its_request_to_its_removal() {
    let api = Api::start().await;
    let mut client = Client::default();
    client.poll(&api, 100).await;
    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    let mut statuses = Vec::new();
    let mut poll_until = async |status: &str| {
        api.eventually(&format!("the client sees that it is {status}"), async || {
            client.poll(&api, 100).await;
            let (_, seen) = client.clips.get(key.clip.as_str())?.clone();
            if statuses.last() != Some(&seen) {
                statuses.push(seen.clone());
            }
            (seen == status).then_some(())
        })
        .await;
    };
    poll_until("ready").await;
    api.delete(&key).await;
    poll_until("deleting").await;
    restore(&api, &key).await;
    poll_until("ready").await;
    let tail = &statuses[statuses.len() - 3..];
    assert_eq!(tail, ["ready", "deleting", "ready"]);
}

async fn restore(api: &Api, key: &ClipKey) {
    let path = format!("/competitions/{}/clips/{}/restore", key.competition, key.clip);
    let restored: Value = api.post(&path, "").await.body;
    assert_eq!(restored["status"], "ready");
}

/// Writes clips whose stamps are up to 10 s old, as after a write that the SDK has repeated.
async fn write_overtaking_clips(api: &Api, first_start: i64) {
    for start in first_start..first_start + 30 {
        let age = fastrand::i64(0..10_000);
        let updated_at = Utc::now() - TimeDelta::milliseconds(age);
        let clip = Clip { updated_at, ..row("demo", start, Status::Packaging) };
        assert!(api.library().create(&clip).await.unwrap());
        let edit = Edit { title: Some("Another".to_owned()), ..Edit::default() };
        let trigger = if fastrand::bool() {
            Trigger::Edited(edit)
        } else {
            Trigger::Deleted { keep: TimeDelta::zero() }
        };
        api.library().advance(&clip.current_attempt(), &trigger, Utc::now()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_is_missed_with_overtaking_writers_and_a_stale_index() {
    let api = Api::start_with(|options| {
        options.pollers = false;
        options.faults.stale = 2.0;
    })
    .await;
    let mut client = Client::default();
    client.poll(&api, 100).await;
    let writers = async {
        tokio::join!(write_overtaking_clips(&api, 100), write_overtaking_clips(&api, 200));
    };
    let is_writing = std::cell::Cell::new(true);
    let mut out_of_order = 0;
    let poll = async {
        let mut newest = String::new();
        let mut polls = tokio::time::interval(std::time::Duration::from_millis(50));
        while is_writing.get() || !client.agrees_with(&api.rows().await) {
            polls.tick().await;
            let before = client.clips.clone();
            client.poll(&api, 7).await;
            let is_new =
                |(clip, seen): &(&String, &(String, String))| before.get(*clip) != Some(*seen);
            let times: Vec<_> =
                client.clips.iter().filter(is_new).map(|(_, (time, _))| time.clone()).collect();
            out_of_order += times.iter().filter(|time| **time < newest).count();
            newest = times.into_iter().fold(newest, Ord::max);
        }
    };
    let write = async {
        writers.await;
        is_writing.set(false);
    };
    let both = async { tokio::join!(poll, write) };
    let timeout = tokio::time::timeout(std::time::Duration::from_mins(1), both).await;
    assert!(timeout.is_ok(), "the client never saw every change");
    assert!(out_of_order > 0, "the index was not stale, so this proves nothing");
}

//! Rules: what they make of marks, and what operators do with suggestions.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{
    Clip, ClipKey, Mark, MarkId, PlannedClip, Rule, RulePlan, Source, Status, floor_second,
};
use matchcut::library::CreatedMark;
use matchcut::live::Channels;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply, at};

mod suggestions;

/// A rule for goals, with some fields changed.
fn goals(change: &Value) -> Value {
    let mut rule = json!({
        "name": "Goals", "labels": ["goal"], "beforeSeconds": 4, "afterSeconds": 4,
        "title": "{label} {tags.player}", "clipTags": ["{tags.team}"],
    });
    rule.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    rule
}

async fn ask(api: &Api, method: Method, path: &str, tag: Option<&str>, body: &Value) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let mut headers = vec![("authorization", token.as_str())];
    headers.extend(tag.map(|tag| ("if-match", tag)));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    api.request(method, path, &headers, body).await
}

async fn create_rule(api: &Api, change: &Value) -> Rule {
    let reply = api.post("/rules", &goals(change).to_string()).await;
    assert_eq!(reply.status, 201, "{:#}", reply.body);
    let id = reply.body["id"].as_str().unwrap().parse().unwrap();
    api.library().find_rule(&id).await.unwrap().unwrap()
}

async fn send_mark(api: &Api, second: i64) {
    let body =
        json!({ "at": at(second), "label": "goal", "tags": { "player": "Kane", "team": "ENG" } });
    assert_eq!(api.post("/channels/main/marks", &body.to_string()).await.status, 201);
}

/// Stores a mark and returns it, as the table's stream would.
async fn store_mark(api: &Api, second: i64, label: &str, end: Option<i64>) -> Mark {
    let now = Utc::now();
    let mark = Mark {
        id: MarkId::for_time(at(second)),
        channel: "main".into(),
        at: at(second),
        end: end.map(at),
        label: label.to_owned(),
        tags: [("player".to_owned(), second.to_string())].into(),
        source: "api".parse().unwrap(),
        confidence: None,
        key: None,
        created_by: None,
        received_at: now,
        expires_at: floor_second(now) + TimeDelta::minutes(15),
    };
    let created = api.library().create_mark(&mark, now).await.unwrap();
    assert_eq!(created, CreatedMark::New(mark.clone()));
    mark
}

async fn apply(api: &Api, marks: &[&Mark]) {
    let marks = marks.iter().map(|mark| (*mark).clone()).collect();
    api.stack.functions.apply_rules.apply(marks, Utc::now()).await.unwrap();
}

async fn clips(api: &Api) -> Vec<Clip> {
    let rows = api.rows().await.into_iter();
    let is_clip = |row: &Value| !row["competition"].as_str().unwrap().contains('#');
    rows.filter(is_clip).map(|row| serde_json::from_value(row).unwrap()).collect()
}

fn path(key: &ClipKey, action: &str) -> String {
    format!("/competitions/{}/clips/{}{action}", key.competition, key.clip)
}

async fn quiet() -> Api {
    Api::start_with(|options| options.pollers = false).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_becomes_a_suggestion_that_an_operator_confirms() {
    let api = Api::start().await;
    let rule = create_rule(&api, &json!({ "listed": false, "competition": "finals" })).await;
    send_mark(&api, 10).await;
    let suggested = api.wait_for_any_clip(|clip| clip.status == Status::Suggested).await;
    let key = suggested.key();
    assert_eq!((key.competition.as_str(), suggested.title.as_str()), ("finals", "goal Kane"));
    assert_eq!(
        (suggested.tags.as_slice(), suggested.listed),
        (["ENG".to_owned()].as_slice(), false)
    );
    let token = format!("Bearer {}", api.stack.token);
    let changes = api
        .request(Method::GET, "/competitions/finals/changes", &[("authorization", &token)], "")
        .await;
    let clip = &changes.body["clips"][0];
    let by = json!({ "rule": rule.id, "name": "Goals", "label": "goal", "marks": 1 });
    assert_eq!((&clip["status"], &clip["suggestedBy"]), (&json!("suggested"), &by));
    assert!(clip["preview"].is_string(), "an operator looks at it before");
    assert_eq!(api.stack.functions.sweep.run(Utc::now()).await.unwrap().checked, 0);

    let confirmed = api.post(&path(&key, "/confirm"), "").await;
    assert_eq!(confirmed.status, 200, "{:#}", confirmed.body);
    assert_eq!(confirmed.body["createdBy"], "operator");
    let ready = api.wait_for_status(&suggested, Status::Ready).await;
    assert!(!ready.suggested_by.unwrap().follows);
    assert_eq!(api.post(&path(&key, "/confirm"), "").await.body["status"], "ready");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_in_the_mode_clip_makes_clips_by_itself() {
    let api = Api::start().await;
    create_rule(&api, &json!({ "mode": "clip" })).await;
    send_mark(&api, 10).await;
    let ready = api.wait_for_any_clip(|clip| clip.status == Status::Ready).await;
    assert_eq!((ready.title.as_str(), ready.created_by.as_ref()), ("goal Kane", None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_is_listed_replaced_and_deleted() {
    let api = quiet().await;
    let made = api.post("/rules", &goals(&json!({})).to_string()).await;
    assert_eq!((made.status.as_u16(), &made.body["updatedBy"]), (201, &json!("operator")));
    assert_eq!(
        made.headers["location"],
        format!("/api/rules/{}", made.body["id"].as_str().unwrap())
    );
    let listed = ask(&api, Method::GET, "/rules", None, &Value::Null).await;
    assert_eq!(listed.body, json!({ "rules": [made.body] }));

    let path = format!("/rules/{}", made.body["id"].as_str().unwrap());
    let change = goals(&json!({ "enabled": false }));
    let put = async |tag| ask(&api, Method::PUT, &path, tag, &change).await;
    assert_eq!(put(None).await.status, 428);
    assert_eq!(put(Some("\"7\"")).await.status, 412);
    let tag = made.body["etag"].as_str();
    let replaced = put(tag).await;
    assert_eq!((replaced.status.as_u16(), &replaced.body["version"]), (200, &json!(2)));
    assert_eq!(put(tag).await.body, replaced.body, "the first reply may have been lost");
    let other = goals(&json!({ "enabled": true }));
    assert_eq!(ask(&api, Method::PUT, &path, tag, &other).await.status, 412);

    for _ in 0..2 {
        assert_eq!(ask(&api, Method::DELETE, &path, None, &Value::Null).await.status, 204);
    }
    assert_eq!(ask(&api, Method::PUT, &path, Some("*"), &change).await.status, 404);
    let listed = ask(&api, Method::GET, "/rules", None, &Value::Null).await;
    assert_eq!(listed.body, json!({ "rules": [] }));
    let refused = api.post("/rules", &goals(&json!({ "labels": [] })).to_string()).await;
    assert_eq!((refused.status.as_u16(), &refused.body["field"]), (400, &json!("labels")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_a_hundred_rules_at_most() {
    let api = quiet().await;
    let rule = create_rule(&api, &json!({})).await;
    for number in 1..100 {
        let id = format!("rule-{number}").parse().unwrap();
        assert!(api.library().put_rule(&Rule { id, ..rule.clone() }, None).await.unwrap());
    }
    let refused = api.post("/rules", &goals(&json!({})).to_string()).await;
    assert_eq!(refused.body["type"], "urn:matchcut:problem:too-many-rules");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_shows_what_a_rule_would_have_made() {
    let api = quiet().await;
    for (second, label, end) in [
        (10, "goal", None),
        (14, "goal", None),
        (40, "goal", None),
        (100, "goal", None),
        (38, "break", Some(42)),
    ] {
        store_mark(&api, second, label, end).await;
    }
    let preview = async |body: Value| api.post("/rules/preview", &body.to_string()).await;
    let rule = goals(&json!({ "excludeLabels": ["break"] }));
    let reply = preview(json!({ "rule": rule, "from": at(0), "to": at(60) })).await;
    let expected = json!([{
        "start": "2020-02-03T13:30:06Z", "end": "2020-02-03T13:30:18Z", "title": "goal 10", "tags": [],
        "marks": 2,
    }]);
    assert_eq!(reply.body, json!({ "clips": expected }));
    assert!(clips(&api).await.is_empty());
    for (body, field) in [
        (json!({}), "rule"),
        (json!({ "rule": goals(&json!({ "mode": "x" })) }), "rule.mode"),
        (json!({ "rule": goals(&json!({})), "channel": "x" }), "channel"),
        (json!({ "rule": goals(&json!({})), "from": at(10), "to": at(10) }), "to"),
        (json!({ "rule": goals(&json!({})), "from": at(0), "to": at(90_000) }), "from"),
    ] {
        let reply = preview(body).await;
        assert_eq!((reply.status.as_u16(), &reply.body["field"]), (400, &json!(field)));
    }
}

/// What the rule makes of all marks in the table, with one plan.
async fn plan(api: &Api, rule: &Rule) -> BTreeSet<(DateTime<Utc>, DateTime<Utc>, String)> {
    let channels: Channels = api.stack.variables.parsed("CHANNELS").unwrap();
    let limits = channels.default_channel().limits();
    let rows = api.rows().await.into_iter();
    let is_mark = |row: &Value| row["clip"].as_str().unwrap().starts_with("at#");
    let marks: Vec<Mark> =
        rows.filter(is_mark).map(|row| serde_json::from_value(row).unwrap()).collect();
    let plan = RulePlan { rule, limits, now: Utc::now() };
    let shown =
        |clip: PlannedClip| (clip.window.exact_start(), clip.window.exact_end(), clip.title);
    plan.plan(&marks, &[]).into_iter().map(shown).collect()
}

/// Marks at times without an order, among them breaks, in batches that come twice and backwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clips_of_a_rule_follow_from_the_marks_not_from_their_order() {
    let api = quiet().await;
    let suggest = json!({
        "name": "Suggest", "excludeLabels": ["break"], "minIntervalSeconds": 20, "listed": false,
    });
    let suggest = create_rule(&api, &suggest).await;
    let make = create_rule(&api, &json!({ "name": "Make", "mode": "clip", "merge": false })).await;
    let mut stored = Vec::new();
    for number in 0..60_i64 {
        // 37 and 60 have no common factor, so this visits each multiple of 7 once, far ahead of the stream.
        let second = 3600 + (number * 37) % 60 * 7;
        let is_break = number % 9 == 0;
        let (label, end) = if is_break { ("break", Some(second + 10)) } else { ("goal", None) };
        stored.push(store_mark(&api, second, label, end).await);
        if number % 5 == 4 {
            let batch: Vec<_> = stored.iter().rev().take(8).collect();
            apply(&api, &batch).await;
            apply(&api, &batch[..3]).await;
        }
    }
    apply(&api, &[&stored[0]]).await;
    for (rule, status) in [(&suggest, Status::Suggested), (&make, Status::Scheduled)] {
        let clips = clips(&api).await.into_iter();
        let of_rule = clips.filter(|clip| clip.suggested_by.as_ref().unwrap().rule == rule.id);
        let found = of_rule.filter(|clip| clip.status != Status::Deleting);
        let found: Vec<_> = found.collect();
        assert!(found.iter().all(|clip| clip.status == status));
        let shown = found.iter().map(|clip| {
            let Source::Live { requested, .. } = clip.source else { panic!("it is live") };
            (requested.exact_start(), requested.exact_end(), clip.title.clone())
        });
        assert_eq!(shown.collect::<BTreeSet<_>>(), plan(&api, rule).await, "{}", rule.name);
        assert_eq!(found.len(), plan(&api, rule).await.len(), "no clip is there twice");
    }
}

/// Marks at a much higher rate than 10,000 an hour, each twice and without an order, while a third of the
/// runs of `apply-rules` is killed at one of its calls. The stream delivers a batch again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clips_are_those_of_all_marks_although_functions_are_killed() {
    const MARKS: usize = 150;
    let api = Api::start_with(|options| {
        options.faults.kill = 0.33;
        options.limits.partition_write_units = 100_000;
    })
    .await;
    let rule: Rule = serde_json::from_value(json!({
        "id": "goals-k7qx2f", "name": "Goals", "enabled": true, "labels": ["goal"],
        "beforeSeconds": 12, "afterSeconds": 6, "mode": "suggest", "title": "{label} {tags.player}",
        "listed": true, "minIntervalSeconds": 30, "merge": true, "excludeLabels": ["break"],
        "version": 1, "createdAt": "2020-01-01T00:00:00Z", "updatedAt": "2020-01-01T00:00:00Z",
    }))
    .unwrap();
    assert!(api.library().put_rule(&rule, None).await.unwrap());
    let mut marks = Vec::new();
    for number in 0..MARKS {
        // 61 and 150 have no common factor, so this visits each place once.
        let second = i64::try_from(number * 61 % MARKS * 11).unwrap();
        let is_break = number % 10 == 0;
        let now = Utc::now();
        marks.push(Mark {
            id: MarkId::for_time(at(second)),
            channel: "main".into(),
            at: at(second),
            end: is_break.then(|| at(second + 15)),
            label: if is_break { "break" } else { "goal" }.to_owned(),
            tags: [("player".to_owned(), number.to_string())].into(),
            source: "api".parse().unwrap(),
            confidence: None,
            key: Some(number.to_string()),
            created_by: None,
            received_at: now,
            expires_at: floor_second(now) + TimeDelta::minutes(15),
        });
    }
    let library = api.library();
    for mark in marks.iter().chain(marks.iter().rev()) {
        let again = Mark { id: MarkId::for_time(mark.at), ..mark.clone() };
        library.create_mark(&again, Utc::now()).await.unwrap();
    }
    let expected = plan(&api, &rule).await;
    assert!(expected.len() > 10, "there are clips: {expected:?}");
    api.eventually("the clips are those of all marks", async || {
        let clips = clips(&api).await.into_iter();
        let found: Vec<_> = clips.filter(|clip| clip.status == Status::Suggested).collect();
        let shown = found.iter().map(|clip| {
            let Source::Live { requested, .. } = clip.source else { panic!("it is live") };
            (requested.exact_start(), requested.exact_end(), clip.title.clone())
        });
        let is_equal = shown.collect::<BTreeSet<_>>() == expected && found.len() == expected.len();
        is_equal.then_some(())
    })
    .await;
    let tallies = api.stack.functions.tallies();
    let tally = &tallies["apply-rules"];
    assert!(tally.cut > 0, "{tally:?}");
}

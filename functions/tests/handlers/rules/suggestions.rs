//! What operators do with suggestions, and when suggestions leave.

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{ChannelId, Rule, Source, Status, Trigger};
use reqwest::Method;
use serde_json::{Value, json};

use super::{apply, ask, clips, create_rule, goals, path, quiet, store_mark};
use crate::api::{Api, at};

/// The start and the end of each clip that is not deleted, in seconds of the stream, and its marks.
async fn shown(api: &Api, status: Status) -> Vec<(i64, i64, usize)> {
    let clips = clips(api).await.into_iter().filter(|clip| clip.status == status);
    let mut shown: Vec<_> = clips
        .map(|clip| {
            let Source::Live { requested, .. } = clip.source else { panic!("it is live") };
            let second = |time: DateTime<Utc>| (time - at(0)).num_seconds();
            let marks = clip.suggested_by.unwrap().marks;
            (second(requested.exact_start()), second(requested.exact_end()), marks)
        })
        .collect();
    shown.sort_unstable();
    shown
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_has_decided_is_not_changed_by_later_marks() {
    let api = quiet().await;
    create_rule(&api, &json!({})).await;
    let first = store_mark(&api, 10, "goal", None).await;
    let other = store_mark(&api, 100, "goal", None).await;
    apply(&api, &[&first, &other]).await;
    assert_eq!(shown(&api, Status::Suggested).await, [(6, 14, 1), (96, 104, 1)]);

    // A later mark extends a suggestion.
    let second = store_mark(&api, 16, "goal", None).await;
    apply(&api, &[&second]).await;
    assert_eq!(shown(&api, Status::Suggested).await, [(6, 20, 2), (96, 104, 1)]);
    let suggestion = clips(&api).await.into_iter().min_by_key(|clip| clip.clip.clone()).unwrap();

    // A dismissed one stays away, and other marks make others.
    api.delete(&suggestion.key()).await;
    let between = store_mark(&api, 12, "goal", None).await;
    let after = store_mark(&api, 18, "goal", None).await;
    apply(&api, &[&first, &between, &after]).await;
    assert_eq!(shown(&api, Status::Suggested).await, [(14, 22, 1), (96, 104, 1)]);
    let restored = api.post(&path(&suggestion.key(), "/restore"), "").await;
    assert_eq!(restored.body["status"], "suggested", "{:#}", restored.body);

    // An edited one keeps its window and its title.
    let edit = json!({ "title": "By hand", "start": at(4), "end": at(22) });
    let edited = api.edit(&suggestion.key(), &edit).await;
    assert_eq!((edited.status.as_u16(), &edited.body["status"]), (200, &json!("suggested")));
    assert_eq!(edited.body["requested"]["start"], "2020-02-03T13:30:04Z");
    let late = store_mark(&api, 9, "goal", None).await;
    apply(&api, &[&late, &first]).await;
    let kept = api.library().find(&suggestion.key()).await.unwrap().unwrap();
    assert_eq!((kept.title.as_str(), kept.suggested_by.unwrap().marks), ("By hand", 2));
    assert_eq!(
        shown(&api, Status::Suggested).await,
        [(4, 22, 2), (5, 13, 1), (14, 22, 1), (96, 104, 1)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_of_a_rule_is_for_later_marks_only() {
    let api = quiet().await;
    let rule = create_rule(&api, &json!({})).await;
    let early = store_mark(&api, 10, "goal", None).await;
    apply(&api, &[&early]).await;
    let path = format!("/rules/{}", rule.id);
    let change = goals(&json!({ "afterSeconds": 8 }));
    assert_eq!(ask(&api, Method::PUT, &path, Some("*"), &change).await.status, 200);
    let late = store_mark(&api, 12, "goal", None).await;
    apply(&api, &[&early, &late]).await;
    assert_eq!(shown(&api, Status::Suggested).await, [(6, 14, 1), (8, 20, 1)]);

    ask(&api, Method::DELETE, &path, None, &Value::Null).await;
    let later = store_mark(&api, 20, "goal", None).await;
    apply(&api, &[&later]).await;
    assert_eq!(shown(&api, Status::Suggested).await, [(6, 14, 1), (8, 20, 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suggestion_that_leaves_the_stream_is_removed_without_a_call_to_aws() {
    let api = quiet().await;
    create_rule(&api, &json!({ "minIntervalSeconds": 600 })).await;
    let mark = store_mark(&api, 10, "goal", None).await;
    apply(&api, &[&mark]).await;
    let suggestion = clips(&api).await.remove(0);
    let by = suggestion.suggested_by.clone().unwrap();
    assert_eq!(by.confirmable_until, mark.expires_at - TimeDelta::seconds(4));
    assert_eq!(by.until, mark.expires_at + TimeDelta::minutes(10));
    let sweep = async |now: DateTime<Utc>| api.stack.functions.sweep.run(now).await.unwrap();
    sweep(by.confirmable_until - TimeDelta::seconds(1)).await;
    let find = async || api.library().find(&suggestion.key()).await.unwrap();
    assert_eq!(find().await.unwrap().status, Status::Suggested);
    sweep(by.confirmable_until).await;
    assert_eq!(find().await.unwrap().status, Status::Deleting);
    // The mark is still there. The rule must not suggest it again.
    apply(&api, &[&mark]).await;
    assert_eq!(clips(&api).await.len(), 1);
    assert_eq!(sweep(by.until - TimeDelta::seconds(1)).await.removed, 0);
    assert_eq!(sweep(by.until + TimeDelta::seconds(1)).await.removed, 1);
    assert_eq!(find().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_is_refused_with_its_reason() {
    let api = quiet().await;
    create_rule(&api, &json!({})).await;
    // The recorded stream has 24 s. A clip can end up to four hours later.
    let far = store_mark(&api, 4 * 3600 + 100, "goal", None).await;
    let soon = store_mark(&api, 600, "goal", None).await;
    apply(&api, &[&far]).await;
    let suggestion = clips(&api).await.remove(0);
    let refused = api.post(&path(&suggestion.key(), "/confirm"), "").await;
    assert_eq!(refused.status, 422, "{:#}", refused.body);
    assert_eq!(refused.body["type"], "urn:matchcut:problem:window-not-aired");
    apply(&api, &[&soon]).await;
    let soon = clips(&api).await.remove(0);
    let confirmed = api.post(&path(&soon.key(), "/confirm"), "").await;
    assert_eq!(confirmed.body["status"], "scheduled", "{:#}", confirmed.body);

    let by_hand = json!({ "start": at(4), "end": at(8) }).to_string();
    let by_hand = api.post_clip(&by_hand).await.key();
    let refused = api.post(&path(&by_hand, "/confirm"), "").await;
    assert_eq!(refused.body["type"], "urn:matchcut:problem:not-suggested");
    api.delete(&suggestion.key()).await;
    assert_eq!(api.post(&path(&suggestion.key(), "/confirm"), "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_for_marks_that_are_no_longer_all_is_refused() {
    let api = quiet().await;
    let rule = create_rule(&api, &json!({})).await;
    let channel = ChannelId::from("main");
    let library = api.library();
    let guard = library.read_rule_guard(&channel).await.unwrap();
    let first = library.write_clips_of_rule(&rule, guard.clone(), &[]).await.unwrap();
    let second = library.write_clips_of_rule(&rule, first.clone().unwrap(), &[]).await.unwrap();
    assert!(second.is_some());
    for old in [guard, first.unwrap()] {
        assert_eq!(library.write_clips_of_rule(&rule, old, &[]).await.unwrap(), None);
    }
    let changed = Rule { version: 2, ..rule.clone() };
    assert!(library.put_rule(&changed, Some(1)).await.unwrap());
    let of_old_rule = library.write_clips_of_rule(&rule, second.unwrap(), &[]).await.unwrap();
    assert_eq!(of_old_rule, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_clip_leaves_the_feed_and_its_row_is_removed() {
    let api = quiet().await;
    create_rule(&api, &json!({ "excludeLabels": ["break"] })).await;
    let goal = store_mark(&api, 10, "goal", None).await;
    apply(&api, &[&goal]).await;
    let suggestion = clips(&api).await.remove(0);
    let ad_break = store_mark(&api, 8, "break", Some(20)).await;
    apply(&api, &[&ad_break]).await;
    let withdrawn = api.library().find(&suggestion.key()).await.unwrap().unwrap();
    assert!(withdrawn.is_withdrawn());
    assert_eq!(shown(&api, Status::Suggested).await, []);
    let restored = api.post(&path(&suggestion.key(), "/restore"), "").await;
    assert_eq!(restored.status, 409, "{:#}", restored.body);
    let again = api.library().apply(&withdrawn, &Trigger::Withdrawn, Utc::now()).await.unwrap();
    assert_eq!(again, Some(withdrawn));
    let later = Utc::now() + TimeDelta::minutes(4);
    assert_eq!(api.stack.functions.sweep.run(later).await.unwrap().removed, 1);
    assert!(clips(&api).await.is_empty());
}

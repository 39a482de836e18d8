//! Rules: each makes the clips of all marks once, whatever call is interrupted.

use chrono::{TimeDelta, Utc};
use matchcut::api::Route as _;
use matchcut::clip::{
    Clip, ClipId, ClipKey, Description, Mark, MarkId, Source, Status, SuggestedBy, Window,
};
use matchcut::lambda::EventHandler as _;
use matchcut::rule::{ApplyRules, ConfirmClip};
use serde_json::{Value, json};

use super::{
    ALL_CUTS, InterruptionTest, clip_parameters, interrupt_each_call, interrupt_requests, request,
};
use crate::api::at;

/// The time between the marks of two cases. A rule does not see two of them together.
const SECONDS_PER_CASE: i64 = 3600;

async fn store_mark(test: &InterruptionTest, second: i64) -> Mark {
    let now = Utc::now();
    let mark = Mark {
        id: MarkId::for_time(at(second)),
        channel: "main".into(),
        at: at(second),
        end: None,
        label: "goal".to_owned(),
        tags: [].into(),
        source: "api".parse().unwrap(),
        confidence: None,
        key: None,
        created_by: None,
        received_at: now,
        expires_at: now + TimeDelta::minutes(15),
    };
    test.api.library().create_mark(&mark, now).await.unwrap();
    mark
}

async fn create_rule(test: &InterruptionTest, mode: &str) {
    let rule = json!({
        "name": mode, "labels": ["goal"], "beforeSeconds": 12, "afterSeconds": 6, "mode": mode,
    });
    let reply = test.api.post("/rules", &rule.to_string()).await;
    assert_eq!(reply.status, 201, "{:#}", reply.body);
}

/// The clips of a case that are not withdrawn: status, start, end and number of marks.
fn clips_of_case(clips: &[Clip], case: i64) -> Vec<(Status, i64, i64, usize)> {
    let begin = case * SECONDS_PER_CASE;
    let is_of_case = |clip: &&Clip| {
        let by = clip.suggested_by.as_ref().unwrap();
        at(begin) <= by.first && by.first < at(begin + SECONDS_PER_CASE)
    };
    let mut shown: Vec<_> = clips
        .iter()
        .filter(is_of_case)
        .filter(|clip| clip.status != Status::Deleting)
        .map(|clip| {
            let Source::Live { requested, .. } = clip.source else { panic!("it is live") };
            let second = |time: chrono::DateTime<Utc>| (time - at(begin)).num_seconds();
            let marks = clip.suggested_by.as_ref().unwrap().marks;
            (clip.status, second(requested.exact_start()), second(requested.exact_end()), marks)
        })
        .collect();
    shown.sort_unstable();
    shown
}

/// In each case, two marks have made two clips of each rule. A third mark between them makes one clip of
/// the two: a row changes, and another is withdrawn. Far later marks make a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rules_make_is_complete_after_a_redelivery() {
    let test = InterruptionTest::start().await;
    for mode in ["suggest", "clip"] {
        create_rule(&test, mode).await;
    }
    let undisturbed = &test.api.stack.functions.apply_rules;
    let interrupted = ApplyRules::new(&test.sdk, test.variables()).unwrap();
    let mut cases = 0;
    let prepare = async || {
        cases += 1;
        // The stream is far behind, so the clips in the mode `clip` stay scheduled.
        let begin = cases * SECONDS_PER_CASE;
        let early = [store_mark(&test, begin + 100).await, store_mark(&test, begin + 130).await];
        undisturbed.apply(early.to_vec(), Utc::now()).await.unwrap();
        let between = store_mark(&test, begin + 115).await;
        let later = store_mark(&test, begin + 300).await;
        (cases, vec![between, later, early[0].clone()])
    };
    let apply =
        async |(_, marks): &(i64, Vec<Mark>)| interrupted.apply(marks.clone(), Utc::now()).await;
    let tried = interrupt_each_call(&ALL_CUTS, prepare, apply).await;
    for run in &tried {
        if !matches!(run.answer, Some(Ok(()))) {
            // The stream delivers the batch again, and a part of it a third time.
            apply(&run.case).await.unwrap();
            undisturbed.apply(run.case.1[..1].to_vec(), Utc::now()).await.unwrap();
        }
    }
    assert!(tried.len() > 4 * ALL_CUTS.len(), "each cut needs runs that it interrupts");
    let clips = test.clips().await;
    for run in &tried {
        let expected = |status| [(status, 88, 136, 3), (status, 288, 306, 1)];
        let expected = [expected(Status::Suggested), expected(Status::Scheduled)].concat();
        assert_eq!(clips_of_case(&clips, run.case.0), expected, "{}", run.what);
    }
}

async fn create_suggestion(test: &InterruptionTest, start: i64) -> Clip {
    let now = Utc::now();
    let window = Window::new(at(start), at(start + 4)).unwrap();
    let key = ClipKey { competition: "demo".parse().unwrap(), clip: ClipId::for_window(window) };
    let source = Source::Live { channel: "main".into(), requested: window };
    let mut clip = Clip::new(key, Status::Suggested, source, &Description::default(), now);
    clip.suggested_by = Some(SuggestedBy {
        rule: "goals-k7qx2f".parse().unwrap(),
        name: "Goals".to_owned(),
        version: 1,
        label: "goal".to_owned(),
        marks: 1,
        first: at(start + 2),
        last: at(start + 2),
        follows: true,
        confirmable_until: now + TimeDelta::days(30),
        until: now + TimeDelta::days(30),
    });
    clip.next_check_at = clip.next_check(now);
    assert!(test.api.library().create(&clip).await.unwrap());
    clip
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmed_suggestion_becomes_ready() {
    let test = InterruptionTest::start().await;
    let confirm = ConfirmClip::new(&test.sdk, test.variables()).unwrap();
    let prepare = async || create_suggestion(&test, 4).await;
    let ask =
        async |clip: &Clip| confirm.handle(request(&clip_parameters(clip), &Value::Null, "")).await;
    let tried = interrupt_requests(&ALL_CUTS, 200, prepare, ask).await;
    assert!(tried > ALL_CUTS.len(), "each cut needs a run that it interrupts");
    test.settle(|clip| clip.status == Status::Ready).await;
    assert_eq!(test.clips().await.len(), tried);
}

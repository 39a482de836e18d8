//! Tests of a queue.

use tokio::sync::mpsc;

use super::*;

const CONSUMERS: Consumers = Consumers { at_once: 2, batch_size: 1 };

fn open(folder: &Path, faults: &str) -> Arc<Queue> {
    let faults = faults.parse().unwrap();
    Arc::new(Queue::open(folder, "test", CONSUMERS, 3, &faults).unwrap())
}

fn send(queue: &Queue, body: &str) {
    queue.send(body, Duration::ZERO).unwrap();
}

fn receive(queue: &Queue) -> Option<(String, Message)> {
    match queue.receive().unwrap() {
        Next::Batch(mut batch) => batch.pop(),
        Next::Later(_) => None,
    }
}

/// The only message of a queue.
fn only(messages: &Records<Message>) -> Message {
    let all: Vec<_> = messages.all().into_values().collect();
    let [message] = &all[..] else { panic!("there are {} messages", all.len()) };
    message.clone()
}

#[tokio::test]
async fn messages_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), "");
    (0..12).for_each(|number| send(&queue, &number.to_string()));
    drop(queue);
    let queue = open(folder.path(), "");
    send(&queue, "12");
    let (seen, mut received) = mpsc::unbounded_channel();
    tokio::spawn(Arc::clone(&queue).run(move |batch| {
        let _ = seen.send(batch["Records"][0]["body"].as_str().unwrap().to_owned());
        async { Ok(Value::Null) }
    }));
    let mut bodies = Vec::new();
    for _ in 0..13 {
        bodies.push(received.recv().await.unwrap().parse::<u32>().unwrap());
    }
    bodies.sort_unstable();
    assert_eq!(bodies, (0..13).collect::<Vec<_>>());
}

#[test]
fn a_message_that_fails_too_often_goes_to_the_dead_letter_queue() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), "");
    send(&queue, "a");
    for receives in 1..=3 {
        let (id, message) = receive(&queue).unwrap();
        assert_eq!((message.body.as_str(), message.receives), ("a", receives));
        assert!(receive(&queue).is_none());
        let now = queue.change_visibility(&format!("{id}.{receives}"), TimeDelta::zero());
        now.unwrap();
        queue.settle(&id, Err("failed".to_owned()));
    }
    assert!(receive(&queue).is_none());
    assert!(queue.messages.all().is_empty());
    assert_eq!(only(&queue.dead_letters).body, "a");
}

#[test]
fn a_message_in_flight_is_received_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), "");
    send(&queue, "a");
    let (id, _) = receive(&queue).unwrap();
    let queue = open(folder.path(), "");
    assert_eq!(receive(&queue).unwrap().0, id);
    queue.settle(&id, Err("failed".to_owned()));
    assert!(receive(&queue).is_none());
    let later = only(&queue.messages).visible_at - Utc::now();
    assert!(later <= VISIBILITY_TIMEOUT && TimeDelta::zero() < later, "{later}");
}

#[tokio::test]
async fn a_repeated_message_is_delivered_to_two_functions_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), "repeat=1,seed=1");
    send(&queue, "a");
    let (started, mut received) = mpsc::unbounded_channel();
    let blocked = Arc::clone(&queue).run(move |_| {
        let _ = started.send(());
        std::future::pending()
    });
    let running = tokio::spawn(blocked);
    received.recv().await.unwrap();
    received.recv().await.unwrap();
    running.abort();
}

#[tokio::test]
async fn a_message_is_received_again_if_its_function_panicked() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), "");
    send(&queue, "a");
    let (seen, mut received) = mpsc::unbounded_channel();
    let chooser = Arc::clone(&queue);
    let running = tokio::spawn(Arc::clone(&queue).run(move |batch| {
        let (seen, queue) = (seen.clone(), Arc::clone(&chooser));
        async move {
            let handle = batch["Records"][0]["receiptHandle"].as_str().unwrap();
            queue.change_visibility(handle, TimeDelta::zero()).unwrap();
            let _ = seen.send(handle.to_owned());
            assert!(handle.ends_with(".2"), "the first run panics");
            Ok(Value::Null)
        }
    }));
    assert!(received.recv().await.unwrap().ends_with(".1"));
    assert!(received.recv().await.unwrap().ends_with(".2"));
    running.abort();
}

#[test]
fn only_a_message_in_flight_can_have_its_visibility_changed() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), "");
    send(&queue, "a");
    let (id, _) = receive(&queue).unwrap();
    let change = |handle: &str| {
        queue.change_visibility(handle, TimeDelta::hours(1)).map_err(|it| it.to_string())
    };
    assert!(change("nonsense").unwrap_err().contains("handle"));
    assert!(change(&format!("{id}.2")).unwrap_err().contains("in flight"));
    change(&format!("{id}.1")).unwrap();
    queue.settle(&id, Err("failed".to_owned()));
    let Next::Later(Some(at)) = queue.receive().unwrap() else {
        panic!("the message was received again")
    };
    assert!(Utc::now() + TimeDelta::minutes(59) < at);
    assert!(change(&format!("{id}.1")).unwrap_err().contains("in flight"));
}

#[test]
fn only_the_batch_item_failures_of_a_batch_are_received_again() {
    let folder = tempfile::tempdir().unwrap();
    let consumers = Consumers { at_once: 1, batch_size: 2 };
    let queue = Queue::open(folder.path(), "test", consumers, 3, &Faults::default()).unwrap();
    for body in ["a", "b", "c"] {
        send(&queue, body);
    }
    let Next::Batch(batch) = queue.receive().unwrap() else { panic!("there are messages") };
    let bodies: Vec<_> = batch.iter().map(|(_, message)| message.body.as_str()).collect();
    assert_eq!(bodies, ["a", "b"]);
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": batch[0].0 }] });
    queue.settle_batch(batch, &Ok(failed));
    let left: Vec<_> = queue.messages.all().into_values().map(|message| message.body).collect();
    assert_eq!(left, ["a", "c"]);
}

#[test]
fn a_message_keeps_the_trace_header_of_its_request() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path(), "");
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:a87bd80c:1";
    queue.send_traced("a", Duration::ZERO, Some(trace)).unwrap();
    let Next::Batch(batch) = queue.receive().unwrap() else { panic!("there is a message") };
    assert_eq!(queue.event(&batch)["Records"][0]["attributes"]["AWSTraceHeader"], trace);
}

//! Reads and changes what AWS holds: rows, objects, messages and jobs.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_mediaconvert::types::Order;
use aws_sdk_s3::primitives::ByteStream;
use chrono::{DateTime, Utc};
use matchcut::clip::Clip;
use matchcut::library::LISTED_AS;
use serde_json::Value;

use crate::api::Api;

impl Api {
    /// All rows of the table, not decoded. What lists show is left out, because it is compressed.
    pub(crate) async fn rows(&self) -> Vec<Value> {
        let client = aws_sdk_dynamodb::Client::new(&self.stack.sdk);
        let table = self.stack.variables.required("CLIPS_TABLE").unwrap();
        let found = client.scan().table_name(table).consistent_read(true).send().await.unwrap();
        let mut rows = found.items.unwrap_or_default();
        for row in &mut rows {
            row.remove(LISTED_AS);
        }
        serde_dynamo::from_items(rows).unwrap()
    }

    /// Changes a row so that it cannot be decoded, as a row of another version might be.
    pub(crate) async fn corrupt_row(&self, clip: &Clip) {
        let client = aws_sdk_dynamodb::Client::new(&self.stack.sdk);
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update = client
            .update_item()
            .table_name(self.stack.variables.required("CLIPS_TABLE").unwrap())
            .key("competition", text(clip.competition.as_str()))
            .key("clip", text(clip.clip.as_str()))
            .update_expression("SET title = :none REMOVE listedAs")
            .expression_attribute_values(":none", AttributeValue::Null(true));
        update.send().await.unwrap();
        self.library().find(&clip.key()).await.expect_err("it is no clip any more");
    }

    /// Removes what an earlier version did not write.
    pub(crate) async fn age_row(&self, clip: &Clip) {
        let client = aws_sdk_dynamodb::Client::new(&self.stack.sdk);
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update = client
            .update_item()
            .table_name(self.stack.variables.required("CLIPS_TABLE").unwrap())
            .key("competition", text(clip.competition.as_str()))
            .key("clip", text(clip.clip.as_str()))
            .update_expression("REMOVE listedAs");
        update.send().await.unwrap();
    }

    /// The keys of all objects in the clip bucket.
    pub(crate) fn objects(&self) -> Vec<String> {
        let bucket = self.folder.path().join("s3/matchcut-clips");
        let mut keys = Vec::new();
        let mut folders = vec![bucket.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    keys.push(path.strip_prefix(&bucket).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        keys.sort();
        keys
    }

    /// The names of all queues.
    pub(crate) fn queues(&self) -> Vec<String> {
        let queues = std::fs::read_dir(self.folder.path().join("queues")).unwrap();
        queues.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// The undelivered messages of a queue.
    pub(crate) fn messages(&self, queue: &str) -> Vec<Value> {
        let body = |message: &Value| serde_json::from_str(message["body"].as_str()?).ok();
        self.stored_messages(queue, "messages").iter().map(|it| body(it).unwrap()).collect()
    }

    /// The delay in seconds of each message in a queue.
    pub(crate) fn message_delays(&self, queue: &str) -> Vec<i64> {
        let time = |text: &Value| text.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        let delay = |message: &Value| {
            (time(&message["visible_at"]) - time(&message["sent_at"])).num_seconds()
        };
        self.stored_messages(queue, "messages").iter().map(delay).collect()
    }

    /// The number of messages in the dead-letter queue of a queue.
    pub(crate) fn count_dead_letters(&self, queue: &str) -> usize {
        self.stored_messages(queue, "dead-letters").len()
    }

    pub(crate) fn stored_messages(&self, queue: &str, kind: &str) -> Vec<Value> {
        let folder = self.folder.path().join("queues").join(queue).join(kind);
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<_> = paths.collect();
        paths.sort();
        // A message that was delivered meanwhile is gone.
        let texts = paths.iter().filter_map(|path| std::fs::read(path).ok());
        texts.map(|text| serde_json::from_slice(&text).unwrap()).collect()
    }

    /// Puts a file into the upload bucket as `aws s3 cp` does, with tags as a query.
    pub(crate) async fn upload_directly(&self, key: &str, body: ByteStream, tags: &str) {
        let bucket = self.stack.variables.required("UPLOADS_BUCKET").unwrap();
        let put = aws_sdk_s3::Client::new(&self.stack.sdk).put_object().bucket(bucket).key(key);
        let tags = (!tags.is_empty()).then(|| tags.to_owned());
        put.set_tagging(tags).body(body).send().await.unwrap();
    }

    /// Puts a file into the upload bucket without an event.
    pub(crate) fn write_without_event(&self, key: &str, body: &[u8]) {
        let file = self.folder.path().join("s3/matchcut-uploads").join(key);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, body).unwrap();
    }

    /// The input file of each MediaConvert job, in the order of creation.
    pub(crate) async fn jobs(&self) -> Vec<String> {
        // A test with throttling throttles this call, too.
        let retries = RetryConfig::standard()
            .with_max_attempts(20)
            .with_initial_backoff(Duration::from_millis(10));
        let settings = aws_sdk_mediaconvert::config::Builder::from(&self.stack.sdk);
        let client =
            aws_sdk_mediaconvert::Client::from_conf(settings.retry_config(retries).build());
        let mut pages = client.list_jobs().order(Order::Ascending).into_paginator().items().send();
        let mut files = Vec::new();
        while let Some(job) = pages.next().await {
            let settings = job.unwrap().settings.unwrap();
            files.push(settings.inputs()[0].file_input.clone().unwrap());
        }
        files
    }
}

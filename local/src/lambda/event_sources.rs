//! Lambda's event source mappings: the queues and the stream that start functions.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use aws_config::SdkConfig;
use matchcut::announce::DeliverWebhook;
use matchcut::config::ConfigError;
use matchcut::lambda::EventHandler as _;
use serde_json::Value;

use super::functions::Functions;
use crate::account::{DUE_QUEUE, UPLOADS_QUEUE};
use crate::dynamodb::{Stream, StreamReader};
use crate::options::Options;
use crate::sqs::{Consumers, Queue};
use crate::webhook::Webhook;

/// How many functions each queue starts at once, and with how many messages, as in a deployment. Lambda
/// starts at least 2.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
const DUE_CONSUMERS: Consumers = Consumers { at_once: 2, batch_size: 10 };
const UPLOAD_CONSUMERS: Consumers = Consumers { at_once: 10, batch_size: 1 };
const WEBHOOK_CONSUMERS: Consumers = Consumers { at_once: 5, batch_size: 1 };

/// How often a message is received before it goes to the dead-letter queue.
const MAX_RECEIVES: u32 = 5;
/// The same for arrived files. `transcode-upload` fails a clip sooner if its file is the cause.
const MAX_UPLOAD_RECEIVES: u32 = 10;
/// The same for webhook messages. With the delays of `deliver-webhook`, retries last half a day.
const MAX_WEBHOOK_RECEIVES: u32 = 12;

/// The readers of the table's stream, with the filters of a deployment.
const CHANGES: StreamReader =
    StreamReader { function: "announce-clip", filter: |record| begins(record, "status", "") };
const MARKS: StreamReader = StreamReader {
    function: "apply-rules",
    filter: |record| begins(record, "competition", "marks#") && begins(record, "clip", "at#"),
};

/// Whether the new image of a record has a text that begins like this.
fn begins(record: &Value, attribute: &str, prefix: &str) -> bool {
    let text = record["dynamodb"]["NewImage"][attribute]["S"].as_str();
    text.is_some_and(|text| text.starts_with(prefix))
}

/// A task that polls an event source until the process ends.
type Poller = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The queues that start functions, and the subscribers that some of them belong to.
#[derive(Debug)]
pub(crate) struct EventSources {
    pub(crate) uploads: Arc<Queue>,
    pub(crate) due: Arc<Queue>,
    pub(crate) webhooks: Vec<(Webhook, Arc<Queue>)>,
}

impl EventSources {
    pub(crate) fn open(options: &Options) -> io::Result<Self> {
        let data = &options.data_dir;
        let queue = |name: &str, consumers, max_receives| {
            let folder = data.join("queues").join(name);
            Queue::open(&folder, name, consumers, max_receives, &options.faults).map(Arc::new)
        };
        // In data folders of earlier versions, the queue of uploads has another name.
        let former = data.join("queues").join("matchcut-uploads.fifo");
        if former.exists() {
            std::fs::rename(former, data.join("queues").join(UPLOADS_QUEUE))?;
        }
        let webhook = |url| {
            let webhook = Webhook::open(data, url)?;
            let queue = queue(&webhook.name, WEBHOOK_CONSUMERS, MAX_WEBHOOK_RECEIVES)?;
            Ok((webhook, queue))
        };
        Ok(Self {
            uploads: queue(UPLOADS_QUEUE, UPLOAD_CONSUMERS, MAX_UPLOAD_RECEIVES)?,
            due: queue(DUE_QUEUE, DUE_CONSUMERS, MAX_RECEIVES)?,
            webhooks: options.webhooks.iter().map(webhook).collect::<io::Result<_>>()?,
        })
    }

    /// Every queue of the account.
    pub(crate) fn queues(&self) -> impl Iterator<Item = Arc<Queue>> {
        self.webhook_queues().chain([Arc::clone(&self.uploads), Arc::clone(&self.due)])
    }

    pub(crate) fn webhook_queues(&self) -> impl Iterator<Item = Arc<Queue>> {
        self.webhooks.iter().map(|(_, queue)| Arc::clone(queue))
    }

    /// The pollers of every queue and of the table's stream.
    pub(crate) fn pollers(
        &self,
        functions: &Functions,
        sdk: &SdkConfig,
        sqs: &str,
        stream: Stream,
    ) -> Result<Vec<Poller>, ConfigError> {
        let transcode = functions.clone();
        let transcode = move |batch| transcode.clone().transcode_upload(batch);
        let harvest = functions.clone();
        let harvest = move |batch| harvest.clone().harvest_clip(batch);
        let announce = functions.clone();
        let announce = move |batch| announce.clone().announce_clip(batch);
        let apply_rules = functions.clone();
        let apply_rules = move |batch| apply_rules.clone().apply_rules(batch);
        let mut pollers: Vec<Poller> = vec![
            Box::pin(Arc::clone(&self.uploads).run(transcode)),
            Box::pin(Arc::clone(&self.due).run(harvest)),
            Box::pin(stream.clone().run(CHANGES, announce)),
            Box::pin(stream.run(MARKS, apply_rules)),
        ];
        for (webhook, queue) in &self.webhooks {
            let function = DeliverWebhook::new(sdk, &webhook.variables(sqs))?;
            let functions = functions.clone();
            let deliver = move |batch| functions.clone().deliver_webhook(function.clone(), batch);
            pollers.push(Box::pin(Arc::clone(queue).run(deliver)));
        }
        Ok(pollers)
    }
}

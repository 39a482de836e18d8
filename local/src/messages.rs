//! The queues of the product, and which function each of them starts.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use aws_config::SdkConfig;
use matchcut::config::ConfigError;
use matchcut::notice::DeliverWebhook;

use crate::environment::{DUE_QUEUE, UPLOADS_QUEUE};
use crate::functions::{Functions, deliver};
use crate::json_services::JsonServices;
use crate::own_events::OwnEvents;
use crate::private::Private;
use crate::queues::{Order, Queue};
use crate::stack::Options;
use crate::webhooks::Webhook;

/// As few functions at once as an event source mapping can be limited to.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
const STANDARD: Order = Order::Any { at_once: 2 };

/// The queues, and the subscribers that some of them are for.
#[derive(Debug)]
pub(crate) struct Messages {
    pub(crate) uploads: Arc<Queue>,
    due: Arc<Queue>,
    pub(crate) webhooks: Vec<(Webhook, Arc<Queue>)>,
}

type Poller = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Messages {
    pub(crate) fn open(options: &Options) -> io::Result<Self> {
        let data = &options.data_dir;
        let queue = |name: &str, order, most_receives| {
            let folder = data.join("queues").join(name);
            Queue::open(&folder, name, order, most_receives, &options.faults).map(Arc::new)
        };
        let webhook = |url| {
            let webhook = Webhook::open(data, url)?;
            // With the pauses of `deliver-webhook` these are about 17 hours.
            let queue = queue(&webhook.name, STANDARD, 14)?;
            Ok((webhook, queue))
        };
        Ok(Self {
            uploads: queue(UPLOADS_QUEUE, Order::Arrival, 5)?,
            due: queue(DUE_QUEUE, STANDARD, 5)?,
            webhooks: options.webhooks.iter().map(webhook).collect::<io::Result<_>>()?,
        })
    }

    /// What the functions reach by AWS JSON.
    pub(crate) fn services(&self, private: Option<&Private>) -> JsonServices {
        let secrets = self.webhooks.iter().map(|(webhook, _)| webhook.secret());
        let queues = self.webhooks.iter().map(|(_, queue)| queue);
        JsonServices {
            secrets: private.map(Private::secret).into_iter().chain(secrets).collect(),
            queues: queues.clone().chain([&self.uploads, &self.due]).map(Arc::clone).collect(),
            events: OwnEvents { webhooks: queues.map(Arc::clone).collect() },
        }
    }

    /// What gives the messages to the functions, each for as long as the process lives.
    pub(crate) fn pollers(
        &self,
        functions: &Functions,
        sdk: &SdkConfig,
        sqs: &str,
    ) -> Result<Vec<Poller>, ConfigError> {
        let transcoding = functions.clone();
        let uploads = Arc::clone(&self.uploads).run(move |batch| transcoding.take_in(batch));
        let mut pollers: Vec<Poller> = vec![Box::pin(uploads)];
        for (webhook, queue) in &self.webhooks {
            let function = DeliverWebhook::new(sdk, &webhook.variables(sqs))?;
            let run = Arc::clone(queue).run(move |batch| deliver(function.clone(), batch));
            pollers.push(Box::pin(run));
        }
        Ok(pollers)
    }
}

//! The queues of the product, and which function each of them starts.

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use aws_config::SdkConfig;
use matchcut::announce::DeliverWebhook;
use matchcut::config::ConfigError;
use matchcut::lambda::EventHandler as _;

use crate::environment::{DUE_QUEUE, UPLOADS_QUEUE};
use crate::functions::Functions;
use crate::json_services::JsonServices;
use crate::own_events::OwnEvents;
use crate::private::Private;
use crate::queues::{Order, Queue};
use crate::stack::Options;
use crate::webhooks::Webhook;

/// As the deployment has it; fewer than two is not to be had.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
const DUE_AT_ONCE: Order = Order::Any { at_once: 2 };
const WEBHOOKS_AT_ONCE: Order = Order::Any { at_once: 5 };

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
            // With the pauses of `deliver-webhook` this is half a day.
            let queue = queue(&webhook.name, WEBHOOKS_AT_ONCE, 12)?;
            Ok((webhook, queue))
        };
        Ok(Self {
            uploads: queue(UPLOADS_QUEUE, Order::Arrival, 5)?,
            due: queue(DUE_QUEUE, DUE_AT_ONCE, 5)?,
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
        let (transcoding, harvesting) = (functions.clone(), functions.clone());
        let uploads = move |batch| transcoding.clone().take_in(batch);
        let due = move |batch| harvesting.clone().harvest(batch);
        let mut pollers: Vec<Poller> = vec![
            Box::pin(Arc::clone(&self.uploads).run(uploads)),
            Box::pin(Arc::clone(&self.due).run(due)),
        ];
        for (webhook, queue) in &self.webhooks {
            let function = DeliverWebhook::new(sdk, &webhook.variables(sqs))?;
            let delivering = functions.clone();
            let changes = move |batch| delivering.clone().deliver(function.clone(), batch);
            pollers.push(Box::pin(Arc::clone(queue).run(changes)));
        }
        Ok(pollers)
    }
}

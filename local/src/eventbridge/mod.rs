//! EventBridge: the default bus, which delivers the events of AWS Elemental and the product's own.

mod bus;
mod put_events;
mod remote_bus;

pub(crate) use bus::{Bus, Subscriber, envelope};
pub(crate) use put_events::PutEvents;
pub(crate) use remote_bus::RemoteBus;

//! API Gateway: serves the contract's routes with the very handlers that the Lambdas call.

mod contract;
mod gateway;
mod request_event;
mod throttles;

pub(crate) use contract::Contract;
pub use contract::ContractError;
pub(crate) use gateway::{Gateway, not_found, router};

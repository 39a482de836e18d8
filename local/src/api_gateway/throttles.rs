//! The throttles of the routes.
//!
//! Each operation has a bucket of its own, because the deployment sets a throttle for each of its
//! routes. All requests outside of the contract share one bucket. AWS does not document whether a
//! request without a valid token takes from the bucket of its route; here it does.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html>

use std::collections::BTreeMap;

use super::contract::{Contract, Throttle};
use crate::rate::Rate;

#[derive(Debug)]
pub(super) struct Throttles {
    routes: BTreeMap<String, Rate>,
    others: Rate,
}

impl Throttles {
    /// The throttles of the contract, multiplied by `factor`. `None` if nothing is throttled.
    pub(super) fn new(contract: &Contract, factor: f64) -> Option<Self> {
        let rate = |throttle: Throttle| {
            let [per_second, burst] = [throttle.per_second, throttle.burst].map(f64::from);
            Rate::new(per_second * factor, (burst * factor).max(1.0))
        };
        let routes = contract.operations.iter().map(|it| (it.id.clone(), rate(it.throttle)));
        let all = Self { routes: routes.collect(), others: rate(contract.throttle) };
        (factor > 0.0).then_some(all)
    }

    /// Takes a token for a request to an operation, or for one outside of the contract. Returns
    /// `false` if the request must be throttled.
    pub(super) fn take(&self, operation: Option<&str>) -> bool {
        operation.and_then(|id| self.routes.get(id)).unwrap_or(&self.others).take()
    }
}

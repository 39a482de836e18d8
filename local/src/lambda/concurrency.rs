//! How many functions run at once: the account's quota, and the part of it that functions reserve.
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The free places. A function with a reservation uses its own places only, and no other function
/// uses them.
#[derive(Clone, Debug)]
pub(crate) struct Concurrency {
    unreserved: Arc<Semaphore>,
    reserved: BTreeMap<String, Arc<Semaphore>>,
}

/// The answer of Lambda if a function has no free place.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("Rate Exceeded.")]
pub(crate) struct Throttled;

impl Concurrency {
    /// The places of an account, of which each of the functions reserves some.
    pub(crate) fn new<'a>(
        account: usize,
        functions: impl IntoIterator<Item = &'a str>,
        reserved: usize,
    ) -> Self {
        let functions = functions.into_iter().map(str::to_owned);
        let reserved: BTreeMap<_, _> =
            functions.map(|name| (name, Arc::new(Semaphore::new(reserved)))).collect();
        let taken = reserved.values().map(|places| places.available_permits()).sum();
        let unreserved = Arc::new(Semaphore::new(account.saturating_sub(taken)));
        Self { unreserved, reserved }
    }

    /// Takes a place for one run of a function. The place is free again when the value is dropped.
    pub(super) fn enter(&self, function: &str) -> Result<OwnedSemaphorePermit, Throttled> {
        let places = self.reserved.get(function).unwrap_or(&self.unreserved);
        Arc::clone(places).try_acquire_owned().map_err(|_| Throttled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_with_a_reservation_takes_no_place_of_the_others() {
        let all = Concurrency::new(5, ["list-clips"], 2);
        let enter = |function| all.enter(function).ok();
        let lists = [(); 3].map(|()| enter("list-clips"));
        assert_eq!(lists.each_ref().map(Option::is_some), [true, true, false]);
        let others = [(); 4].map(|()| enter("create-clip"));
        assert_eq!(others.each_ref().map(Option::is_some), [true, true, true, false]);
        drop(others);
        assert!(enter("sweep-library").is_some());
    }
}

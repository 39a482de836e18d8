//! Rate limits: a burst, and then a number of calls per second.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::aws_protocol::AwsError;

/// A token bucket.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    burst: f64,
    /// The tokens that were left at a time.
    left: Mutex<(f64, Instant)>,
}

impl Rate {
    pub(crate) fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst, left: Mutex::new((burst, Instant::now())) }
    }

    /// Takes a token for one call. Returns `false` if the call must be throttled.
    pub(crate) fn take(&self) -> bool {
        self.take_at(Instant::now())
    }

    /// Whether no token is left, not even a part of one.
    pub(crate) fn is_empty(&self) -> bool {
        self.change_at(Instant::now(), |left| left) <= 0.0
    }

    /// Subtracts tokens, also those that are not left yet.
    pub(crate) fn subtract(&self, tokens: f64) {
        self.change_at(Instant::now(), |left| left - tokens);
    }

    fn take_at(&self, now: Instant) -> bool {
        let mut taken = false;
        self.change_at(now, |left| {
            taken = left >= 1.0;
            if taken { left - 1.0 } else { left }
        });
        taken
    }

    /// Changes the tokens that are left, and returns them.
    fn change_at(&self, now: Instant, change: impl FnOnce(f64) -> f64) -> f64 {
        let mut state = self.left.lock().expect("no thread panics while it holds the lock");
        let (left, since) = *state;
        let left = (left + (now - since).as_secs_f64() * self.per_second).min(self.burst);
        *state = (change(left), now);
        state.0
    }
}

/// Answers a call, or throttles it.
pub(crate) async fn answer(
    State(rate): State<Arc<Rate>>,
    request: Request,
    next: Next,
) -> Response {
    if rate.take() {
        next.run(request).await
    } else {
        AwsError::too_many_requests("Too Many Requests").into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_followed_by_a_constant_rate() {
        let start = Instant::now();
        let rate = Rate::new(2.0, 3.0);
        let taken = |seconds| {
            let now = start + Duration::from_secs(seconds);
            (0..10).filter(|_| rate.take_at(now)).count()
        };
        assert_eq!([taken(1), taken(2), taken(62), taken(62)], [3, 2, 3, 0]);
    }
}

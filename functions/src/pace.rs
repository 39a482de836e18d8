//! Spaces the calls of a background function out, so that the calls of operators are not throttled.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::config::{ConfigError, Variables};

/// A rate limit that callers wait for. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Pace(Option<Arc<State>>);

#[derive(Debug)]
struct State {
    /// The time between two calls after a burst.
    interval: Duration,
    /// How far calls may be ahead of the interval, in a burst.
    tolerance: Duration,
    /// When the next call would be due if every call kept the interval.
    next: Mutex<Instant>,
}

/// The calls a second that MediaPackage accepts of an account, for live channels and for VOD each.
/// <https://docs.aws.amazon.com/general/latest/gr/mediapackage.html>
const MEDIA_PACKAGE_RATE: f64 = 5.0;
/// MediaPackage accepts a burst of 10 s' worth of calls.
const BURST_DURATION: Duration = Duration::from_secs(10);

impl Pace {
    /// Half of the rate and half of the burst that MediaPackage accepts. The other half is left to
    /// the requests of operators.
    ///
    /// The variable `MEDIAPACKAGE_CALLS_PER_SECOND` replaces AWS's published rate.
    pub fn half_of_media_package(variables: &Variables) -> Result<Self, ConfigError> {
        let rate = variables.optional("MEDIAPACKAGE_CALLS_PER_SECOND")?;
        let rate = rate.unwrap_or(MEDIA_PACKAGE_RATE);
        if !(0.1..=10_000.0).contains(&rate) {
            let reason = "it must be from 0.1 to 10000".to_owned();
            return Err(ConfigError::Invalid { name: "MEDIAPACKAGE_CALLS_PER_SECOND", reason });
        }
        Ok(Self::new(rate / 2.0, BURST_DURATION))
    }

    /// Calls at this rate, after a burst of as many calls as the rate gives in `burst`.
    fn new(per_second: f64, burst: Duration) -> Self {
        let interval = Duration::from_secs_f64(1.0 / per_second);
        let tolerance = burst.saturating_sub(interval);
        let next = Mutex::new(Instant::now());
        Self(Some(Arc::new(State { interval, tolerance, next })))
    }

    /// Waits until the next call may be made. Without a limit, returns at once.
    pub async fn wait(&self) {
        let Some(state) = &self.0 else { return };
        let at = state.reserve(&mut *state.next.lock().await, Instant::now());
        sleep_until(at).await;
    }
}

impl State {
    /// Reserves the next call, and returns when it may be made.
    fn reserve(&self, next: &mut Instant, now: Instant) -> Instant {
        let due = (*next).max(now);
        *next = due + self.interval;
        due.checked_sub(self.tolerance).map_or(now, |at| at.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_is_followed_by_a_constant_rate() {
        let Pace(Some(state)) = Pace::new(2.5, Duration::from_secs(10)) else {
            panic!("it has one")
        };
        let now = Instant::now();
        let mut next = now;
        let mut delays = (0..50).map(|_| (state.reserve(&mut next, now) - now).as_millis());
        assert!(delays.by_ref().take(25).all(|delay| delay == 0));
        assert_eq!(delays.collect::<Vec<_>>(), (1..=25).map(|n| n * 400).collect::<Vec<_>>());
        let later = now + Duration::from_mins(1);
        assert_eq!(state.reserve(&mut next, later), later, "the burst is possible again");
    }

    #[test]
    fn an_impossible_rate_is_refused_by_name() {
        let variables = |rate| [("MEDIAPACKAGE_CALLS_PER_SECOND", rate)].into_iter().collect();
        for rate in ["0", "-1", "NaN", "fast"] {
            let error = Pace::half_of_media_package(&variables(rate)).unwrap_err().to_string();
            assert!(error.contains("MEDIAPACKAGE_CALLS_PER_SECOND"), "{error}");
        }
        Pace::half_of_media_package(&variables("7.5")).unwrap();
    }
}

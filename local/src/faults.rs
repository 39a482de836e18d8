//! Faults: failures that the stand-in injects on request.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Which faults are injected, and how often. By default there are none.
///
/// A share is a number from 0 to 1.
///
/// `stale` and `lag` happen on AWS every day, but AWS publishes no value that could be a default. So
/// they are faults, and the chaos run has both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// The share of events that are lost.
    pub lose: f64,
    /// The share of events that are delivered twice.
    pub repeat: f64,
    /// The share of events that are delivered up to 3 s late, so after later ones.
    pub reorder: f64,
    /// The seconds by which every event is late.
    pub delay: f64,
    /// The share of calls to MediaPackage, MediaConvert and MediaLive that are throttled (answered
    /// 429).
    pub throttle: f64,
    /// The share of calls to MediaPackage, MediaConvert and MediaLive that are answered 500 or 503.
    /// Half of them take effect.
    pub error: f64,
    /// The share of calls of the functions to AWS that are never answered: the SDK waits until its
    /// timeout. Half of them take effect.
    pub hang: f64,
    /// The share of function runs that are cut off at a call to AWS. Half of these calls take effect.
    pub kill: f64,
    /// The share of harvest jobs and transcodes that fail.
    pub fail: f64,
    /// The minimum duration of each harvest job, transcode and ingest, in seconds.
    pub slow: f64,
    /// How far queries of DynamoDB's indexes are behind the table at most, in seconds. Each change has
    /// its own delay, so changes of different rows appear out of order.
    pub stale: f64,
    /// How far each manifest of the live origin is behind the stream at most, in seconds. Each response
    /// has its own delay, so the manifests lag each other.
    pub lag: f64,
    /// After how many seconds of each run of the encoder no further segment arrives, although the
    /// channel runs. With 0 the stream never stalls.
    pub stall: f64,
    /// Makes the random choices the same in every run.
    pub seed: Option<u64>,
}

pub(crate) const SYNTAX: &str = "lose, repeat, reorder, throttle, error, hang, kill and fail take \
                                 a share from 0 to 1, delay, slow, stale, lag and stall take \
                                 seconds, seed takes a whole number";

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut faults = Self::default();
        for fault in text.split(',').filter(|fault| !fault.is_empty()) {
            let usage = || format!("{fault:?} is not a fault: {SYNTAX}");
            let (name, value) = fault.split_once('=').ok_or_else(usage)?;
            if name == "seed" {
                faults.seed = Some(value.parse().map_err(|_| usage())?);
                continue;
            }
            let number: f64 = value.parse().map_err(|_| usage())?;
            let (field, max) = match name {
                "lose" => (&mut faults.lose, 1.0),
                "repeat" => (&mut faults.repeat, 1.0),
                "reorder" => (&mut faults.reorder, 1.0),
                "throttle" => (&mut faults.throttle, 1.0),
                "error" => (&mut faults.error, 1.0),
                "hang" => (&mut faults.hang, 1.0),
                "kill" => (&mut faults.kill, 1.0),
                "fail" => (&mut faults.fail, 1.0),
                "delay" => (&mut faults.delay, 3600.0),
                "slow" => (&mut faults.slow, 3600.0),
                "stale" => (&mut faults.stale, 3600.0),
                "lag" => (&mut faults.lag, 3600.0),
                "stall" => (&mut faults.stall, 3600.0),
                _ => return Err(usage()),
            };
            if !(0.0..=max).contains(&number) {
                return Err(usage());
            }
            *field = number;
        }
        Ok(faults)
    }
}

impl Faults {
    /// The random numbers of one part of the stand-in.
    ///
    /// Each part has numbers of its own. With the same numbers, the faults of all parts would occur
    /// together.
    pub(crate) fn random(&self, part: &str) -> fastrand::Rng {
        // <http://www.isthe.com/chongo/tech/comp/fnv/>
        let hash = part.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.seed.map_or_else(fastrand::Rng::new, |seed| fastrand::Rng::with_seed(seed ^ hash))
    }

    /// After how long a run of the encoder stalls. `None` if it does not.
    pub(crate) fn stall_after(&self) -> Option<Duration> {
        (self.stall > 0.0).then(|| Duration::from_secs_f64(self.stall))
    }

    /// The minimum duration of a job.
    pub(crate) fn min_job_duration(&self) -> Duration {
        Duration::from_secs_f64(self.slow)
    }
}

/// The faults of a delivery, of events or of messages.
#[derive(Debug)]
pub(crate) struct DeliveryFaults {
    faults: Faults,
    random: Mutex<fastrand::Rng>,
}

impl DeliveryFaults {
    /// The faults of what the named part delivers.
    pub(crate) fn new(faults: &Faults, part: &str) -> Self {
        Self { faults: faults.clone(), random: Mutex::new(faults.random(part)) }
    }

    /// Draws whether a delivery is lost. Only for deliveries that AWS does not guarantee.
    pub(crate) fn is_lost(&self) -> bool {
        self.draw() < self.faults.lose
    }

    /// Draws the delays of a delivery: one delay, or two if it is repeated.
    pub(crate) fn delays(&self) -> Vec<Duration> {
        let count = if self.draw() < self.faults.repeat { 2 } else { 1 };
        let delay = |_| {
            let late = if self.draw() < self.faults.reorder { 3.0 * self.draw() } else { 0.0 };
            Duration::from_secs_f64(self.faults.delay + late)
        };
        (0..count).map(delay).collect()
    }

    fn draw(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_own_random_numbers_which_a_seed_repeats() {
        let faults: Faults = "seed=7".parse().unwrap();
        let draws = |part| {
            let mut random = faults.random(part);
            [(); 4].map(|()| random.u64(..))
        };
        assert_eq!(draws("a"), draws("a"));
        assert_ne!(draws("a"), draws("b"));
    }

    #[test]
    fn known_faults_are_parsed_and_others_rejected_by_name() {
        let faults: Faults = "lose=0.2,repeat=1,slow=2.5,seed=7".parse().unwrap();
        let expected =
            Faults { lose: 0.2, repeat: 1.0, slow: 2.5, seed: Some(7), ..Faults::default() };
        assert_eq!(faults, expected);
        assert_eq!("".parse(), Ok(Faults::default()));
        for wrong in ["lose", "lose=2", "lose=-1", "lose=often", "win=1", "seed=x", "slow=inf"] {
            let error = wrong.parse::<Faults>().unwrap_err();
            assert!(error.contains(wrong), "{error}");
        }
    }
}

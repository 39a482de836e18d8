//! Bad days, as switches.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong, and how often; nothing by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// The share of events that never arrive.
    pub lose: f64,
    /// The share of events that arrive twice.
    pub repeat: f64,
    /// The share of events that arrive up to 3 s late, and so after later ones.
    pub reorder: f64,
    /// Seconds by which every event is late.
    pub delay: f64,
    /// The share of MediaPackage's and MediaConvert's API calls that are answered 429.
    pub throttle: f64,
    /// The share of AWS Elemental's API calls that are answered 500 or 503, half of them after they
    /// took effect.
    pub error: f64,
    /// The share of function runs that are cut off at one of their calls to AWS, half of them after
    /// it took effect.
    pub kill: f64,
    /// The share of harvest jobs and transcodes that fail.
    pub fail: f64,
    /// Seconds that every harvest job, transcode and ingest takes at least.
    pub slow: f64,
    /// Makes chance repeat itself.
    pub seed: Option<u64>,
}

pub(crate) const SYNTAX: &str = "lose, repeat, reorder, throttle, error, kill and fail take a \
                                 share from 0 to 1, delay and slow take seconds, seed takes a \
                                 whole number";

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
            let (field, most) = match name {
                "lose" => (&mut faults.lose, 1.0),
                "repeat" => (&mut faults.repeat, 1.0),
                "reorder" => (&mut faults.reorder, 1.0),
                "throttle" => (&mut faults.throttle, 1.0),
                "error" => (&mut faults.error, 1.0),
                "kill" => (&mut faults.kill, 1.0),
                "fail" => (&mut faults.fail, 1.0),
                "delay" => (&mut faults.delay, 3600.0),
                "slow" => (&mut faults.slow, 3600.0),
                _ => return Err(usage()),
            };
            if !(0.0..=most).contains(&number) {
                return Err(usage());
            }
            *field = number;
        }
        Ok(faults)
    }
}

impl Faults {
    /// The chance of one part of the stand-in, by its name: parts that drew the same numbers would
    /// have their bad luck together.
    pub(crate) fn chance(&self, part: &str) -> fastrand::Rng {
        // <http://www.isthe.com/chongo/tech/comp/fnv/>
        let own = part.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |own, byte| {
            (own ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.seed.map_or_else(fastrand::Rng::new, |seed| fastrand::Rng::with_seed(seed ^ own))
    }

    /// How long a job takes at least.
    pub(crate) fn slowness(&self) -> Duration {
        Duration::from_secs_f64(self.slow)
    }
}

/// What becomes of each thing that is delivered.
#[derive(Debug)]
pub(crate) struct Fates {
    faults: Faults,
    chance: Mutex<fastrand::Rng>,
}

impl Fates {
    /// Of what the part of that name delivers.
    pub(crate) fn new(faults: &Faults, part: &str) -> Self {
        Self { faults: faults.clone(), chance: Mutex::new(faults.chance(part)) }
    }

    /// Whether it never arrives, where nobody promises that it does.
    pub(crate) fn is_lost(&self) -> bool {
        self.draw() < self.faults.lose
    }

    /// After which delays it arrives: once, or twice.
    pub(crate) fn delays(&self) -> Vec<Duration> {
        let count = if self.draw() < self.faults.repeat { 2 } else { 1 };
        let delay = |_| {
            let late = if self.draw() < self.faults.reorder { 3.0 * self.draw() } else { 0.0 };
            Duration::from_secs_f64(self.faults.delay + late)
        };
        (0..count).map(delay).collect()
    }

    fn draw(&self) -> f64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_a_chance_of_its_own_and_the_same_again() {
        let faults: Faults = "seed=7".parse().unwrap();
        let draws = |part| {
            let mut chance = faults.chance(part);
            [(); 4].map(|()| chance.u64(..))
        };
        assert_eq!(draws("a"), draws("a"));
        assert_ne!(draws("a"), draws("b"));
    }

    #[test]
    fn switches_are_read_and_others_refused_by_name() {
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

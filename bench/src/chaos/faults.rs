//! The faults that the stand-in injects during a chaos run.

use matchcut_local::Faults;

use crate::Arguments;

/// All rates except the share of failing harvests and transcodes, which is `--failures`.
const FAULTS: &str = "lose=0.2,repeat=0.2,reorder=1,delay=0.1,throttle=0.1,error=0.05,hang=0.01,\
                      kill=0.05,stale=1,lag=2";

pub(crate) fn plan_faults(arguments: &Arguments, seed: u64) -> Faults {
    let faults: Faults = FAULTS.parse().expect("the list of faults is valid");
    Faults { fail: arguments.failures, seed: Some(seed), ..faults }
}

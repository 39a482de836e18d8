//! Runs of functions, some of which are cut off as faults will have it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::faults::Faults;
use crate::interrupt::{Cut, Run};

/// Runs every function.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    /// The share of runs that are cut off.
    kill: f64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    chance: fastrand::Rng,
    /// How many calls the last whole run of each function made.
    calls: BTreeMap<String, usize>,
    tallies: BTreeMap<String, Tally>,
}

/// What a function has done, of those that are cut off now and then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub runs: usize,
    /// Runs that were cut off.
    pub cut: usize,
    /// Calls of AWS, each try of the SDK's.
    pub calls: usize,
}

/// A run that was cut off, as when Lambda loses the machine it is on.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the function was cut off at call {0} of AWS")]
pub(crate) struct Killed(usize);

impl Runs {
    pub(crate) fn new(faults: &Faults) -> Self {
        let (calls, tallies) = (BTreeMap::new(), BTreeMap::new());
        let state = State { chance: faults.chance("runs"), calls, tallies };
        Self { kill: faults.kill, state: Arc::new(Mutex::new(state)) }
    }

    /// Runs a function, or the beginning of it.
    pub(crate) async fn of<T>(
        &self,
        function: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Killed> {
        if self.kill <= 0.0 {
            return Ok(work.await);
        }
        let run = self.choose(function);
        let done = run.of(work).await;
        self.count(function, &run, done.is_none());
        let Some(done) = done else {
            tracing::info!("{function} was cut off at call {} of AWS", run.calls());
            return Err(Killed(run.calls()));
        };
        self.lock().calls.insert(function.to_owned(), run.calls());
        Ok(done)
    }

    fn count(&self, function: &str, run: &Run, cut: bool) {
        let mut state = self.lock();
        let tally = state.tallies.entry(function.to_owned()).or_default();
        tally.runs += 1;
        tally.cut += usize::from(cut);
        tally.calls += run.calls();
    }

    /// What each function has done so far.
    pub(crate) fn tallies(&self) -> BTreeMap<String, Tally> {
        self.lock().tallies.clone()
    }

    /// A whole run, or one that is cut at any of the calls that such runs make; half of those
    /// after the call took effect.
    fn choose(&self, function: &str) -> Run {
        let mut state = self.lock();
        let calls = state.calls.get(function).copied().unwrap_or_default().max(1);
        if self.kill <= state.chance.f64() {
            return Run::whole();
        }
        let cut = if state.chance.bool() { Cut::DieAfter } else { Cut::DieBefore };
        Run::cut_at(state.chance.usize(..calls), cut)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_the_fault_every_run_is_whole() {
        let runs = Runs::new(&Faults::default());
        assert_eq!(runs.of("sweep-library", async { 1 }).await.unwrap(), 1);
        assert!(runs.lock().calls.is_empty());
    }

    #[test]
    fn the_share_of_runs_that_are_cut_is_the_one_asked_for() {
        let runs = Runs::new(&"kill=0.25,seed=1".parse().unwrap());
        runs.lock().calls.insert("sweep-library".to_owned(), 3);
        let cut =
            (0..1000).filter(|_| format!("{:?}", runs.choose("sweep-library")).contains("Die"));
        assert!((200..300).contains(&cut.count()));
    }
}

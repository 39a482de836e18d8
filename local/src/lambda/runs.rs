//! Runs of functions, some of which are cut off as faults will have it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::interrupt::{Cut, Run};
use crate::faults::Faults;

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
    /// How many calls whole runs of each function made.
    calls: BTreeMap<String, Calls>,
    tallies: BTreeMap<String, Tally>,
}

/// The calls of whole runs.
#[derive(Clone, Copy, Debug, Default)]
struct Calls {
    last: usize,
    most: usize,
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
        let state = State { chance: faults.random("runs"), calls, tallies };
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
        let mut state = self.lock();
        let calls = state.calls.entry(function.to_owned()).or_default();
        *calls = Calls { last: run.calls(), most: calls.most.max(run.calls()) };
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
    ///
    /// Most runs find little to do, and others much: half of the cuts are at one of the calls of
    /// the last run, half at one of the longest run's.
    fn choose(&self, function: &str) -> Run {
        let mut state = self.lock();
        let Calls { last, most } = state.calls.get(function).copied().unwrap_or_default();
        if self.kill <= state.chance.f64() {
            return Run::whole();
        }
        let calls = if state.chance.bool() { last } else { most }.max(1);
        let cut = if state.chance.bool() { Cut::DieAfter } else { Cut::DieBefore };
        Run::cut_at(state.chance.usize(..calls), cut)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the lock")
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
    fn cuts_are_as_frequent_as_asked_for_and_at_any_call_of_the_last_or_the_longest_run() {
        let runs = Runs::new(&"kill=0.25,seed=1".parse().unwrap());
        runs.lock().calls.insert("sweep-library".to_owned(), Calls { last: 2, most: 30 });
        let runs = (0..10_000).map(|_| format!("{:?}", runs.choose("sweep-library")));
        let cut: Vec<_> = runs.filter(|run| run.contains("Die")).collect();
        assert!((2000..3000).contains(&cut.len()));
        let at = |call: usize| {
            let call = format!("cut: Some(({call}, ");
            cut.iter().filter(|run| run.contains(&call)).count()
        };
        assert!((1000..1600).contains(&(at(0) + at(1))), "half, and some of the others");
        assert!((0..30).all(|call| 0 < at(call)));
    }
}

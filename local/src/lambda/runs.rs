//! Runs functions if Lambda has a free place, up to their timeouts. Cuts off the share of runs that the
//! fault `kill` gives, and lets the share of calls hang that the fault `hang` gives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::chain::Chain;
use super::concurrency::{Concurrency, Throttled};
use super::interrupt::{Cut, Run};
use super::timeouts::Timeouts;
use crate::faults::Faults;

/// Runs every function.
#[derive(Clone, Debug)]
pub(crate) struct Runs {
    /// The share of runs that are cut off.
    kill: f64,
    /// The share of calls that are never answered.
    hang: f64,
    concurrency: Concurrency,
    timeouts: Timeouts,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    /// The number of calls to AWS in complete runs, by function.
    calls: BTreeMap<String, Calls>,
    tallies: BTreeMap<String, Tally>,
}

/// The number of calls in complete runs: of the last run, and of the longest.
#[derive(Clone, Copy, Debug, Default)]
struct Calls {
    last: usize,
    max: usize,
}

/// The runs of one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub runs: usize,
    /// The number of runs that were cut off.
    pub cut: usize,
    /// The number of calls to AWS. Each attempt of the SDK counts.
    pub calls: usize,
}

/// Why a run has no result.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// As when the machine of a Lambda fails.
    #[error("the run was cut off at its call {0} to AWS")]
    Killed(usize),
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// As Lambda reports it. The event source invokes the function again.
    #[error("Task timed out after {:.2} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
}

impl Runs {
    pub(crate) fn new(faults: &Faults, concurrency: Concurrency, timeouts: Timeouts) -> Self {
        let (calls, tallies) = (BTreeMap::new(), BTreeMap::new());
        let state = State { random: faults.random("runs"), calls, tallies };
        let (kill, hang) = (faults.kill, faults.hang);
        Self { kill, hang, concurrency, timeouts, state: Arc::new(Mutex::new(state)) }
    }

    /// Runs a function to its end, to its timeout, or to the call where it is cut off.
    pub(crate) async fn run<T>(
        &self,
        function: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, RunError> {
        let _place = self.concurrency.enter(function)?;
        let work = self.run_in_place(function, work);
        let Some(limit) = self.timeouts.find(function) else { return work.await };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            tracing::error!("{function}: Task timed out after {:.2} seconds", limit.as_secs_f64());
            Err(RunError::TimedOut(limit))
        })
    }

    /// Runs a function that has a place.
    async fn run_in_place<T>(
        &self,
        function: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, RunError> {
        let work = Chain::scope_run(function, work);
        if self.kill <= 0.0 && self.hang <= 0.0 {
            return Ok(work.await);
        }
        let run = self.draw_run(function);
        let done = run.execute(work).await;
        self.count(function, &run, done.is_none());
        let Some(done) = done else {
            tracing::info!("injected fault: {function} was cut off at call {} to AWS", run.calls());
            return Err(RunError::Killed(run.calls()));
        };
        let mut state = self.lock();
        let calls = state.calls.entry(function.to_owned()).or_default();
        *calls = Calls { last: run.calls(), max: calls.max.max(run.calls()) };
        Ok(done)
    }

    fn count(&self, function: &str, run: &Run, cut: bool) {
        let mut state = self.lock();
        let tally = state.tallies.entry(function.to_owned()).or_default();
        tally.runs += 1;
        tally.cut += usize::from(cut);
        tally.calls += run.calls();
    }

    /// The runs of each function so far.
    pub(crate) fn tallies(&self) -> BTreeMap<String, Tally> {
        self.lock().tallies.clone()
    }

    /// Draws whether a run is cut off, and at which call. Half of the cuts are after the call took
    /// effect.
    ///
    /// Most runs make few calls and some make many. So half of the cuts are at one of the calls of
    /// the last run, and half at one of the calls of the longest run.
    fn draw_run(&self, function: &str) -> Run {
        let mut state = self.lock();
        let Calls { last, max } = state.calls.get(function).copied().unwrap_or_default();
        let is_cut = state.random.f64() < self.kill;
        let cut = is_cut.then(|| {
            let calls = if state.random.bool() { last } else { max }.max(1);
            let cut = if state.random.bool() { Cut::DieAfter } else { Cut::DieBefore };
            (state.random.usize(..calls), cut)
        });
        Run::with_hangs(cut, self.hang, state.random.fork())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the lock")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sqs::{Consumers, Queue};

    #[tokio::test]
    async fn without_the_fault_no_run_is_cut_off() {
        let runs = Runs::new(&Faults::default(), Concurrency::new(1, [], 0), Timeouts::new(1.0));
        assert_eq!(runs.run("sweep-library", async { 1 }).await.unwrap(), 1);
        assert!(runs.lock().calls.is_empty());
    }

    #[tokio::test]
    async fn a_function_that_hangs_is_cut_at_its_timeout_and_its_message_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let consumers = Consumers { at_once: 1, batch_size: 1 };
        let faults = Faults::default();
        let queue = Queue::open(folder.path(), "due", consumers, 5, &faults).unwrap();
        let queue = Arc::new(queue);
        queue.send("a clip", Duration::ZERO).unwrap();
        // A 1000th of the 90 s of harvest-clip.
        let runs = Runs::new(&faults, Concurrency::new(1, [], 0), Timeouts::new(0.001));
        let (invoked, mut invocations) = tokio::sync::mpsc::unbounded_channel();
        let consume = move |batch: Value| {
            let (runs, invoked) = (runs.clone(), invoked.clone());
            async move {
                let receives = &batch["Records"][0]["attributes"]["ApproximateReceiveCount"];
                let is_first = receives == "1";
                let work = async {
                    if is_first {
                        std::future::pending::<()>().await;
                    }
                };
                let done = runs.run("harvest-clip", work).await;
                let done = done.map_err(|failure| failure.to_string());
                invoked.send(done.clone()).unwrap();
                done.map(|()| Value::Null)
            }
        };
        let poller = tokio::spawn(Arc::clone(&queue).run(consume));
        let cut = invocations.recv().await.unwrap();
        assert_eq!(cut.unwrap_err(), "Task timed out after 0.09 seconds");
        assert_eq!(invocations.recv().await.unwrap(), Ok(()), "the message came back");
        poller.abort();
    }

    #[test]
    fn the_given_share_of_runs_is_cut_off_at_any_call_of_the_last_or_longest_run() {
        let faults = "kill=0.25,seed=1".parse().unwrap();
        let runs = Runs::new(&faults, Concurrency::new(1, [], 0), Timeouts::new(1.0));
        runs.lock().calls.insert("sweep-library".to_owned(), Calls { last: 2, max: 30 });
        let runs = (0..10_000).map(|_| format!("{:?}", runs.draw_run("sweep-library")));
        let cut: Vec<_> = runs.filter(|run| run.contains("Die")).collect();
        assert!((2000..3000).contains(&cut.len()));
        let at = |call: usize| {
            let call = format!("cut: Some(({call}, ");
            cut.iter().filter(|run| run.contains(&call)).count()
        };
        assert!(
            (1000..1600).contains(&(at(0) + at(1))),
            "half of the cuts, and some of the other half"
        );
        assert!((0..30).all(|call| at(call) > 0));
    }
}

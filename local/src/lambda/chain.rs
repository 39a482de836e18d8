//! Chains of requests, as Lambda's recursion detection counts them.
//!
//! A run that a message of SQS starts belongs to the chain of the run that sent the message. The
//! trace header counts how often each function has run in a chain. The SDK of a function adds the
//! header to its requests, SQS keeps it with the message, and Lambda reads it from there.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::Value;

use crate::aws_json::TRACE_HEADER;

tokio::task_local! {
    /// The trace header of the run.
    static TRACE: String;
}

/// How often each function has run in a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain(BTreeMap<String, u32>);

/// The error of an invocation that recursion detection has stopped. SQS receives the message again,
/// until it goes to the dead-letter queue.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "RecursiveInvocationException: {function} has run {limit} times in one chain of requests, so \
     Lambda does not run it again"
)]
pub(crate) struct RecursiveInvocation {
    function: String,
    limit: u32,
}

impl Chain {
    /// The chain that the messages of a batch belong to. If they belong to several, the longest.
    pub(crate) fn of_batch(batch: &Value) -> Self {
        let mut chain = Self::default();
        for record in batch["Records"].as_array().into_iter().flatten() {
            let trace = record["attributes"]["AWSTraceHeader"].as_str().unwrap_or_default();
            for (function, count) in parse_lineage(trace) {
                let longest = chain.0.entry(function.to_owned()).or_default();
                *longest = count.max(*longest);
            }
        }
        chain
    }

    /// The chain with one more run of a function, unless the function has run `limit` times.
    pub(crate) fn with_run(
        mut self,
        function: &str,
        limit: u32,
    ) -> Result<Self, RecursiveInvocation> {
        let runs = self.0.entry(function.to_owned()).or_default();
        if *runs >= limit {
            return Err(RecursiveInvocation { function: function.to_owned(), limit });
        }
        *runs += 1;
        Ok(self)
    }

    /// Does work as part of the chain.
    pub(crate) async fn scope<T>(&self, work: impl Future<Output = T>) -> T {
        TRACE.scope(self.to_header(), work).await
    }

    /// Does work as part of the chain that the caller belongs to. Without one, a chain begins here.
    pub(super) async fn scope_run<T>(function: &str, work: impl Future<Output = T>) -> T {
        if TRACE.try_with(|_| ()).is_ok() {
            return work.await;
        }
        Self([(function.to_owned(), 1)].into()).scope(work).await
    }

    fn to_header(&self) -> String {
        let runs: Vec<_> =
            self.0.iter().map(|(function, count)| format!("{function}:{count}")).collect();
        format!("Root=1-00000000-000000000000000000000000;Sampled=0;Lineage=1:{}", runs.join("|"))
    }
}

/// The functions and counts of a trace header: `Lineage=1:<function>:<count>|<function>:<count>`.
fn parse_lineage(trace: &str) -> impl Iterator<Item = (&str, u32)> {
    let lineage = trace.split(';').find_map(|part| part.trim().strip_prefix("Lineage=1:"));
    let runs = lineage.into_iter().flat_map(|lineage| lineage.split('|'));
    runs.filter_map(|run| {
        let (function, count) = run.split_once(':')?;
        Some((function, count.parse().ok()?))
    })
}

/// Adds the trace header of the run to a request, as the SDK of a Lambda function does.
pub(super) fn add_trace(request: &mut HttpRequest) {
    let _ = TRACE.try_with(|trace| request.headers_mut().insert(TRACE_HEADER, trace.clone()));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn batch(traces: &[&str]) -> Value {
        let record = |trace| json!({ "attributes": { "AWSTraceHeader": trace } });
        json!({ "Records": traces.iter().map(record).collect::<Vec<_>>() })
    }

    #[test]
    fn a_function_that_sends_messages_to_itself_is_stopped_after_sixteen_runs() {
        let mut chain = Chain::default();
        for _ in 0..16 {
            chain = Chain::of_batch(&batch(&[&chain.to_header()]));
            chain = chain.with_run("harvest-clip", 16).unwrap();
        }
        let next = Chain::of_batch(&batch(&[&chain.to_header()]));
        assert!(next.clone().with_run("harvest-clip", 16).is_err());
        next.with_run("sweep-library", 16).unwrap();
    }

    #[test]
    fn a_batch_belongs_to_its_longest_chain_and_a_message_without_a_trace_to_none() {
        let traces = ["Root=1-a-b;Lineage=1:a:3|b:1", "Lineage=1:b:2", "", "Root=1-a-b"];
        assert_eq!(Chain::of_batch(&batch(&traces)).to_header(), {
            let expected = Chain([("a".to_owned(), 3), ("b".to_owned(), 2)].into());
            expected.to_header()
        });
        assert_eq!(Chain::of_batch(&json!({ "Records": [{}] })), Chain::default());
    }
}

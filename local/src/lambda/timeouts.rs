//! The timeouts of the functions, as a deployment sets them.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long each function may run.
#[derive(Clone, Debug)]
pub(crate) struct Timeouts {
    /// In seconds, by the name of the function.
    seconds: Arc<BTreeMap<String, f64>>,
    /// All timeouts are multiplied by this. With 0, there is none.
    factor: f64,
}

impl Timeouts {
    /// The timeouts of the product, multiplied by a factor.
    pub(crate) fn new(factor: f64) -> Self {
        let seconds = yaml_serde::from_str(matchcut::TIMEOUTS);
        let seconds: BTreeMap<_, _> = seconds.expect("a test reads the file of the timeouts");
        Self { seconds: Arc::new(seconds), factor }
    }

    /// How long a function may run. `None` if there is no limit.
    pub(super) fn find(&self, function: &str) -> Option<Duration> {
        let seconds = self.seconds.get(function).or_else(|| self.seconds.get("default"))?;
        let timeout = Duration::try_from_secs_f64(seconds * self.factor).ok()?;
        Some(timeout).filter(|timeout| !timeout.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_has_the_timeout_of_a_deployment_multiplied_by_the_factor() {
        let check = |factor, function, seconds: Option<u64>| {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(Timeouts::new(factor).find(function), expected, "{function}");
        };
        check(1.0, "list-clips", Some(20));
        check(1.0, "harvest-clip", Some(90));
        check(2.0, "create-clip", Some(58));
        check(0.0, "create-clip", None);
    }
}

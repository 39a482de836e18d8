//! Reads the environment of a function, once per cold start.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

/// The environment variables of a function.
///
/// This is a value, not the environment of the process, so that several functions in one process can
/// have different environments.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("environment variable {0} is missing")]
    Missing(&'static str),
    #[error("environment variable {name} is invalid: {reason}")]
    Invalid { name: &'static str, reason: String },
    #[error("could not build the HTTP client")]
    Http(#[source] reqwest::Error),
}

impl Variables {
    /// The environment of this process.
    pub fn from_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn required(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.get(name).filter(|value| !value.is_empty()).ok_or(ConfigError::Missing(name))
    }

    /// A required variable, parsed.
    pub fn parsed<T>(&self, name: &'static str) -> Result<T, ConfigError>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        parse(name, self.required(name)?)
    }

    /// A variable that may be absent, parsed.
    pub fn optional<T>(&self, name: &'static str) -> Result<Option<T>, ConfigError>
    where
        T: FromStr<Err: std::fmt::Display>,
    {
        self.get(name).map(|text| parse(name, text)).transpose()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn parse<T: FromStr<Err: std::fmt::Display>>(
    name: &'static str,
    text: &str,
) -> Result<T, ConfigError> {
    text.parse().map_err(|error: T::Err| ConfigError::Invalid { name, reason: error.to_string() })
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Loads the configuration of the SDK, with timeouts that fit a function an operator waits for.
///
/// API Gateway times out after 30 s. If a call to AWS has not returned in 5 s, a retry is faster, or
/// the sweep repeats it later.
pub async fn load_sdk() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts()).load().await
}

pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(12))
        .build()
}

/// The timeouts of an operation that AWS may take long for.
pub fn whole_operation_timeout(timeout: Duration) -> TimeoutConfig {
    timeouts().to_builder().operation_attempt_timeout(timeout).operation_timeout(timeout).build()
}

/// Disables the retries of the SDK, for calls that the caller or the sweep retries.
pub fn no_retries() -> RetryConfig {
    RetryConfig::disabled()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_invalid_variable_is_named() {
        let variables: Variables = [("PORT", "http"), ("EMPTY", "")].into_iter().collect();
        let missing = variables.required("TABLE").unwrap_err().to_string();
        assert_eq!(missing, "environment variable TABLE is missing");
        assert!(variables.required("EMPTY").is_err());
        let invalid = variables.parsed::<u16>("PORT").unwrap_err().to_string();
        assert!(variables.optional::<u16>("PORT").is_err());
        assert_eq!(variables.optional::<u16>("OTHER_PORT").unwrap(), None);
        assert!(invalid.starts_with("environment variable PORT is invalid: "), "{invalid}");
    }
}

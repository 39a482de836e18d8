//! The environment of a function, read once at cold start.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

/// The environment variables of a function.
///
/// A value and not the process's own environment, so that every function of one process can be
/// given its own.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("environment variable {0} is missing")]
    Missing(&'static str),
    #[error("environment variable {name} is not usable: {reason}")]
    Invalid { name: &'static str, reason: String },
    #[error("the HTTP client could not be set up")]
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

/// The SDK's own configuration, with bounds that fit a function an operator waits for.
///
/// API Gateway gives up after 30 s; a call to AWS that has not answered in 5 s is better tried
/// again, or left to the sweep.
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

/// For calls whose failure has a better remedy than an immediate second try.
pub fn no_retries() -> RetryConfig {
    RetryConfig::disabled()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_unusable_variable_is_named() {
        let variables: Variables = [("PORT", "http"), ("EMPTY", "")].into_iter().collect();
        let missing = variables.required("TABLE").unwrap_err().to_string();
        assert_eq!(missing, "environment variable TABLE is missing");
        assert!(variables.required("EMPTY").is_err());
        let invalid = variables.parsed::<u16>("PORT").unwrap_err().to_string();
        assert!(variables.optional::<u16>("PORT").is_err());
        assert_eq!(variables.optional::<u16>("OTHER_PORT").unwrap(), None);
        assert!(invalid.starts_with("environment variable PORT is not usable: "), "{invalid}");
    }
}

//! Reads the variables that are too large for a function's environment, once per cold start.
//!
//! Lambda allows 4 KB for all variables of a function. The CDK app writes larger ones, such as 100
//! channels, into an object in S3: a JSON object of texts by variable. The object is named after its
//! content, so another deployment has another object, and functions that still run keep theirs.
//!
//! `SETTINGS_OBJECT` is the URL of the object. `SETTINGS_VALUES` is a JSON array of texts that are
//! known only at deployment. The first one replaces `{{0}}` in the object.
//! <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Error as S3Error;
use aws_sdk_s3::primitives::ByteStreamError;

use crate::config::{ConfigError, Variables};

/// How long one attempt may take, and all of them. Lambda allows 10 s for a function's start.
const TIMEOUT: Duration = Duration::from_secs(1);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(4);

#[derive(Debug, thiserror::Error)]
pub enum LargeVariablesError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("could not read the settings in {object}; if the object is missing, deploy again")]
    Read {
        object: String,
        #[source]
        source: Box<S3Error>,
    },
    #[error("could not receive the settings in {object}")]
    Receive {
        object: String,
        #[source]
        source: ByteStreamError,
    },
    #[error("the settings in {object} are not a JSON object of texts; deploy again")]
    Json {
        object: String,
        #[source]
        source: serde_json::Error,
    },
}

/// Adds the variables in the object that `SETTINGS_OBJECT` names. Without it, nothing is added.
pub async fn add_large_variables(
    sdk: &SdkConfig,
    variables: Variables,
) -> Result<Variables, LargeVariablesError> {
    let Some(object) = variables.get("SETTINGS_OBJECT") else { return Ok(variables) };
    let Some((bucket, key)) = object.strip_prefix("s3://").and_then(|path| path.split_once('/'))
    else {
        let reason = format!("it must be s3://<bucket>/<key>, not {object:?}");
        return Err(ConfigError::Invalid { name: "SETTINGS_OBJECT", reason }.into());
    };
    let text = read(sdk, bucket, key, object).await?;
    let values = parse_values(variables.get("SETTINGS_VALUES").unwrap_or("[]"))?;
    let large: BTreeMap<String, String> = serde_json::from_slice(&text)
        .map_err(|source| LargeVariablesError::Json { object: object.to_owned(), source })?;
    let filled: Vec<_> =
        large.into_iter().map(|(name, text)| (name, fill(&text, &values))).collect();
    let own = variables.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(own.chain(filled).collect())
}

async fn read(
    sdk: &SdkConfig,
    bucket: &str,
    key: &str,
    object: &str,
) -> Result<Vec<u8>, LargeVariablesError> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(TIMEOUT)
        .operation_attempt_timeout(TIMEOUT)
        .operation_timeout(TOTAL_TIMEOUT)
        .build();
    let config = aws_sdk_s3::config::Builder::from(sdk).timeout_config(timeouts).build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let found = client.get_object().bucket(bucket).key(key).send().await.map_err(|error| {
        LargeVariablesError::Read { object: object.to_owned(), source: Box::new(error.into()) }
    })?;
    let body = found.body.collect().await;
    let received =
        body.map_err(|source| LargeVariablesError::Receive { object: object.to_owned(), source })?;
    Ok(received.to_vec())
}

fn parse_values(json: &str) -> Result<Vec<String>, ConfigError> {
    serde_json::from_str(json).map_err(|error| ConfigError::Invalid {
        name: "SETTINGS_VALUES",
        reason: error.to_string(),
    })
}

/// Replaces `{{0}}` by the first value, `{{1}}` by the second, and so on.
fn fill(text: &str, values: &[String]) -> String {
    values.iter().enumerate().fold(text.to_owned(), |filled, (at, value)| {
        filled.replace(&format!("{{{{{at}}}}}"), value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_known_at_deployment_replace_their_numbers() {
        let values: Vec<String> = (0..11).map(|at| format!("value {at}")).collect();
        let check = |text, expected| assert_eq!(fill(text, &values), expected);
        check(r#"{"a":"{{0}}/x","b":"{{10}}"}"#, r#"{"a":"value 0/x","b":"value 10"}"#);
        check("{{1}}{{0}}{{1}}", "value 1value 0value 1");
        check("{{11}} {1}", "{{11}} {1}");
    }
}

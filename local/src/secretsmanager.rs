//! Secrets Manager: the one operation that the product uses, GetSecretValue.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::{ACCOUNT, REGION};
use crate::aws_protocol::{AwsError, read_body};

/// The secrets of the account: text by name.
#[derive(Debug, Default)]
pub(crate) struct Secrets(BTreeMap<String, String>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetSecretValue {
    secret_id: String,
}

pub(crate) fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-AbCdEf")
}

impl FromIterator<(String, String)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(secrets: I) -> Self {
        Self(secrets.into_iter().collect())
    }
}

impl Secrets {
    pub(crate) fn answer(&self, operation: &str, body: &[u8]) -> Result<Value, AwsError> {
        if operation != "GetSecretValue" {
            return Err(AwsError::not_implemented(&format!("secretsmanager.{operation}")));
        }
        let GetSecretValue { secret_id } = read_body(body)?;
        let found = self.0.iter().find(|(name, _)| secret_arn(name) == secret_id);
        let (name, text) = found.ok_or_else(|| AwsError::resource_not_found("secret not found"))?;
        Ok(json!({
            "ARN": secret_id,
            "Name": name,
            "SecretString": text,
            "VersionId": "00000000-0000-0000-0000-000000000000",
            "VersionStages": ["AWSCURRENT"],
        }))
    }
}

//! The routes of the contract, `functions/openapi.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde::Deserialize;
use serde_json::Value;

/// The operations of the contract, and the scopes of its users.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) operations: Vec<Operation>,
    /// The throttle of requests outside of the contract.
    pub(crate) throttle: Throttle,
    /// The scopes of each group of users. A group is a security scheme by which people sign in.
    pub(crate) group_scopes: BTreeMap<String, Vec<String>>,
    /// The scopes that a machine can have.
    pub(crate) machine_scopes: Vec<String>,
}

/// How many requests are accepted, as `x-throttle` of the contract says.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Throttle {
    /// Requests a second, on average.
    pub(crate) per_second: u16,
    /// Requests in a burst.
    pub(crate) burst: u16,
}

/// An operation: its route, its function, its scopes and its throttle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    method: Method,
    pub(crate) template: String,
    /// The `operationId`: the name of the function.
    pub(crate) id: String,
    /// A token needs one of these scopes. If there are none, no token is needed.
    pub(crate) scopes: Vec<String>,
    pub(crate) throttle: Throttle,
}

/// The route of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// The operation, and the parameters of the path.
    Known(&'a Operation, BTreeMap<String, String>),
    /// The contract has the path, but only with these methods.
    WrongMethod(String),
    Unknown,
}

#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error("the contract is not valid YAML")]
    Yaml(#[source] yaml_serde::Error),
    #[error("the contract has no paths")]
    NoPaths,
    #[error("{method} {path} of the contract has no operationId")]
    NoOperationId { method: String, path: String },
    #[error("an x-throttle of the contract needs perSecond and burst")]
    Throttle(#[source] serde_json::Error),
}

impl Contract {
    pub(crate) fn read(yaml: &str) -> Result<Self, ContractError> {
        let document: Value = yaml_serde::from_str(yaml).map_err(ContractError::Yaml)?;
        let paths = document["paths"].as_object().ok_or(ContractError::NoPaths)?;
        let throttle = read_throttle(&document["x-throttle"])?;
        let mut operations = Vec::new();
        for (path, item) in paths {
            for (name, operation) in item.as_object().into_iter().flatten() {
                let method = match name.as_str() {
                    "get" => Method::GET,
                    "post" => Method::POST,
                    "put" => Method::PUT,
                    "patch" => Method::PATCH,
                    "delete" => Method::DELETE,
                    _ => continue,
                };
                let id = operation["operationId"].as_str().ok_or_else(|| {
                    ContractError::NoOperationId { method: method.to_string(), path: path.clone() }
                })?;
                let alternatives = operation["security"].as_array().into_iter().flatten();
                let schemes = alternatives.filter_map(Value::as_object).flat_map(|it| it.values());
                let scopes = schemes.filter_map(Value::as_array).flatten();
                operations.push(Operation {
                    method,
                    template: path.clone(),
                    id: id.to_owned(),
                    scopes: scopes.filter_map(Value::as_str).map(str::to_owned).collect(),
                    throttle: match &operation["x-throttle"] {
                        Value::Null => throttle,
                        own => read_throttle(own)?,
                    },
                });
            }
        }
        let mut group_scopes = read_scopes(&document, "authorizationCode");
        group_scopes.retain(|_, scopes| !scopes.is_empty());
        let machine_scopes = read_scopes(&document, "clientCredentials").into_values().flatten();
        let machine_scopes = machine_scopes.collect();
        Ok(Self { operations, throttle, group_scopes, machine_scopes })
    }

    pub(crate) fn find_route(&self, method: &Method, path: &str) -> Route<'_> {
        let mut allowed = Vec::new();
        for operation in &self.operations {
            let Some(parameters) = match_path(&operation.template, path) else { continue };
            if operation.method == *method {
                return Route::Known(operation, parameters);
            }
            allowed.push(operation.method.as_str());
        }
        if allowed.is_empty() { Route::Unknown } else { Route::WrongMethod(allowed.join(", ")) }
    }
}

fn read_throttle(text: &Value) -> Result<Throttle, ContractError> {
    Throttle::deserialize(text).map_err(ContractError::Throttle)
}

/// The scopes of each security scheme in one of its flows.
fn read_scopes(document: &Value, flow: &str) -> BTreeMap<String, Vec<String>> {
    let schemes = document["components"]["securitySchemes"].as_object().into_iter().flatten();
    let scopes = |scheme: &Value| -> BTreeSet<String> {
        let scopes = scheme["flows"][flow]["scopes"].as_object().into_iter().flatten();
        scopes.map(|(scope, _)| scope.clone()).collect()
    };
    schemes.map(|(name, scheme)| (name.clone(), scopes(scheme).into_iter().collect())).collect()
}

/// The parameters of a path, if the path matches the template.
fn match_path(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let (mut expected, mut actual) = (template.split('/'), path.split('/'));
    let mut parameters = BTreeMap::new();
    loop {
        match (expected.next(), actual.next()) {
            (None, None) => return Some(parameters),
            (Some(expected), Some(actual)) => {
                let name = expected.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
                match name {
                    Some(name) if !actual.is_empty() => {
                        let value = percent_encoding::percent_decode_str(actual);
                        let value = value.decode_utf8_lossy().into_owned();
                        parameters.insert(name.to_owned(), value);
                    }
                    None if expected == actual => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_routed_to_the_operations_of_the_contract() {
        let contract = Contract::read(matchcut::OPENAPI).unwrap();
        let found = |method: &Method, path: &str| match contract.find_route(method, path) {
            Route::Known(operation, parameters) => {
                let values: Vec<_> = parameters.into_values().collect();
                let scopes = operation.scopes.join("|");
                format!("{} {scopes} {}", operation.id, values.join(" "))
            }
            Route::WrongMethod(allowed) => format!("only {allowed}"),
            Route::Unknown => "unknown".to_owned(),
        };
        assert_eq!(found(&Method::POST, "/api/clip"), "create-clip matchcut/clips.write ");
        assert_eq!(found(&Method::GET, "/api/competitions/a/clips"), "list-clips  a");
        assert_eq!(found(&Method::GET, "/api/competitions/%C3%A4/clips/b"), "show-clip  b ä");
        assert_eq!(
            found(&Method::POST, "/api/competitions/a/playback"),
            "grant-playback matchcut/clips.read|matchcut/clips.write|matchcut/playback.grant a"
        );
        assert_eq!(found(&Method::GET, "/api/clip"), "only POST");
        assert_eq!(found(&Method::GET, "/api/clips"), "unknown");
        assert_eq!(found(&Method::GET, "/api/competitions//clips"), "unknown");
        assert_eq!(found(&Method::GET, "/api/competitions/a/clips/"), "unknown");
    }

    #[test]
    fn each_operation_has_its_own_throttle_or_the_default() {
        let contract = Contract::read(matchcut::OPENAPI).unwrap();
        let throttle =
            |id: &str| contract.operations.iter().find(|it| it.id == id).unwrap().throttle;
        assert_ne!(throttle("create-clip"), contract.throttle);
        assert_eq!(throttle("delete-clip"), contract.throttle);
    }

    #[test]
    fn five_hundred_clips_can_be_cut_at_once() {
        let contract = Contract::read(matchcut::OPENAPI).unwrap();
        let create = contract.operations.iter().find(|it| it.id == "create-clip").unwrap();
        assert!(create.throttle.burst >= 500);
    }

    #[test]
    fn the_lists_of_one_competition_stay_within_the_read_units_of_a_partition() {
        // 3,000 units a second. A list reads at most 101 rows of 0.8 KB, and a unit is two reads of
        // 4 KB: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html>
        let contract = Contract::read(matchcut::OPENAPI).unwrap();
        let list = contract.operations.iter().find(|it| it.id == "list-clips").unwrap();
        let units = 101.0 * 0.8 / 8.0;
        assert!(f64::from(list.throttle.per_second) * units < 3000.0);
    }

    #[test]
    fn each_group_has_the_scopes_of_its_security_scheme() {
        let contract = Contract::read(matchcut::OPENAPI).unwrap();
        let groups = contract.group_scopes;
        assert_eq!(groups["viewer"], ["matchcut/clips.read"]);
        assert_eq!(groups["operator"], ["matchcut/channels.write", "matchcut/clips.write"]);
        assert_eq!(groups.len(), 2);
    }

    #[test]
    fn a_machine_can_have_a_scope_that_no_group_of_people_has() {
        let contract = Contract::read(matchcut::OPENAPI).unwrap();
        let people: Vec<_> = contract.group_scopes.into_values().flatten().collect();
        assert!(people.iter().all(|scope| contract.machine_scopes.contains(scope)));
        let grant = "matchcut/playback.grant".to_owned();
        assert!(contract.machine_scopes.contains(&grant) && !people.contains(&grant));
    }
}

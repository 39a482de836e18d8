//! Checks every reply against `openapi.yaml`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::api::Reply;

static CONTRACT: LazyLock<Value> =
    LazyLock::new(|| yaml_serde::from_str(matchcut::OPENAPI).unwrap());

/// Fails unless the contract has this reply to this request: status, media type, headers and the
/// schema of the body.
#[track_caller]
pub(crate) fn check(method: &Method, path: &str, answer: &Reply) {
    let path = path.split('?').next().unwrap();
    let status = answer.status.as_u16().to_string();
    let what = format!("{method} {path} {status}");
    let Some(operation) = operation(method, path) else {
        let schema = match status.as_str() {
            "404" | "405" => "Problem",
            "429" => "GatewayMessage",
            _ => panic!("{what} is not in the contract"),
        };
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        return check_schema(&schema, answer, &what);
    };
    let response = &operation["responses"][&status];
    let response = resolve(response).unwrap_or_else(|| panic!("the contract has no {what}"));
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let is_required = resolve(header).is_none_or(|header| header["required"] != false);
        assert!(
            !is_required || answer.headers.contains_key(name.to_lowercase()),
            "{what} has no header {name}"
        );
    }
    let Some(content) = response.get("content") else {
        assert_eq!(answer.body, Value::Null, "{what} has a body");
        return;
    };
    let media_type = answer.headers[CONTENT_TYPE].to_str().unwrap();
    let media_type = media_type.split(';').next().unwrap();
    let schema = &content[media_type]["schema"];
    assert!(schema.is_object(), "{what} is {media_type}, which the contract does not foresee");
    check_schema(schema, answer, &what);
}

fn check_schema(schema: &Value, answer: &Reply, what: &str) {
    let faults: Vec<_> = validator(schema)
        .iter_errors(&answer.body)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what} breaks the contract: {faults:#?}\n{:#}", answer.body);
}

/// The validator of a schema of the contract, compiled once.
fn validator(schema: &Value) -> Arc<Validator> {
    static VALIDATORS: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let made = validators.entry(schema.to_string()).or_insert_with(|| {
        let mut schema = schema.clone();
        schema["components"] = CONTRACT["components"].clone();
        Arc::new(jsonschema::options().should_validate_formats(true).build(&schema).unwrap())
    });
    Arc::clone(made)
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let matches = |template: &str| {
        let (mut expected, mut actual) = (template.split('/'), path.split('/'));
        loop {
            match (expected.next(), actual.next()) {
                (None, None) => return true,
                (Some(expected), Some(actual))
                    if expected == actual || expected.starts_with('{') && !actual.is_empty() => {}
                _ => return false,
            }
        }
    };
    let paths = CONTRACT["paths"].as_object().unwrap();
    let (_, item) = paths.iter().find(|(template, _)| matches(template))?;
    item.get(method.as_str().to_lowercase())
}

fn resolve(value: &Value) -> Option<&Value> {
    match value["$ref"].as_str() {
        Some(reference) => CONTRACT.pointer(reference.trim_start_matches('#')),
        None => value.as_object().map(|_| value),
    }
}

/// Every example of the contract matches its schema.
#[test]
fn examples_validate_against_their_schemas() {
    fn visit(value: &Value, found: &mut usize) {
        if let (Some(schema), Some(examples)) = (value.get("schema"), value["examples"].as_object())
        {
            let validator = validator(schema);
            for (name, example) in examples {
                let example = resolve(example).unwrap();
                let faults: Vec<_> =
                    validator.iter_errors(&example["value"]).map(|it| it.to_string()).collect();
                assert!(faults.is_empty(), "example {name}: {faults:?}");
                *found += 1;
            }
        }
        match value {
            Value::Object(fields) => fields.values().for_each(|value| visit(value, found)),
            Value::Array(items) => items.iter().for_each(|value| visit(value, found)),
            _ => {}
        }
    }
    let mut found = 0;
    visit(&CONTRACT, &mut found);
    assert!(found > 10, "only {found} examples were found");
}

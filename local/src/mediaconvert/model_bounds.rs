//! The bounds of MediaConvert's API model that the types of the settings do not express.
//! <https://docs.aws.amazon.com/mediaconvert/latest/apireference/jobs.html>

use serde_json::Value;

/// The longest name of an output group.
const MAX_NAME: usize = 2048;
/// The longest name modifier and extension.
const MAX_SUFFIX: usize = 256;

/// Describes the first value of a request that is out of the bounds of the model.
pub(super) fn find_out_of_bounds(request: &Value) -> Option<String> {
    find("", "", request)
}

/// Searches a value at a path. `name` is the name of the field that has the value, or that has the list
/// with the value.
fn find(path: &str, name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => {
            fields.iter().find_map(|(name, value)| find(&format!("{path}/{name}"), name, value))
        }
        Value::Array(values) => {
            let mut numbered = values.iter().enumerate();
            numbered.find_map(|(at, value)| find(&format!("{path}/{at}"), name, value))
        }
        Value::Number(_) => {
            let least = match name {
                "tracks" | "streams" | "segmentLength" => 1,
                _ => i32::MIN,
            };
            let number = value.as_f64()?;
            let fits = (f64::from(least)..=f64::from(i32::MAX)).contains(&number);
            (!fits).then(|| format!("{path}: {value} is not from {least} to {}", i32::MAX))
        }
        Value::String(text) => {
            let fault = match name {
                "nameModifier" if text.is_empty() => Some("is empty"),
                "nameModifier" | "extension" if text.len() > MAX_SUFFIX => Some("is too long"),
                "name" if text.len() > MAX_NAME => Some("is too long"),
                "fileInput" if !is_url(text) => Some("is not an s3:// or https:// URL"),
                _ => None,
            };
            fault.map(|fault| format!("{path}: {text:?} {fault}"))
        }
        Value::Null | Value::Bool(_) => None,
    }
}

fn is_url(text: &str) -> bool {
    ["s3://", "http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_out_of_bounds_is_named_by_its_path() {
        let check = |request: Value, expected: Option<&str>| {
            let found = find_out_of_bounds(&request);
            assert_eq!(found.as_deref(), expected, "{request}");
        };
        let input = |input: Value| json!({ "settings": { "inputs": [input] } });
        check(input(json!({ "fileInput": "s3://uploads/film.mp4" })), None);
        check(
            input(json!({ "fileInput": "film.mp4" })),
            Some("/settings/inputs/0/fileInput: \"film.mp4\" is not an s3:// or https:// URL"),
        );
        check(
            input(json!({ "tracks": [1, 0] })),
            Some("/settings/inputs/0/tracks/1: 0 is not from 1 to 2147483647"),
        );
        check(json!({ "segmentLength": 0 }), Some("/segmentLength: 0 is not from 1 to 2147483647"));
        check(json!({ "gopSize": 2.5, "inputChannels": [-60] }), None);
        check(
            json!({ "crop": { "x": 2_147_483_648_u64 } }),
            Some("/crop/x: 2147483648 is not from -2147483648 to 2147483647"),
        );
        check(json!({ "nameModifier": "" }), Some("/nameModifier: \"\" is empty"));
        assert!(find_out_of_bounds(&json!({ "extension": "x".repeat(257) })).is_some());
        assert!(find_out_of_bounds(&json!({ "name": "x".repeat(2049) })).is_some());
    }
}

//! Lambda trigger of Cognito that gives access tokens the scopes of their user's groups, and a name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::{ConfigError, Variables};

/// The group of users of another identity provider, which no administrator has added to a group.
const VIEWERS: &str = "viewer";

/// Gives access tokens the scopes of their user's groups, and the user's name.
#[derive(Clone, Debug)]
pub struct ScopeToken {
    /// The scopes of each group.
    scopes: BTreeMap<String, Vec<String>>,
}

impl ScopeToken {
    pub fn new(variables: &Variables) -> Result<Self, ConfigError> {
        let name = "GROUP_SCOPES";
        let scopes = serde_json::from_str(variables.required(name)?)
            .map_err(|error| ConfigError::Invalid { name, reason: error.to_string() })?;
        Ok(Self { scopes })
    }

    /// Handles a "pre token generation" event, version 2: adds the scopes of the user's groups, and
    /// the claim `name`.
    ///
    /// The scopes of all other groups are suppressed. Otherwise, Cognito grants a scope to every user
    /// who requests it through an app client that allows the scope.
    /// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html>
    pub fn handle(&self, mut event: Value) -> Value {
        let groups = &event["request"]["groupConfiguration"]["groupsToOverride"];
        let groups = groups.as_array().into_iter().flatten().filter_map(Value::as_str);
        let of_provider = is_of_provider(&event).then_some(VIEWERS);
        let groups: Vec<&str> = groups.chain(of_provider).collect();
        let (own, others): (Vec<_>, Vec<_>) =
            self.scopes.iter().partition(|(group, _)| groups.contains(&group.as_str()));
        let added: Vec<&String> = own.into_iter().flat_map(|(_, scopes)| scopes).collect();
        let suppressed: Vec<&String> = others
            .into_iter()
            .flat_map(|(_, scopes)| scopes)
            .filter(|scope| !added.contains(scope))
            .collect();
        let mut changes = json!({ "scopesToAdd": added, "scopesToSuppress": suppressed });
        if let Some(name) = find_name(&event["request"]["userAttributes"]) {
            changes["claimsToAddOrOverride"] = json!({ "name": name });
        }
        event["response"]["claimsAndScopeOverrideDetails"] =
            json!({ "accessTokenGeneration": changes });
        event
    }
}

/// Whether the user has signed in at an identity provider outside of Cognito.
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html>
fn is_of_provider(event: &Value) -> bool {
    event["request"]["userAttributes"]["cognito:user_status"] == "EXTERNAL_PROVIDER"
}

/// The name under which other operators see a user: the attribute `name`, or the part of the e-mail
/// address before the `@`. The claim `username` is no name, because people sign in by e-mail and
/// Cognito then chooses a UUID.
fn find_name(attributes: &Value) -> Option<&str> {
    let attribute = |name: &str| attributes[name].as_str().filter(|text| !text.is_empty());
    attribute("name").or_else(|| attribute("email")?.split('@').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_scopes(groups: &Value, added: &[&str], suppressed: &[&str]) {
        let scopes = r#"{"operator":["m/write"],"viewer":["m/read"]}"#;
        let variables: Variables = [("GROUP_SCOPES", scopes)].into_iter().collect();
        let event = json!({
            "version": "2",
            "request": { "groupConfiguration": groups, "scopes": ["m/write"] },
            "response": { "claimsAndScopeOverrideDetails": null },
        });
        let answer = ScopeToken::new(&variables).unwrap().handle(event);
        let changes = &answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"];
        assert_eq!(changes["scopesToAdd"], json!(added));
        assert_eq!(changes["scopesToSuppress"], json!(suppressed));
        assert_eq!(answer["version"], "2", "the response contains the event");
    }

    #[test]
    fn a_token_has_only_the_scopes_of_its_users_groups() {
        check_scopes(&json!({ "groupsToOverride": ["operator"] }), &["m/write"], &["m/read"]);
        check_scopes(&json!({ "groupsToOverride": ["viewer"] }), &["m/read"], &["m/write"]);
        check_scopes(&json!({ "groupsToOverride": [] }), &[], &["m/write", "m/read"]);
        check_scopes(&json!({}), &[], &["m/write", "m/read"]);
        let both = json!({ "groupsToOverride": ["viewer", "operator", "other"] });
        check_scopes(&both, &["m/write", "m/read"], &[]);
    }

    #[test]
    fn a_user_of_another_identity_provider_is_a_viewer() {
        let scopes = r#"{"operator":["m/write"],"viewer":["m/read"]}"#;
        let variables: Variables = [("GROUP_SCOPES", scopes)].into_iter().collect();
        let check = |status: &str, added: &[&str]| {
            let event = json!({ "request": {
                "userAttributes": { "cognito:user_status": status },
                "groupConfiguration": { "groupsToOverride": ["eu-central-1_a_members"] },
            } });
            let answer = ScopeToken::new(&variables).unwrap().handle(event);
            let changes = &answer["response"]["claimsAndScopeOverrideDetails"];
            assert_eq!(changes["accessTokenGeneration"]["scopesToAdd"], json!(added), "{status}");
        };
        check("EXTERNAL_PROVIDER", &["m/read"]);
        check("CONFIRMED", &[]);
    }

    #[track_caller]
    fn check_name(attributes: &Value, expected: &Value) {
        let variables: Variables = [("GROUP_SCOPES", "{}")].into_iter().collect();
        let event = json!({ "request": { "userAttributes": attributes }, "response": {} });
        let answer = ScopeToken::new(&variables).unwrap().handle(event);
        let changes = &answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"];
        assert_eq!(&changes["claimsToAddOrOverride"], expected);
    }

    #[test]
    fn a_token_has_the_name_of_its_user() {
        let email = "anna@example.com";
        check_name(&json!({ "name": "Anna", "email": email }), &json!({ "name": "Anna" }));
        check_name(&json!({ "email": email }), &json!({ "name": "anna" }));
        check_name(&json!({ "name": "", "email": email }), &json!({ "name": "anna" }));
        check_name(&json!({ "sub": "1f0c" }), &Value::Null);
    }
}

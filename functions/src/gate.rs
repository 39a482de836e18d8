//! What API Gateway and Cognito leave to us: the scopes of a token, and the answer to a request
//! that has no route.

use std::collections::BTreeMap;

use ::http::header::ALLOW;
use ::http::{HeaderValue, Method};
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use serde_json::{Value, json};

use crate::config::{ConfigError, Variables};
use crate::http::{self, Problem, ProblemKind, Reply, Request};

/// Gives access tokens the scopes of their users' groups.
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

    /// Answers a "pre token generation" event, version 2, with what the token should say.
    ///
    /// Scopes of other groups are taken away: Cognito gives them to whoever asks for them through
    /// a client that may have them.
    /// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html>
    pub fn handle(&self, mut event: Value) -> Value {
        let groups = &event["request"]["groupConfiguration"]["groupsToOverride"];
        let groups: Vec<&str> =
            groups.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let (of_groups, others): (Vec<_>, Vec<_>) =
            self.scopes.iter().partition(|(group, _)| groups.contains(&group.as_str()));
        let given: Vec<&String> = of_groups.into_iter().flat_map(|(_, scopes)| scopes).collect();
        let taken: Vec<&String> = others
            .into_iter()
            .flat_map(|(_, scopes)| scopes)
            .filter(|scope| !given.contains(scope))
            .collect();
        let changes = json!({ "scopesToAdd": given, "scopesToSuppress": taken });
        event["response"]["claimsAndScopeOverrideDetails"] =
            json!({ "accessTokenGeneration": changes });
        event
    }
}

/// Answers requests that the contract does not foresee.
#[derive(Clone, Debug)]
pub struct RefuseRequest {
    /// The methods of each path of the contract, as `Allow` has them.
    methods: BTreeMap<String, String>,
}

impl RefuseRequest {
    pub fn new(variables: &Variables) -> Result<Self, ConfigError> {
        let name = "CONTRACT_METHODS";
        let methods = serde_json::from_str(variables.required(name)?)
            .map_err(|error| ConfigError::Invalid { name, reason: error.to_string() })?;
        Ok(Self { methods })
    }

    /// Says that there is no such path, or that the path takes other methods.
    ///
    /// A browser's question whether it may send a request comes here too, for API Gateway answers
    /// it only where no route takes any method; the headers of the answer are API Gateway's.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>
    pub fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let path = event.raw_path.clone().unwrap_or_default();
        let is_preflight = event.request_context.http.method == Method::OPTIONS;
        let route = event.route_key.clone().unwrap_or_default();
        let allowed = route.strip_prefix("ANY ").and_then(|template| self.methods.get(template));
        let request = Request::from(event);
        if is_preflight {
            return http::respond(&request, Ok(Reply::json(200, json!({}))));
        }
        let Some(allowed) = allowed else {
            let problem = Problem::new(ProblemKind::NotFound, format!("There is no route {path}."));
            return http::respond(&request, Err(problem));
        };
        let detail = format!("This path takes {allowed}.");
        let problem = Problem::new(ProblemKind::MethodNotAllowed, detail);
        let mut response = http::respond(&request, Err(problem));
        if let Ok(allowed) = HeaderValue::from_str(allowed) {
            response.headers.insert(ALLOW, allowed);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_scopes(groups: &Value, added: &[&str], suppressed: &[&str]) {
        let groups_of = r#"{"operator":["m/write"],"viewer":["m/read"]}"#;
        let variables: Variables = [("GROUP_SCOPES", groups_of)].into_iter().collect();
        let event = json!({
            "version": "2",
            "request": { "groupConfiguration": groups, "scopes": ["m/write"] },
            "response": { "claimsAndScopeOverrideDetails": null },
        });
        let answer = ScopeToken::new(&variables).unwrap().handle(event);
        let changes = &answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"];
        assert_eq!(changes["scopesToAdd"], json!(added));
        assert_eq!(changes["scopesToSuppress"], json!(suppressed));
        assert_eq!(answer["version"], "2", "the event is sent back");
    }

    #[test]
    fn a_token_has_the_scopes_of_its_users_groups_and_no_others() {
        check_scopes(&json!({ "groupsToOverride": ["operator"] }), &["m/write"], &["m/read"]);
        check_scopes(&json!({ "groupsToOverride": ["viewer"] }), &["m/read"], &["m/write"]);
        check_scopes(&json!({ "groupsToOverride": [] }), &[], &["m/write", "m/read"]);
        check_scopes(&json!({}), &[], &["m/write", "m/read"]);
        let both = json!({ "groupsToOverride": ["viewer", "operator", "other"] });
        check_scopes(&both, &["m/write", "m/read"], &[]);
    }

    #[track_caller]
    fn check_refusal(method: &str, route: &str, status: i64, allow: Option<&str>) {
        let methods = r#"{"/api/clip":"POST"}"#;
        let variables: Variables = [("CONTRACT_METHODS", methods)].into_iter().collect();
        let event = serde_json::from_value(json!({
            "routeKey": route,
            "rawPath": "/api/clip",
            "requestContext": { "http": { "method": method } },
        }));
        let response = RefuseRequest::new(&variables).unwrap().handle(event.unwrap());
        assert_eq!(response.status_code, status);
        assert_eq!(response.headers.get(ALLOW).map(|it| it.to_str().unwrap()), allow);
    }

    #[test]
    fn what_has_no_route_is_refused_with_what_there_is() {
        check_refusal("GET", "ANY /api/clip", 405, Some("POST"));
        check_refusal("GET", "$default", 404, None);
        check_refusal("OPTIONS", "ANY /api/clip", 200, None);
        check_refusal("OPTIONS", "$default", 200, None);
    }
}

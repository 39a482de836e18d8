//! Lambda `refuse-request`: answers requests without a route.

use std::collections::BTreeMap;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use http::header::ALLOW;
use http::{HeaderValue, Method};
use serde_json::json;

use super::{Problem, ProblemKind, Reply, Request, respond};
use crate::config::{ConfigError, Variables};

/// Answers requests that the contract does not contain.
#[derive(Clone, Debug)]
pub struct RefuseRequest {
    /// The methods of each path of the contract, as the value of `Allow`.
    methods: BTreeMap<String, String>,
}

impl RefuseRequest {
    pub fn new(variables: &Variables) -> Result<Self, ConfigError> {
        let name = "CONTRACT_METHODS";
        let methods = serde_json::from_str(variables.required(name)?)
            .map_err(|error| ConfigError::Invalid { name, reason: error.to_string() })?;
        Ok(Self { methods })
    }

    /// Answers 404 for an unknown path and 405 for another method of a known path.
    ///
    /// Preflight requests also arrive here. API Gateway answers them itself only if no route accepts
    /// every method. It adds the CORS headers to this reply.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>
    pub fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let path = event.raw_path.clone().unwrap_or_default();
        let is_preflight = event.request_context.http.method == Method::OPTIONS;
        let route = event.route_key.clone().unwrap_or_default();
        let allowed = route.strip_prefix("ANY ").and_then(|template| self.methods.get(template));
        let request = Request::from(event);
        if is_preflight {
            return respond(&request, Ok(Reply::json(200, &json!({}))));
        }
        let Some(allowed) = allowed else {
            let problem = Problem::new(ProblemKind::NotFound, format!("There is no path {path}."));
            return respond(&request, Err(problem));
        };
        let detail = format!("This path allows {allowed}.");
        let problem = Problem::new(ProblemKind::MethodNotAllowed, detail);
        let mut response = respond(&request, Err(problem));
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
    fn a_request_without_a_route_is_answered_404_or_405_with_allow() {
        check_refusal("GET", "ANY /api/clip", 405, Some("POST"));
        check_refusal("GET", "$default", 404, None);
        check_refusal("OPTIONS", "ANY /api/clip", 200, None);
        check_refusal("OPTIONS", "$default", 200, None);
    }
}

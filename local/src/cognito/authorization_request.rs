//! The requests of the authorize and login endpoints, checked.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use url::Url;

use super::client::{Client, is_known_client};
use super::parameters::{OAuthError, Parameters};

/// A valid authorization request.
#[derive(Debug)]
pub(super) struct AuthorizationRequest {
    redirect: Redirect,
    /// The PKCE challenge: the SHA-256 digest of the client's verifier.
    pub(super) challenge: Vec<u8>,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    /// Whether the login page must be shown, although the user is signed in.
    pub(super) needs_login: bool,
    /// The name that the login page proposes.
    pub(super) login_hint: Option<String>,
}

/// Where the reply to a request goes.
#[derive(Debug)]
struct Redirect {
    uri: String,
    state: Option<String>,
}

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The redirect URI cannot be trusted, so the user reads the reason.
    Page(&'static str),
    /// The client reads the reason in the query of its redirect URI.
    Redirect(String),
}

impl AuthorizationRequest {
    /// Parses the query of a request.
    /// <https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>
    pub(super) fn parse(query: &str, client: &Client) -> Result<Self, Refusal> {
        let parameters =
            Parameters::parse(query).map_err(|error| Refusal::Page(error.description))?;
        if !is_known_client(parameters.get("client_id")) {
            return Err(Refusal::Page("The client_id is missing or unknown."));
        }
        let uri = parameters.get("redirect_uri").filter(|uri| client.allows_redirect(uri));
        let Some(uri) = uri.map(str::to_owned) else {
            return Err(Refusal::Page("The redirect_uri is missing or not registered."));
        };
        let redirect = Redirect { uri, state: parameters.get("state").map(str::to_owned) };
        match parse_rest(&parameters, client) {
            Ok((challenge, scope)) => Ok(Self {
                redirect,
                challenge,
                scope,
                nonce: parameters.get("nonce").map(str::to_owned),
                needs_login: matches!(parameters.get("prompt"), Some("login" | "select_account")),
                login_hint: parameters.get("login_hint").map(str::to_owned),
            }),
            Err(error) => {
                let reason = [("error", error.code), ("error_description", error.description)];
                Err(Refusal::Redirect(redirect.to_url(&reason)))
            }
        }
    }

    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect.uri
    }

    /// The URL that brings a code to the client.
    pub(super) fn redirect_with_code(&self, code: &str) -> String {
        self.redirect.to_url(&[("code", code)])
    }
}

impl Redirect {
    fn to_url(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = Url::parse(&self.uri).expect("registered redirect URIs are URLs");
        let state = self.state.as_deref().map(|state| ("state", state));
        url.query_pairs_mut().extend_pairs(parameters.iter().copied().chain(state));
        url.into()
    }
}

/// Parses the PKCE challenge and the scope.
fn parse_rest(parameters: &Parameters, client: &Client) -> Result<(Vec<u8>, String), OAuthError> {
    if parameters.required("response_type", "The response_type is missing.")? != "code" {
        let description = "The response_type must be code.";
        return Err(OAuthError { code: "unsupported_response_type", description });
    }
    let challenge = parameters.required("code_challenge", "The code_challenge is missing.")?;
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(OAuthError::invalid_request("The code_challenge_method must be S256."));
    }
    let challenge = BASE64_URL_SAFE_NO_PAD.decode(challenge).ok().filter(|it| it.len() == 32);
    let challenge = challenge.ok_or(OAuthError::invalid_request(
        "The code_challenge must be a SHA-256 digest in base64url without padding.",
    ))?;
    let Some(scope) = parameters.get("scope") else {
        return Ok((challenge, client.scopes.join(" ")));
    };
    if !scope.split(' ').all(|scope| client.scopes.iter().any(|allowed| allowed == scope)) {
        let description = "The client may not ask for one of the scopes.";
        return Err(OAuthError { code: "invalid_scope", description });
    }
    Ok((challenge, scope.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn parse(change: &str, to: &str) -> Result<AuthorizationRequest, Refusal> {
        let query = format!(
            "response_type=code&client_id=local&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fconsole\
             &state=a%26b&scope=openid+m%2Fwrite&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&nonce=n"
        );
        assert!(query.contains(change), "{change}");
        let scopes = ["openid", "m/write", "m/read"].map(str::to_owned);
        let client = Client::new("http://127.0.0.1:8080", scopes.to_vec());
        AuthorizationRequest::parse(&query.replacen(change, to, 1), &client)
    }

    #[test]
    fn a_valid_request_is_answered_at_its_redirect_uri() {
        let request = parse("", "").unwrap();
        assert_eq!(request.scope, "openid m/write");
        assert_eq!(request.nonce.as_deref(), Some("n"));
        assert!(!request.needs_login);
        assert_eq!(
            request.redirect_with_code("c d"),
            "http://127.0.0.1:8080/console?code=c+d&state=a%26b"
        );
        assert!(parse("&nonce=n", "&prompt=login").unwrap().needs_login);
        assert_eq!(parse("&scope=openid+m%2Fwrite", "").unwrap().scope, "openid m/write m/read");
    }

    #[test]
    fn a_request_without_a_trusted_redirect_uri_is_not_redirected() {
        let check = |change: &str, to: &str| {
            let refusal = parse(change, to).unwrap_err();
            assert!(matches!(refusal, Refusal::Page(_)), "{change} {to}: {refusal:?}");
        };
        check("client_id=local", "client_id=other");
        check("client_id=local", "");
        check("%2Fconsole", "%2Fconsole%2F");
        check("127.0.0.1%3A8080", "evil.example");
        check("redirect_uri=", "other=");
        // The second of two values must not be checked by one reader and used by another.
        check("&state=", "&redirect_uri=http%3A%2F%2Fevil.example&state=");
        check("&state=", "&client_id=local&state=");
    }

    #[test]
    fn other_errors_are_told_to_the_client() {
        let check = |change: &str, to: &str, expected: &str| {
            let Refusal::Redirect(url) = parse(change, to).unwrap_err() else {
                panic!("{change} {to} is not redirected")
            };
            let beginning = format!("http://127.0.0.1:8080/console?error={expected}&error_desc");
            assert!(url.starts_with(&beginning), "{change} {to}: {url}");
            assert!(url.ends_with("&state=a%26b"), "{url}");
        };
        check("response_type=code", "response_type=token", "unsupported_response_type");
        check("response_type=code", "", "invalid_request");
        check("S256", "plain", "invalid_request");
        check("&code_challenge_method=S256", "", "invalid_request");
        check(CHALLENGE, "", "invalid_request");
        check(CHALLENGE, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw", "invalid_request");
        check("m%2Fwrite", "m%2Fadmin", "invalid_scope");
    }
}

//! The login page: plain HTML without a script.

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

const STYLE: &str = "\
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 22rem; margin: 15vh auto; padding: 0 1rem }
form { display: flex; gap: .5rem; align-items: end; margin: .75rem 0 }
label { flex: 1 }
input, button { font: inherit; padding: .5rem .75rem; box-sizing: border-box; width: 100% }
form > button:not(:only-of-type), label + button { width: auto }
";

/// The page on which a user chooses who to sign in as. `query` is that of the request.
pub(super) fn login_page(
    query: &str,
    hint: Option<&str>,
    problem: &str,
    origins: &[String],
) -> Response {
    let action = escape_html(&format!("/login?{query}"));
    let button = |name: &str, label: &str| {
        format!(
            "<form method=\"post\" action=\"{action}\">\
             <input type=\"hidden\" name=\"group\" value=\"{name}\">\
             <input type=\"hidden\" name=\"username\" value=\"{name}\">\
             <button>{label}</button></form>"
        )
    };
    let body = format!(
        "<h1>Sign in</h1>\
         <p>This stand-in asks for no password.</p>\
         {}{}\
         <form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"group\" value=\"operator\">\
         <label>An operator named \
         <input name=\"username\" required maxlength=\"128\" autocomplete=\"username\" value=\"{}\"></label>\
         <button>Sign in</button></form>\
         <p role=\"alert\">{}</p>",
        button("operator", "Sign in as operator"),
        button("viewer", "Sign in as viewer"),
        escape_html(hint.unwrap_or_default()),
        escape_html(problem),
    );
    page(StatusCode::OK, "Sign in", &body, origins)
}

/// The page of a request that must not be redirected.
pub(super) fn refusal_page(reason: &str) -> Response {
    let body = format!(
        "<h1>Could not sign in</h1><p>{}</p><p><a href=\"/console\">Open the console</a></p>",
        escape_html(reason)
    );
    page(StatusCode::BAD_REQUEST, "Could not sign in", &body, &[])
}

/// `origins` are those that a form may lead to, by a redirect.
fn page(status: StatusCode, title: &str, body: &str, origins: &[String]) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style><main>{body}</main></html>"
    );
    let style = BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self' {}; base-uri 'none'; \
         frame-ancestors 'none'",
        origins.join(" ")
    );
    let headers: [(HeaderName, &str); 4] = [
        (CONTENT_SECURITY_POLICY, &policy),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

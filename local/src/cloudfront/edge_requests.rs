//! What the distribution changes in requests for the API, as its CloudFront functions do.

use axum::extract::Request;
use axum::http::Uri;
use axum::middleware::Next;
use axum::response::Response;
use url::form_urlencoded::{Serializer, parse};

/// The parameters of a list, sorted.
const LIST_PARAMETERS: [&str; 6] = ["cursor", "from", "limit", "order", "tag", "to"];

/// Parameters that mean the same as none.
const DEFAULTS: [(&str, &str); 2] = [("limit", "50"), ("order", "newest")];

/// Gives requests for the same list the same query, as `canonical-list.js` of the deployment does.
/// Other requests stay as they are.
pub(crate) async fn canonicalize(mut request: Request, next: Next) -> Response {
    if is_list(request.uri().path()) {
        let query = canonical_query(request.uri().query().unwrap_or_default());
        let path = request.uri().path();
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        if let Ok(uri) = target.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    next.run(request).await
}

fn is_list(path: &str) -> bool {
    let competition = path.strip_prefix("/api/competitions/");
    let competition = competition.and_then(|rest| rest.strip_suffix("/clips"));
    competition.is_some_and(|competition| !competition.contains('/'))
}

/// The known parameters of a query, each once, sorted by name, and without those that mean nothing.
fn canonical_query(query: &str) -> String {
    let given: Vec<_> = parse(query.as_bytes()).collect();
    let mut canonical = Serializer::new(String::new());
    for name in LIST_PARAMETERS {
        let Some((_, value)) = given.iter().find(|(it, _)| it == name) else { continue };
        if !DEFAULTS.contains(&(name, value)) {
            canonical.append_pair(name, value);
        }
    }
    canonical.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_list_has_one_query() {
        let check = |query, expected| assert_eq!(canonical_query(query), expected, "{query}");
        check("", "");
        check("order=newest&limit=50", "");
        check("tag=final&limit=10&cursor=abc", "cursor=abc&limit=10&tag=final");
        check("utm_source=x&tag=final&_=17", "tag=final");
        check("tag=a&tag=b", "tag=a");
        check("from=2020-02-03T13:00:00%2B01:00", "from=2020-02-03T13%3A00%3A00%2B01%3A00");
        check("tag=", "tag=");
        assert!(is_list("/api/competitions/demo/clips"));
        assert!(!is_list("/api/competitions/demo/clips/x"));
        assert!(!is_list("/api/competitions/a/b/clips"));
    }
}

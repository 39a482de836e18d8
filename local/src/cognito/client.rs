//! The app client: where a sign-in may lead, and the scopes that it may ask for.

use crate::account::CLIENT;

/// The paths of the pages that a sign-in and a sign-out may lead to.
const PAGES: [&str; 2] = ["/console", "/w"];

/// Where `npm run dev` in `console/` shows the pages while they are changed.
const DEVELOPMENT_ORIGIN: &str = "http://localhost:5173";

/// The app client of the console and the viewer's pages. It has no secret.
#[derive(Debug)]
pub(super) struct Client {
    /// The origins of the pages.
    pub(super) origins: Vec<String>,
    /// The scopes that the client may ask for.
    pub(super) scopes: Vec<String>,
}

impl Client {
    /// The client of a stand-in at the URL `issuer`.
    pub(super) fn new(issuer: &str, scopes: Vec<String>) -> Self {
        Self { origins: vec![issuer.to_owned(), DEVELOPMENT_ORIGIN.to_owned()], scopes }
    }

    /// Whether a sign-in or a sign-out may lead to a URL. Only equal URLs match.
    pub(super) fn allows_redirect(&self, url: &str) -> bool {
        let pages =
            self.origins.iter().flat_map(|origin| PAGES.map(|page| format!("{origin}{page}")));
        pages.into_iter().any(|allowed| allowed == url)
    }
}

/// Whether a request has the id of the client. There is only one.
pub(super) fn is_known_client(id: Option<&str>) -> bool {
    id == Some(CLIENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_to_the_registered_pages_only() {
        let client = Client::new("http://127.0.0.1:8080", Vec::new());
        let check =
            |url: &str, expected| assert_eq!(client.allows_redirect(url), expected, "{url}");
        check("http://127.0.0.1:8080/console", true);
        check("http://127.0.0.1:8080/w", true);
        check("http://localhost:5173/console", true);
        for url in [
            "http://127.0.0.1:8080/console/",
            "http://127.0.0.1:8080/console?next=/",
            "http://127.0.0.1:8080/console#here",
            "http://127.0.0.1:8080/console/../login",
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080@evil.example/console",
            "http://127.0.0.1:80800/console",
            "https://127.0.0.1:8080/console",
            "HTTP://127.0.0.1:8080/console",
            "//evil.example/console",
            "http://localhost:8080/console",
            "/console",
            "javascript:alert(1)",
            "",
        ] {
            check(url, false);
        }
    }
}

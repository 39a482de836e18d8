//! The headers of pages and files, read from `console/headers.json` like those of a deployment.

use std::collections::BTreeMap;

use axum::http::header::{CACHE_CONTROL, HeaderName};
use axum::http::{HeaderMap, HeaderValue};
use serde::Deserialize;

/// The file that the CDK app reads too, so that the tested policy is the deployed one.
const FILE: &str = include_str!("../../../console/headers.json");

/// `console/headers.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SiteHeaders {
    /// The file of each page, by the beginning of its path.
    pub(super) pages: BTreeMap<String, String>,
    cache_control: CacheControl,
    /// The files under `assets/` without a hash in their names.
    entries: Vec<String>,
    site: BTreeMap<String, Template>,
    embed: BTreeMap<String, Template>,
}

#[derive(Debug, Deserialize)]
struct CacheControl {
    hashed: String,
    other: String,
}

/// The value of a header, with placeholders for origins.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Template {
    Text(String),
    /// The directives of a policy.
    Directives(Vec<String>),
}

impl SiteHeaders {
    pub(super) fn read() -> Self {
        serde_json::from_str(FILE).expect("the unit test reads the same file")
    }

    /// The headers of the console, of the viewer's pages and of all files.
    pub(super) fn of_site(&self, login: &str, uploads: &str) -> HeaderMap {
        fill(&self.site, &[("{login}", login), ("{uploads}", uploads)])
    }

    /// The headers of the embedded player. `embed` are the origins that may embed it.
    pub(super) fn of_embed(&self, embed: &[String]) -> HeaderMap {
        fill(&self.embed, &[("{embed}", &embed.join(" "))])
    }

    /// `Cache-Control` of a file of the console's folder.
    pub(super) fn cache_control(&self, file: &str) -> (HeaderName, HeaderValue) {
        let is_hashed =
            file.starts_with("assets/") && !self.entries.iter().any(|entry| entry == file);
        let CacheControl { hashed, other } = &self.cache_control;
        let value = if is_hashed { hashed } else { other };
        (CACHE_CONTROL, HeaderValue::from_str(value).expect("the unit test checks the values"))
    }
}

/// Replaces the placeholders. A placeholder without origins leaves no second space.
fn fill(templates: &BTreeMap<String, Template>, origins: &[(&str, &str)]) -> HeaderMap {
    let header = |(name, template): (&String, &Template)| {
        let mut text = match template {
            Template::Text(text) => text.clone(),
            Template::Directives(directives) => directives.join("; "),
        };
        for (placeholder, origins) in origins {
            let (before, after) = if origins.is_empty() { (" ", "") } else { ("", *origins) };
            text = text.replace(&format!("{before}{placeholder}"), after);
        }
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(&text).ok()?))
    };
    templates.iter().filter_map(header).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(headers: &HeaderMap) -> &str {
        headers["content-security-policy"].to_str().unwrap()
    }

    #[test]
    fn every_header_of_the_file_is_sent_without_placeholders() {
        let all = SiteHeaders::read();
        let site = all.of_site("https://login.example", "https://uploads.example");
        let embed = all.of_embed(&["https://a.example".to_owned(), "https://b.example".to_owned()]);
        assert_eq!((site.len(), embed.len()), (all.site.len(), all.embed.len()));
        for value in site.values().chain(embed.values()) {
            assert!(!value.to_str().unwrap().contains(['{', '}']), "{value:?}");
        }
        let connect = "connect-src 'self' https://login.example https://uploads.example;";
        assert!(policy(&site).contains(connect), "{site:?}");
        assert!(policy(&site).contains("frame-ancestors 'none'"), "{site:?}");
        let ancestors = "frame-ancestors 'self' https://a.example https://b.example;";
        assert!(policy(&embed).contains(ancestors), "{embed:?}");
        assert!(!embed.contains_key("x-frame-options"), "an old header must not forbid the frame");
        assert!(policy(&all.of_embed(&[])).contains("frame-ancestors 'self';"));
        let same = all.of_site("https://one.example", "");
        assert!(policy(&same).contains("connect-src 'self' https://one.example;"), "{same:?}");
    }

    #[test]
    fn policies_allow_no_inline_code() {
        let all = SiteHeaders::read();
        for headers in [all.of_site("", ""), all.of_embed(&[])] {
            let policy = policy(&headers);
            assert!(!policy.contains("unsafe"), "{policy}");
            for directive in
                ["default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'"]
            {
                assert!(policy.split("; ").any(|it| it == directive), "{directive}: {policy}");
            }
        }
    }

    #[test]
    fn files_with_a_hash_in_their_name_are_cached_for_a_year_and_all_others_for_a_minute() {
        let all = SiteHeaders::read();
        let check = |file, expected| assert_eq!(all.cache_control(file).1, expected, "{file}");
        check("assets/hls-5f3a9c01.js", "public, max-age=31536000, immutable");
        check("assets/console.js", "public, max-age=60");
        check("assets/watch.css", "public, max-age=60");
        check("console.html", "public, max-age=60");
        check("config.json", "public, max-age=60");
    }
}

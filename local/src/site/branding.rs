//! The branding file: its check at the start, its pictures, and the origins that may embed clips.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;

/// The schema that the console's own tests use too.
const SCHEMA: &str = include_str!("../../../console/public/branding.schema.json");

/// Where the branding file is. It is read at each request, so a change needs no restart.
#[derive(Debug)]
pub(crate) struct Branding {
    file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum BrandingError {
    #[error("could not read branding file {}", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("branding file {} is not valid JSON", .path.display())]
    Json {
        path: PathBuf,
        #[source]
        source: serde_json::Error,
    },
    #[error("branding file {}: {field}: {reason}; docs/branding.md describes each field", .path.display())]
    Field { path: PathBuf, field: String, reason: String },
    #[error("branding file {} names the picture {name}, which is not in the same folder", .path.display())]
    MissingPicture { path: PathBuf, name: String },
}

impl Branding {
    /// Checks the branding file of the options. Without one, the file that was built with the console
    /// in `folder` is used, which the console's tests have checked.
    pub(crate) fn open(file: Option<PathBuf>, folder: &Path) -> Result<Self, BrandingError> {
        let Some(path) = file else { return Ok(Self { file: folder.join("branding.json") }) };
        let text =
            fs::read(&path).map_err(|source| BrandingError::Read { path: path.clone(), source })?;
        let value = serde_json::from_slice(&text)
            .map_err(|source| BrandingError::Json { path: path.clone(), source })?;
        check(&value).map_err(|(field, reason)| BrandingError::Field {
            path: path.clone(),
            field,
            reason,
        })?;
        let branding = Self { file: path };
        for name in list_pictures(&value) {
            if !branding.folder().join(&name).is_file() {
                return Err(BrandingError::MissingPicture { path: branding.file, name });
            }
        }
        Ok(branding)
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// The file of a picture, if the branding file names it.
    pub(super) fn picture(&self, name: &str) -> Option<PathBuf> {
        let names = list_pictures(&self.read()?);
        names.iter().any(|it| it == name).then(|| self.folder().join(name))
    }

    /// The name of the site.
    pub(crate) fn name(&self) -> Option<String> {
        Some(self.read()?["name"].as_str()?.to_owned())
    }

    /// The origins whose pages may embed clips, besides this one. `*` is any page.
    pub(super) fn embed_origins(&self) -> Vec<String> {
        // A broken file must not open the frame to more pages than the right one would.
        let Some(branding) = self.read().filter(|it| check(it).is_ok()) else { return Vec::new() };
        match branding["embed"].as_array() {
            Some(origins) => origins.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => vec!["*".to_owned()],
        }
    }

    fn read(&self) -> Option<Value> {
        serde_json::from_slice(&fs::read(&self.file).ok()?).ok()
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }
}

/// Checks a branding file against the schema. Returns the first wrong field, and why it is wrong.
fn check(branding: &Value) -> Result<(), (String, String)> {
    let schema = serde_json::from_str(SCHEMA).expect("the unit test reads the same schema");
    let validator = jsonschema::validator_for(&schema).expect("the unit test uses the same schema");
    let Some(error) = validator.iter_errors(branding).next() else { return Ok(()) };
    let field = error.instance_path().to_string();
    let field = if field.is_empty() { "the whole file".to_owned() } else { field };
    Err((field, error.to_string()))
}

/// The pictures that are files.
fn list_pictures(branding: &Value) -> Vec<String> {
    let logo = &branding["logo"];
    let pictures = [&logo["light"], &logo["dark"], &branding["icon"]];
    let names = pictures.into_iter().filter_map(Value::as_str);
    names.filter(|name| !name.starts_with("data:")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> (tempfile::TempDir, Result<Branding, BrandingError>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.json");
        fs::write(&file, text).unwrap();
        fs::write(folder.path().join("logo.svg"), "<svg/>").unwrap();
        fs::write(folder.path().join("secret.svg"), "<svg/>").unwrap();
        let branding = Branding::open(Some(file), Path::new("nowhere"));
        (folder, branding)
    }

    #[test]
    fn a_wrong_branding_file_is_refused_with_its_field() {
        let check = |text: &str, expected: &str| {
            let error = open(text).1.unwrap_err();
            let message = matchcut::error::chain(&error);
            assert!(message.contains(expected), "{message}");
        };
        check("{", "own.json is not valid JSON: EOF");
        check(r#"{"colors":{"accent":"red"}}"#, "own.json: /colors/accent: \"red\" does not match");
        check(r#"{"slogan":"Games"}"#, "own.json: the whole file: ");
        check(r#"{"slogan":"Games"}"#, "'slogan'");
        check(r#"{"embed":["https://a.example; script-src *"]}"#, "own.json: /embed/0: ");
        check(r#"{"logo":{"light":"../logo.svg"}}"#, "own.json: /logo/light: ");
        check(r#"{"icon":"none.svg"}"#, "names the picture none.svg, which is not in the same");
        let missing = Branding::open(Some("nothing.json".into()), Path::new("nowhere"));
        let message = matchcut::error::chain(&missing.unwrap_err());
        assert!(
            message.contains("could not read branding file nothing.json: No such"),
            "{message}"
        );
    }

    #[test]
    fn only_the_pictures_that_the_file_names_are_served() {
        let (folder, branding) = open(r#"{"logo":{"light":"logo.svg"}}"#);
        let branding = branding.unwrap();
        assert_eq!(branding.picture("logo.svg"), Some(folder.path().join("logo.svg")));
        assert_eq!(branding.picture("secret.svg"), None);
        assert_eq!(branding.picture("own.json"), None);
    }

    #[test]
    fn the_file_says_who_may_embed_clips() {
        let check = |text: &str, expected: &[&str]| {
            assert_eq!(open(text).1.unwrap().embed_origins(), expected, "{text}");
        };
        check("{}", &["*"]);
        check(r#"{"embed":[]}"#, &[]);
        check(
            r#"{"embed":["https://a.example","https://*.b.example"]}"#,
            &["https://a.example", "https://*.b.example"],
        );
        let (_folder, branding) = open("{}");
        let branding = branding.unwrap();
        fs::write(branding.file(), r#"{"embed":["https://a.example; x"]}"#).unwrap();
        assert!(branding.embed_origins().is_empty(), "a file that was broken later is not trusted");
    }
}

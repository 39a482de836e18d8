//! Checks that each module of `functions/src` imports only from the floors below it.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules, from the ground floor to the roof. ARCHITECTURE.md describes them.
///
/// A module may import from itself, from every module of a line above, and from nothing else.
const FLOORS: &[&[&str]] = &[
    &["error", "config"],
    &["large_variables"],
    &["metrics", "lambda", "pace", "signature"],
    &["clip"],
    &["library", "live"],
    &["api"],
    &["asset"],
    &["encode"],
    &["files", "exact", "reel"],
    &["harvest", "upload"],
    &["export"],
    &["mark"],
    &["rule"],
    &["channel", "edit", "viewer", "share", "announce"],
    &["sweep"],
];

/// Modules of one floor whose import of each other is allowed, as (importer, imported).
const EXCEPTIONS: &[(&str, &str)] = &[];

#[test]
fn no_module_imports_from_its_own_floor_or_from_above() {
    let mut violations = Vec::new();
    for file in rust_files(&source_folder()) {
        let importer = module_of(&file);
        if importer == "lib" || importer == "main" {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for imported in imported_modules(&text) {
            let is_below = floor_of(&imported) < floor_of(&importer);
            let is_exception = EXCEPTIONS.contains(&(importer.as_str(), imported.as_str()));
            if imported != importer && !is_below && !is_exception {
                violations.push(format!("{} imports crate::{imported}", file.display()));
            }
        }
    }
    assert!(violations.is_empty(), "imports that do not point down: {violations:#?}");
}

#[test]
fn every_module_has_a_floor() {
    let modules = rust_files(&source_folder()).iter().map(|file| module_of(file)).collect();
    let mut modules: Vec<String> = modules;
    modules.retain(|module| module != "lib" && module != "main");
    modules.sort();
    modules.dedup();
    let mut listed: Vec<&str> = FLOORS.concat();
    listed.sort_unstable();
    assert_eq!(modules, listed, "the modules of src are not the modules of FLOORS");
}

#[test]
fn every_form_of_an_import_is_found() {
    let check = |text: &str, expected: &[&str]| assert_eq!(imported_modules(text), expected);
    check("use crate::clip::{Clip, Window};", &["clip"]);
    check("use crate::error::{self, chain};", &["error"]);
    check("use crate::{api, clip::Clip,\n    error};", &["api", "clip", "error"]);
    check("let chain = crate::error::chain(&cause);", &["error"]);
    check("pub(in crate::library) fn f() {}", &["library"]);
    check("pub(crate) fn f() {}", &[]);
    check("//! See `crate::sweep`.\n/// And [`crate::api`].", &[]);
    check("let x = y; // crate::sweep", &[]);
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The top-level module of a source file: `harvest` for `src/harvest/queue.rs`.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(source_folder()).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The index of a module's floor. A module that is not listed is above all others.
fn floor_of(module: &str) -> usize {
    FLOORS.iter().position(|floor| floor.contains(&module)).unwrap_or(FLOORS.len())
}

/// The top-level modules that a source text names by a path that starts with `crate`.
fn imported_modules(text: &str) -> Vec<String> {
    let without_comments = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    let code: Vec<String> = text.lines().map(without_comments).collect();
    let code = code.join("\n");
    let mut modules = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => modules.extend(first_names(group)),
            None => modules.push(identifier(rest)),
        }
    }
    modules
}

/// The first name of each path in a group: `api` and `clip` for `api, clip::Clip};`.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut expects_name) = (1, Vec::new(), true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => expects_name = true,
            _ if depth == 1 && expects_name && !letter.is_whitespace() => {
                names.push(identifier(&group[at..]));
                expects_name = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

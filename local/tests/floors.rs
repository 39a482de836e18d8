//! The floors of `local/src`: a module imports only from modules that stand before it in [`FLOORS`].
//!
//! This rules out import cycles between modules. `src/lib.rs` says what each floor is for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every top-level module, lowest first.
const FLOORS: [&str; 41] = [
    // Ground floor, no AWS service.
    "account",
    "secret_file",
    "data_folder",
    "data_disk",
    "records",
    "faults",
    "upload_limits",
    "ffmpeg",
    "ladder",
    "tracks",
    "webvtt",
    "media_file",
    "i_frames",
    "server",
    "browser",
    "aws_protocol",
    "limits",
    "rate",
    "call_faults",
    // AWS services.
    "secretsmanager",
    "sqs",
    "eventbridge",
    "dynamodb",
    "s3",
    "mediapackage",
    "medialive",
    "mediapackage_vod",
    "mediaconvert",
    "cognito",
    "origins",
    "cloudfront",
    // Wiring.
    "webhook",
    "options",
    "environment",
    "elemental",
    "aws_json",
    "lambda",
    "api_gateway",
    "site",
    // Roof.
    "stack",
    "elemental_only",
];

/// The crate's root and its program. They import from every floor, and no module imports from them.
const ROOTS: [&str; 3] = ["lib", "main", "arguments"];

#[test]
fn every_module_has_a_floor() {
    let modules: BTreeSet<_> = source_files().into_iter().map(|file| top_module(&file)).collect();
    let floors: BTreeSet<_> = FLOORS.map(str::to_owned).into();
    let missing: Vec<_> = modules.difference(&floors).collect();
    assert!(missing.is_empty(), "add {missing:?} to FLOORS and to the list in src/lib.rs");
    let deleted: Vec<_> = floors.difference(&modules).collect();
    assert!(deleted.is_empty(), "{deleted:?} of FLOORS are not modules of src");
}

#[test]
fn modules_import_only_from_floors_below() {
    let floor = |module: &str| FLOORS.iter().position(|it| *it == module);
    let mut wrong = Vec::new();
    for file in source_files() {
        let importer = top_module(&file);
        for module in imported_modules(&file) {
            if module != importer && floor(&module) > floor(&importer) {
                let file = file.display();
                wrong.push(format!("{file} imports {module}, which is above {importer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "imports point up:\n{}", wrong.join("\n"));
}

#[test]
fn files_of_a_module_import_each_other_without_cycles() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in source_files() {
        let siblings = imported_siblings(&file);
        imports.entry(file_module(&file)).or_default().extend(siblings);
    }
    // A file whose imports are all gone cannot be on a cycle.
    loop {
        let free: Vec<_> = imports
            .iter()
            .filter(|(_, siblings)| siblings.iter().all(|it| !imports.contains_key(it)))
            .map(|(file, _)| file.clone())
            .collect();
        if free.is_empty() {
            break;
        }
        imports.retain(|file, _| !free.contains(file));
    }
    assert!(imports.is_empty(), "these files import each other in a cycle: {imports:#?}");
}

#[test]
fn the_documentation_lists_the_floors_in_the_same_order() {
    let text = fs::read_to_string(source_folder().join("lib.rs")).unwrap();
    let text = text.split("# Floors").nth(1).unwrap();
    let lines = text.lines().take_while(|line| line.is_empty() || line.starts_with("//!"));
    let lines: Vec<_> = lines.collect();
    let names = lines.iter().flat_map(|line| line.split('`').skip(1).step_by(2));
    let listed: Vec<_> = names.filter(|name| FLOORS.contains(name)).collect();
    assert_eq!(listed, FLOORS);
}

/// The source files of the modules, relative to `src`.
fn source_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![source_folder()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.strip_prefix(source_folder()).unwrap().to_owned());
            }
        }
    }
    files
        .retain(|file| !ROOTS.map(|root| format!("{root}.rs")).iter().any(|it| file.ends_with(it)));
    files.sort();
    files
}

fn source_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The top-level module of a file: `sqs` for `sqs/queue.rs`.
fn top_module(file: &Path) -> String {
    let first = file.iter().next().unwrap().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// A file as a module path below `src`: `sqs::queue` for `sqs/queue.rs` and `sqs/queue/tests.rs`.
fn file_module(file: &Path) -> String {
    let parts: Vec<_> = file.iter().take(2).map(|part| part.to_str().unwrap()).collect();
    parts.join("::").trim_end_matches(".rs").to_owned()
}

/// The modules that a file names by a path that begins with `crate::`.
fn imported_modules(file: &Path) -> BTreeSet<String> {
    names_after(&code(file), "crate::")
}

/// The files of the same module that a file names by a path that begins with `super::`.
fn imported_siblings(file: &Path) -> BTreeSet<String> {
    let is_below_module = file.iter().count() == 2 && !file.ends_with("mod.rs");
    if !is_below_module {
        return BTreeSet::new();
    }
    let (module, own) = (top_module(file), file_module(file));
    let siblings = names_after(&code(file), "super::").into_iter();
    let siblings = siblings.map(|sibling| format!("{module}::{sibling}"));
    siblings.filter(|sibling| *sibling != own).collect()
}

/// The code of a file, without comments and unit tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(source_folder().join(file)).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The names that follow a prefix: one name, or each of `{a::A, b::{B, C}}`.
fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let is_start = !code[..at].ends_with(|it: char| it.is_alphanumeric() || "_:$".contains(it));
        let rest = &code[at + prefix.len()..];
        if !is_start {
            continue;
        }
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(leading_name(rest));
            continue;
        };
        let mut depth = 0;
        for item in group.split_inclusive(['{', '}', ',']) {
            if depth == 0 && !leading_name(item.trim_start()).is_empty() {
                names.insert(leading_name(item.trim_start()));
            }
            match item.chars().last() {
                Some('{') => depth += 1,
                Some('}') if depth == 0 => break,
                Some('}') => depth -= 1,
                _ => {}
            }
        }
    }
    names
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect()
}

#[test]
fn names_are_read_from_paths_and_groups() {
    let names = |code: &str| names_after(code, "crate::").into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::sqs::{Queue, Order};"), ["sqs"]);
    assert_eq!(
        names("use crate::{faults::Faults, sqs::{self, Queue}, stack};"),
        ["faults", "sqs", "stack"]
    );
    assert_eq!(names("let it = crate::account::REGION;"), ["account"]);
    assert!(names("use matchcut_crate::a;").is_empty());
}

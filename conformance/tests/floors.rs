//! Tests that modules depend on each other in one direction only: a module does not use the modules on higher floors. Also
//! tests that no folder has too many files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors (groups of modules), from the lowest to the highest. Modules on the same floor do not use each other. The
/// lowest floor contains the modules of the other crates.
const FLOORS: [&[&str]; 10] = [
    &[
        "grammar",
        "identity",
        "load",
        "scenario",
        "sock_diag",
        "source",
        "spec",
        "suite",
        "text",
        "tls",
    ],
    &["profile", "spawn", "evidence", "dissector"],
    &["explain", "judge"],
    &["play"],
    &["run"],
    &["diagnosis"],
    &["tap", "matrix"],
    &["trace"],
    &["report"],
    &["cli"],
];

/// The floors of the crate that reads suites.
const FLOORS_OF_SUITE: [&[&str]; 5] = [
    &["text"],
    &["source", "tls"],
    &["grammar"],
    &["scenario", "spec"],
    &["identity", "suite"],
];

/// The floors of the module `play`.
const FLOORS_OF_PLAY: [&[&str]; 5] = [
    &["lane"],
    &["shared"],
    &["case"],
    &["steps"],
    &["interpreter"],
];

/// Returns the names that follow `prefix` in a text, such as `report` in `crate::report`.
fn modules_used<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let after = text.split(prefix).skip(1);
    after
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the sources exist");
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Checks all uses of modules (the names after `prefix`) in a folder, and returns the number of uses. The files in `above`
/// are above all floors, so they may use every module.
fn check(folder: &Path, prefix: &str, floors: &[&[&str]], above: &[&str]) -> usize {
    let floor_of = |name: &str| floors.iter().position(|modules| modules.contains(&name));
    let mut looked_at = 0;
    for path in rust_files(folder) {
        let inside = path
            .strip_prefix(folder)
            .expect("the file is in the folder");
        let module = inside
            .iter()
            .next()
            .expect("the file has a name")
            .to_string_lossy();
        let module = module.trim_end_matches(".rs");
        let Some(own) = floor_of(module) else {
            assert!(
                above.contains(&module),
                "{module} is in no table of floors in tests/floors.rs: add it there, and to the map in the mod.rs or lib.rs of its folder"
            );
            continue;
        };
        let text = fs::read_to_string(&path).expect("the file is UTF-8");
        for used in modules_used(&text, prefix) {
            let Some(floor) = floor_of(used) else {
                panic!("{}: {used} has no floor", path.display())
            };
            assert!(
                floor < own || used == module,
                "{} uses {used}",
                path.display()
            );
            looked_at += 1;
        }
    }
    looked_at
}

#[test]
fn no_module_uses_a_module_on_a_higher_floor() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let looked_at = check(&source, "crate::", &FLOORS, &["lib", "main"]);
    assert!(looked_at > 50, "only {looked_at} uses were found");
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
    let looked_at = check(&suite, "crate::", &FLOORS_OF_SUITE, &["lib", "build"]);
    assert!(looked_at > 50, "only {looked_at} uses were found in suite");
    let play = source.join("play");
    let looked_at = check(&play, "crate::play::", &FLOORS_OF_PLAY, &["mod"]);
    assert!(looked_at > 20, "only {looked_at} uses were found in play");
}

#[test]
fn no_folder_has_more_than_twenty_files() {
    let conformance = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut in_folder: BTreeMap<PathBuf, usize> = BTreeMap::new();
    let crates = ["src", "load", "suite"].map(|folder| conformance.join(folder));
    for path in crates.iter().flat_map(|folder| rust_files(folder)) {
        let folder = path.parent().expect("the file is in a folder").to_owned();
        *in_folder.entry(folder).or_default() += 1;
    }
    for (folder, files) in in_folder {
        assert!(files <= 20, "{} has {files} files", folder.display());
    }
}

//! The floors of the library point one way: no file uses a floor that is above its own.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up; what stands in one row does not use its neighbours.
const FLOORS: [&[&str]; 11] = [
    &["text"],
    &["source", "spawn", "tls"],
    &["grammar"],
    &["scenario", "spec"],
    &["identity", "suite"],
    &["profile"],
    &["load", "run"],
    &["diagnosis"],
    &["tap", "matrix"],
    &["report"],
    &["cli"],
];

fn floor_of(name: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&name))
}

/// The rooms that a text names as `crate::room`.
fn rooms_used(text: &str) -> Vec<&str> {
    let behind = text.split("crate::").skip(1);
    behind
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the sources are there");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
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

#[test]
fn no_room_uses_one_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    for path in rust_files(&source) {
        let inside = path.strip_prefix(&source).expect("it was found there");
        let room = inside
            .iter()
            .next()
            .expect("it has a name")
            .to_string_lossy()
            .into_owned();
        let room = room.trim_end_matches(".rs");
        let Some(own) = floor_of(room) else {
            assert!(
                ["lib", "main"].contains(&room),
                "{room} has no floor: add it to FLOORS and to lib.rs"
            );
            continue;
        };
        let text = fs::read_to_string(&path).expect("it is text");
        for used in rooms_used(&text) {
            let Some(floor) = floor_of(used) else {
                panic!("{}: {used} has no floor", path.display())
            };
            assert!(
                floor < own || used == room,
                "{} uses {used}",
                path.display()
            );
            looked_at += 1;
        }
    }
    assert!(looked_at > 50, "only {looked_at} uses were found");
}

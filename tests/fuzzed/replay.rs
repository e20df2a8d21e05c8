//! Runs the check of each fuzz target with every input of its corpus (`tests/fuzz/corpus`), and with beginnings of these
//! inputs.

use std::fs;
use std::path::{Path, PathBuf};

use matou_fuzzed::TARGETS;

fn folder(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz")
        .join(inside)
}

/// Returns the names of the entries of a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn no_input_of_the_corpus_breaks_a_promise() {
    for (target, check) in TARGETS {
        let inputs = folder("corpus").join(target);
        let names = names(&inputs);
        assert!(!names.is_empty(), "{target} has no input");
        for name in names {
            let bytes = fs::read(inputs.join(&name)).unwrap();
            for part in [&bytes[..], &bytes[..bytes.len() / 2], &[]] {
                let checked = std::panic::catch_unwind(|| check(part));
                let length = part.len();
                assert!(
                    checked.is_ok(),
                    "{target} fails with {length} bytes of {name}"
                );
            }
        }
    }
}

#[test]
fn every_target_has_a_corpus_and_a_program_and_the_corpus_is_small() {
    let mut targets: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    targets.sort();
    assert_eq!(names(&folder("corpus")), targets);
    let programs = names(&folder("fuzz_targets"));
    let programs: Vec<_> = programs
        .iter()
        .map(|name| name.trim_end_matches(".rs"))
        .collect();
    assert_eq!(programs, targets);
    let inputs = targets.iter().map(|target| folder("corpus").join(target));
    let sizes = inputs.flat_map(|inputs| fs::read_dir(inputs).unwrap());
    let bytes: u64 = sizes
        .map(|input| input.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 300 << 10, "the corpus has {bytes} bytes");
}

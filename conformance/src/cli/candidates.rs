//! The values that a shell completes: protocols, folders of suites, and the ids of cases.

use std::ffi::OsStr;

use installed::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

use crate::suite::Suite;

/// Completes a protocol: the built-in ones, and folders.
pub(super) fn protocol() -> ArgValueCompleter {
    ArgValueCompleter::new(protocols)
}

/// Completes the id of a case.
pub(super) fn case() -> ArgValueCandidates {
    ArgValueCandidates::new(cases)
}

/// Returns the built-in protocols and the folders that begin with the text.
fn protocols(current: &OsStr) -> Vec<CompletionCandidate> {
    let typed = current.to_string_lossy();
    let names = Suite::built_in_names().into_iter();
    let known = names
        .filter(|name| name.starts_with(&*typed))
        .map(CompletionCandidate::new);
    known
        .chain(PathCompleter::dir().complete(current))
        .collect()
}

/// Returns the cases of the protocol that the command line names. If it names none, returns no case.
fn cases() -> Vec<CompletionCandidate> {
    let words = std::env::args().skip_while(|word| word != "--");
    let suite = words
        .skip(1)
        .find_map(|word| Suite::built_in(&word).or_else(|| Suite::find(&word).ok()));
    let cases = suite.into_iter().flat_map(|suite| suite.scenarios);
    cases
        .map(|case| CompletionCandidate::new(case.id).help(Some(case.title.into())))
        .collect()
}

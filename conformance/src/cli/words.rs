//! The values on the command line: how they are parsed, quoted, and completed by a shell.

use std::ffi::OsStr;
use std::time::Duration;

use installed::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

use crate::suite::Suite;

/// Quotes a text if necessary, so that a shell reads it as one word.
pub(super) fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:=+,[]".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("write a whole number, at least 1".to_owned()),
    }
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(factor),
        _ => Err("write a number above 0, such as 2 or 0.5".to_owned()),
    }
}

/// Parses the id of a scenario, and ignores spaces before and after it.
pub(super) fn scenario_id(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => {
            Err("an id is empty; write the ids of scenarios, separated by single commas".to_owned())
        }
        id => Ok(id.to_owned()),
    }
}

/// Parses `NAME=VALUE`.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, such as identify-timeout=60s".to_owned()),
    }
}

/// Parses a duration such as `500ms`, `90s`, `10m` or `2h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    units
        .iter()
        .filter_map(|(unit, seconds)| {
            let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
            Duration::try_from_secs_f64(number * seconds).ok()
        })
        .find(|duration| !duration.is_zero())
        .ok_or_else(|| "write a duration with its unit, such as 500ms, 90s, 10m or 2h".to_owned())
}

/// Completes a protocol: the name of a built-in protocol, or the path of a folder.
pub(super) fn protocol() -> ArgValueCompleter {
    ArgValueCompleter::new(protocols)
}

/// Completes the id of a case.
pub(super) fn case() -> ArgValueCandidates {
    ArgValueCandidates::new(cases)
}

/// Returns the built-in protocols and the folders whose names begin with the text.
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

/// Returns the cases of the protocol that the command line names. If the command line names no protocol, returns an empty
/// list.
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("500ms", Some(Duration::from_millis(500)))]
    #[case("1.5s", Some(Duration::from_millis(1500)))]
    #[case("10m", Some(Duration::from_secs(600)))]
    #[case("2h", Some(Duration::from_secs(7200)))]
    #[case("5", None)]
    #[case("0s", None)]
    #[case("-1s", None)]
    #[case("nans", None)]
    #[case("1e999h", None)]
    fn a_time_has_a_unit(#[case] text: &str, #[case] means: Option<Duration>) {
        assert_eq!(duration(text).ok(), means);
    }
}

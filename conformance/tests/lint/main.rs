//! Tests of every mistake that lint explains. They check the place that lint reports, and the remedy that it suggests.
//!
//! In each source, the sign `«` marks the place that lint must report. The sign is directly before the first character of
//! that place.

mod extends;
mod files;
mod guide;
mod scenarios;
mod shapes;
mod spec;
mod suites;
mod syntax;
mod total;
mod wire;

use conformance::source::{Diagnostics, Severity, SourceFile};
use conformance::suite::{Sources, Suite};

const SPEC: &str = include_str!("../data/echo/spec.md");
const WIRE: &str = include_str!("../data/echo/wire.kdl");
const MARK: char = '«';

/// Fragments that the rows use, and a scenario that uses these fragments.
const SHARED: &str = r#"
fragment hello who {
    proved-by "hello"
    client who
    who > HELLO name=@who
    who < WELCOME
}
scenario "hello" {
    title "a free name is accepted"
    checks ECHO-1 ECHO-2 ECHO-3
    use hello alice
}
"#;

fn suite(spec: &str, wire: &str, scenarios: &[&str]) -> Result<Suite, Diagnostics> {
    let files = scenarios.iter().enumerate();
    let files = files.map(|(index, text)| SourceFile::new(format!("scenarios/{index}.kdl"), *text));
    Suite::from_sources(Sources::new(
        SourceFile::new("spec.md", spec),
        SourceFile::new("wire.kdl", wire),
        files.collect(),
    ))
}

/// Removes the mark from the text. Returns the text and the place of the mark.
fn unmark(source: &str) -> (String, (usize, usize)) {
    let at = source
        .find(MARK)
        .expect("a row marks the place of its mistake");
    let text = source.replace(MARK, "");
    let place = SourceFile::new("", text.clone()).place(at);
    (text, place)
}

/// Returns a scenario with two lanes and these steps.
fn in_scenario(steps: &str) -> String {
    format!(
        "scenario \"case\" {{\n    title \"t\"\n    checks ECHO-1\n    client alice\n    client bob\n    {steps}\n}}\n"
    )
}

/// Checks that exactly one diagnostic has this severity, at the marked place, with this message and this remedy.
fn assert_found(
    found: &Diagnostics,
    severity: Severity,
    file: &str,
    place: (usize, usize),
    message: &str,
    help: &str,
) {
    let of_severity: Vec<_> = found
        .0
        .iter()
        .filter(|diagnostic| diagnostic.severity == severity)
        .collect();
    let [only] = of_severity.as_slice() else {
        panic!(
            "expected one diagnostic, not {}:\n{found}",
            of_severity.len()
        );
    };
    assert_eq!(only.file.name, file, "\n{found}");
    assert_eq!((only.line(), only.column()), place, "\n{found}");
    assert!(
        only.message.contains(message),
        "{message:?} is not in:\n{found}"
    );
    assert!(
        only.help.as_deref().unwrap_or_default().contains(help),
        "{help:?} is not in:\n{found}"
    );
}

fn assert_scenario_mistake(source: &str, message: &str, help: &str) {
    let (text, place) = unmark(source);
    let found = suite(SPEC, WIRE, &[SHARED, &text])
        .err()
        .unwrap_or_default();
    assert_found(
        &found,
        Severity::Error,
        "scenarios/1.kdl",
        place,
        message,
        help,
    );
}

fn assert_step_mistake(steps: &str, message: &str, help: &str) {
    assert_scenario_mistake(&in_scenario(steps), message, help);
}

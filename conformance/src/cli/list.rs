//! `conformance list`: lists protocols, cases and requirements.

use std::fmt::Write;

use super::{Outcome, words};
use crate::scenario::{Company, Scenario};
use crate::suite::Suite;

/// The arguments of `list`.
#[derive(Debug, clap::Args)]
pub(super) struct ListArguments {
    /// A protocol that comes with the program, or the folder of a suite [default: list the protocols that come with the program]
    #[arg(add = words::protocol())]
    protocol: Option<String>,
    /// List each requirement with the cases that check it
    #[arg(long, requires = "protocol")]
    coverage: bool,
}

pub(super) fn list(arguments: &ListArguments) -> Outcome {
    let Some(protocol) = &arguments.protocol else {
        return protocols();
    };
    match Suite::find(protocol) {
        Ok(suite) if arguments.coverage => Outcome::said(suite.coverage().to_string()),
        Ok(suite) => Outcome::said(cases(&suite)),
        Err(mistakes) => Outcome::mistaken(&mistakes),
    }
}

fn protocols() -> Outcome {
    let mut out = String::new();
    for suite in Suite::built_in_names()
        .into_iter()
        .filter_map(Suite::built_in)
    {
        let line = format!(
            "{}  {}, {} cases",
            suite.name,
            suite.grammar.title,
            suite.scenarios.len()
        );
        let _ = writeln!(out, "{line}");
    }
    Outcome::said(out)
}

fn cases(suite: &Suite) -> String {
    let mut out = String::new();
    let width = suite
        .scenarios
        .iter()
        .map(|scenario| scenario.id.len())
        .max()
        .unwrap_or(0);
    for scenario in &suite.scenarios {
        let _ = writeln!(
            out,
            "{:width$}  {}{}",
            scenario.id,
            scenario.title,
            remarks(scenario)
        );
        if !scenario.checks.is_empty() {
            let _ = writeln!(out, "{:width$}  checks {}", "", scenario.checks.join(" "));
        }
    }
    let _ = writeln!(out, "{} cases", suite.scenarios.len());
    out
}

/// Returns the special properties of a case in brackets, such as ` (probe, alone)`.
pub(super) fn remarks(scenario: &Scenario) -> String {
    let mut remarks = Vec::new();
    if scenario.probes.is_some() {
        remarks.push("probe".to_owned());
    }
    match &scenario.company {
        Company::Any => {}
        Company::Alone => remarks.push("alone".to_owned()),
        Company::Lock(name) => remarks.push(format!("lock {name}")),
    }
    if scenario.hostile {
        remarks.push("hostile".to_owned());
    }
    remarks.extend(
        scenario
            .sets
            .iter()
            .map(|setting| format!("needs --set {setting}=...")),
    );
    if remarks.is_empty() {
        String::new()
    } else {
        format!(" ({})", remarks.join(", "))
    }
}

//! `conformance show`: shows the text of one case, and the requirements that it checks.

use std::fmt::Write;

use super::{Outcome, candidates, list};
use crate::scenario::Scenario;
use crate::suite::Suite;

/// The arguments of `show`.
#[derive(Debug, clap::Args)]
pub(super) struct ShowArguments {
    /// A protocol that comes with the program, or the folder of a suite
    #[arg(add = candidates::protocol())]
    protocol: String,
    /// The id of the case, as `conformance list PROTOCOL` shows it
    #[arg(add = candidates::case())]
    case: String,
}

pub(super) fn show(arguments: &ShowArguments) -> Outcome {
    let suite = match Suite::find(&arguments.protocol) {
        Ok(suite) => suite,
        Err(mistakes) => return Outcome::mistaken(&mistakes),
    };
    match suite.scenario(&arguments.case) {
        Some(scenario) => Outcome::said(text(&suite, scenario)),
        None => {
            let help = suite.instead_of(&arguments.case);
            Outcome::refused(format!(
                "{} has no case {}: {help}\n",
                suite.name, arguments.case
            ))
        }
    }
}

fn text(suite: &Suite, scenario: &Scenario) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {}{}",
        scenario.id,
        scenario.title,
        list::remarks(scenario)
    );
    let _ = writeln!(out, "{}\n", scenario.file);
    for requirement in scenario
        .checks
        .iter()
        .filter_map(|id| suite.requirement(id))
    {
        let _ = writeln!(
            out,
            "{} ({}, section {}) {}",
            requirement.id, requirement.level, requirement.section, requirement.text
        );
        if !requirement.remarks.is_empty() {
            let _ = writeln!(out, "    {}", requirement.remarks);
        }
    }
    let _ = writeln!(out, "\n{}", scenario.text);
    out
}

//! The coverage of the requirements: which cases judge which requirement.

use std::fmt;

use super::{Requirement, Suite};
use crate::grammar::Choice;

/// Every requirement with the cases and readings that judge it, in the order of spec.md.
#[derive(Debug, Clone)]
pub struct Coverage<'a> {
    /// One entry per requirement.
    pub requirements: Vec<Covered<'a>>,
}

/// A requirement and the cases and readings that judge it.
#[derive(Debug, Clone)]
pub struct Covered<'a> {
    /// The requirement.
    pub requirement: &'a Requirement,
    /// The ids of the scenarios and probes that cite the requirement.
    pub cases: Vec<&'a str>,
    /// The readings (questions that the document leaves open) with a choice that cites the requirement.
    pub readings: Vec<&'a str>,
}

impl Covered<'_> {
    /// Returns whether any case or reading judges the requirement.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        !self.cases.is_empty() || !self.readings.is_empty()
    }
}

impl<'a> Coverage<'a> {
    pub(super) fn of(suite: &'a Suite) -> Coverage<'a> {
        let covered = |requirement: &'a Requirement| {
            let id = &requirement.id;
            let cases = suite.scenarios.iter();
            let cases = cases.filter(|scenario| scenario.checks.contains(id));
            let cites = |choice: &Choice| choice.checks.contains(id);
            let readings = suite.grammar.readings.iter();
            let readings = readings.filter(|reading| reading.choices.iter().any(cites));
            Covered {
                requirement,
                cases: cases.map(|scenario| scenario.id.as_str()).collect(),
                readings: readings.map(|reading| reading.name.as_str()).collect(),
            }
        };
        Coverage {
            requirements: suite.requirements.iter().map(covered).collect(),
        }
    }

    /// Returns the number of requirements that a case or reading judges.
    #[must_use]
    pub fn checked(&self) -> usize {
        let covered = self.requirements.iter();
        covered.filter(|covered| covered.is_checked()).count()
    }
}

/// Shows a table of the requirements, in which `!` marks the requirements that nothing checks. The last line says how many
/// requirements are checked.
impl fmt::Display for Coverage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self
            .requirements
            .iter()
            .map(|covered| &covered.requirement.id);
        let width = ids.map(String::len).max().unwrap_or(0);
        for covered in &self.requirements {
            let mark = if covered.is_checked() { ' ' } else { '!' };
            let cases = covered.cases.iter().map(|case| (*case).to_owned());
            let readings = covered.readings.iter();
            let readings = readings.map(|reading| format!("reading {reading}"));
            let by: Vec<String> = cases.chain(readings).collect();
            let by = match by.is_empty() {
                true => "no case checks it".to_owned(),
                false => by.join(", "),
            };
            writeln!(
                f,
                "{mark} {:width$}  {:6}  {by}",
                covered.requirement.id, covered.requirement.level
            )?;
        }
        writeln!(
            f,
            "{} of {} requirements are checked",
            self.checked(),
            self.requirements.len()
        )
    }
}

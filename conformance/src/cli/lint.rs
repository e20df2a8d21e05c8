//! `conformance lint`: reports every mistake in a suite, with its place and with what to write instead.

use std::path::{Path, PathBuf};

use super::{Outcome, rendered};
use crate::source::{Diagnostics, Severity};
use crate::suite::Suite;
use crate::text;

/// The arguments of `lint`.
#[derive(Debug, clap::Args)]
pub(super) struct LintArguments {
    /// The folder of a suite. With --protocol: a file of scenarios, or a folder of such files
    path: PathBuf,
    /// The protocol of the scenarios: one that comes with the program, or the folder of a suite
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Option<String>,
}

pub(super) fn lint(arguments: &LintArguments) -> Outcome {
    let path = &arguments.path;
    if arguments.protocol.is_none() && path.is_file() {
        let help = "a file of scenarios is checked together with its protocol; write: conformance lint FILE --protocol NAME\n";
        return Outcome::refused(help.to_owned());
    }
    let result = match &arguments.protocol {
        None => Suite::read_folder(path),
        Some(protocol) => Suite::find(protocol).and_then(|suite| suite.with_file(path)),
    };
    match result {
        Ok(suite) => {
            let warnings = match &arguments.protocol {
                None => suite.warnings.clone(),
                Some(_) => about(path, &suite.warnings),
            };
            let summary = text::line(&summary(&suite, &warnings));
            Outcome {
                out: format!("{}{summary}\n", rendered(&warnings)),
                ..Outcome::default()
            }
        }
        Err(mistakes) => {
            let errors = mistakes.errors();
            let word = if errors == 1 { "mistake" } else { "mistakes" };
            Outcome {
                out: format!("{errors} {word}\n"),
                ..Outcome::mistaken(&mistakes)
            }
        }
    }
}

/// Returns only the warnings about the files at `path`. Warnings about the protocol itself do not concern the authors of
/// these files.
fn about(path: &Path, warnings: &Diagnostics) -> Diagnostics {
    let given = |name: &str| Path::new(name).starts_with(path);
    Diagnostics(
        warnings
            .0
            .iter()
            .filter(|warning| given(&warning.file.name))
            .cloned()
            .collect(),
    )
}

fn summary(suite: &Suite, warnings: &Diagnostics) -> String {
    let remarks = warnings
        .0
        .iter()
        .filter(|warning| warning.severity == Severity::Warning)
        .count();
    let coverage = suite.coverage();
    let cases = suite.scenarios.len();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!(
        "{}: no mistakes, {remarks} warning{}; {cases} case{}, {} of {} requirements have a case",
        suite.name,
        plural(remarks),
        plural(cases),
        coverage.checked(),
        coverage.requirements.len()
    )
}

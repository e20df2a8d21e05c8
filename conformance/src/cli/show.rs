//! `conformance show`: shows either the text of one case and the requirements that it checks, or the conversation of the
//! case.

use std::fmt::Write;
use std::path::PathBuf;

use super::words::pair;
use super::{Outcome, list, trace, words};
use crate::scenario::Scenario;
use crate::suite::Suite;

/// The arguments of `show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes:
  0  the case was shown; with TARGET, the server also passes it
  1  the server fails the case
  2  wrong usage, or output that could not be written
  3  the case cannot be played: no server listens at the address, or it does not answer a login as documented
  4  the case was not judged; the output says why")]
pub(super) struct ShowArguments {
    /// A protocol that comes with the program, or the folder of a suite
    #[arg(add = words::protocol())]
    pub(super) protocol: String,

    /// The id of the case, as `conformance list PROTOCOL` shows it
    #[arg(add = words::case())]
    pub(super) case: String,

    /// Address of a server, such as 127.0.0.1:7777: play the case against this server, and show the conversation
    pub(super) target: Option<String>,

    /// Show the conversation of the case, with the meaning of every byte; without TARGET, show the recorded conversation that comes with the program
    #[arg(long)]
    trace: bool,

    /// Also write the conversation as an SVG picture, 1280 pixels wide
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,

    /// Set a value that the case needs, such as password=townhall
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair, requires = "target")]
    pub(super) settings: Vec<(String, String)>,
}

impl ShowArguments {
    /// Returns whether to show a conversation. The user asks for it with `--trace`, with an address, or with `--svg`.
    fn shows_a_conversation(&self) -> bool {
        self.trace || self.target.is_some() || self.svg.is_some()
    }
}

pub(super) fn show(arguments: &ShowArguments) -> Outcome {
    let suite = match Suite::find(&arguments.protocol) {
        Ok(suite) => suite,
        Err(mistakes) => return Outcome::mistaken(&mistakes),
    };
    match suite.scenario(&arguments.case) {
        Some(scenario) if arguments.shows_a_conversation() => {
            trace::trace(arguments, &suite, scenario)
        }
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

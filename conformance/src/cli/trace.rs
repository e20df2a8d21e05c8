//! `conformance show --trace`: shows the conversation of a case. It either shows the recorded conversation, or plays the
//! case against a server now.

use std::path::PathBuf;

use super::Outcome;
use super::output::Stream;
use super::output_file::{OutputFile, keep_inputs};
use super::show::ShowArguments;
use super::target::resolve;
use super::words::quoted;
use crate::grammar::{Choices, Names};
use crate::identity;
use crate::report;
use crate::run::{self, Options, Report, Verdict, check, run_suite};
use crate::scenario::Scenario;
use crate::suite::Suite;
use crate::trace::{Recording, Trace};

/// Shows the conversation of a case as text, and writes it as a picture if the user asked for one.
pub(super) fn trace(arguments: &ShowArguments, suite: &Suite, scenario: &Scenario) -> Outcome {
    traced(arguments, suite, scenario).unwrap_or_else(|refused| refused)
}

fn traced(
    arguments: &ShowArguments,
    suite: &Suite,
    scenario: &Scenario,
) -> Result<Outcome, Outcome> {
    let refused = |why: String| Outcome::refused(format!("{why}\n"));
    let picture = arguments.svg.as_deref().map(OutputFile::open);
    let picture = picture.transpose().map_err(refused)?;
    let sources = suite.sources.files().map(|file| PathBuf::from(&file.name));
    keep_inputs(&picture, sources).map_err(refused)?;
    let (trace, code) = match &arguments.target {
        None => (recorded(arguments, suite, scenario)?, 0),
        Some(target) => played(arguments, suite, scenario, target)?,
    };
    let mut outcome = Outcome {
        out: report::trace_text(&trace, Stream::Output.paint()),
        code,
        ..Outcome::default()
    };
    if let Some(mut file) = picture
        && let Err(why) = file.write(report::trace_picture(&trace).as_bytes())
    {
        outcome.complain(&format!("{why}\n"));
    }
    Ok(outcome)
}

/// Returns the recorded conversation of the case. The recordings are a part of this program.
fn recorded(
    arguments: &ShowArguments,
    suite: &Suite,
    scenario: &Scenario,
) -> Result<Trace, Outcome> {
    let protocol = arguments.protocol.as_str();
    let is_built_in = Suite::built_in_names().contains(&protocol);
    let recording = Recording::of(protocol).filter(|_| is_built_in);
    let found = recording.and_then(|recording| recording.find(&scenario.id));
    let lacking = match &found {
        None if is_built_in => Some(String::new()),
        None => Some(", because it is a case of your folder".to_owned()),
        Some((_, case)) => case.lacking.as_ref().map(|why| format!(", because {why}")),
    };
    let (Some((choices, case)), None) = (found, &lacking) else {
        return Err(Outcome::refused(format!(
            "the program has no recorded conversation of {}{}; play the case against a server: {}\n",
            scenario.id,
            lacking.unwrap_or_default(),
            command(arguments, suite, scenario)
        )));
    };
    let origin = format!(
        "{}, recorded with the server of this project{}",
        suite.grammar.title,
        with(choices.iter())
    );
    let mut trace = Trace::of(suite, scenario, &choices, &case.events, origin);
    trace.more = case.more;
    Ok(trace)
}

/// Returns the command that plays the case against a server.
fn command(arguments: &ShowArguments, suite: &Suite, scenario: &Scenario) -> String {
    let protocol = quoted(&arguments.protocol);
    let mut command = format!(
        "conformance show {protocol} {} 127.0.0.1:7777 --trace",
        scenario.id
    );
    let identities = (suite.grammar.names == Names::Identities).then_some(identity::REST);
    let settings = scenario.sets.iter().map(String::as_str).chain(identities);
    for setting in settings {
        command.push_str(&format!(" --set {setting}=..."));
    }
    command
}

/// Returns a text such as `, with long-width = 8`, or an empty text if there are no choices.
fn with<'a>(choices: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let named: Vec<String> = choices
        .map(|(name, choice)| format!("{name} = {choice}"))
        .collect();
    match named.as_slice() {
        [] => String::new(),
        named => format!(", with {}", named.join(", ")),
    }
}

/// Plays the case against a server. Returns its conversation and the exit code.
fn played(
    arguments: &ShowArguments,
    suite: &Suite,
    scenario: &Scenario,
    target: &str,
) -> Result<(Trace, u8), Outcome> {
    let refused = |why: String| Outcome::refused(format!("{why}\n"));
    let address = resolve(target).map_err(refused)?;
    let options = Options {
        only: vec![scenario.id.clone()],
        jobs: 1,
        settings: arguments.settings.iter().cloned().collect(),
        ..Options::default()
    };
    check(suite, &options).map_err(|wrong| refused(wrong.to_string()))?;
    let report = run_suite(suite, address, &options).map_err(|wrong| refused(wrong.to_string()))?;
    if let Some(why) = &report.unjudgeable {
        let mut outcome = refused(format!("cannot play {}: {why}", scenario.id));
        outcome.code = 3;
        return Err(outcome);
    }
    let Some(case) = report.case(&scenario.id) else {
        return Err(refused(format!("{} was not played", scenario.id)));
    };
    let code = match case.verdict {
        verdict if verdict.holds() => 0,
        Verdict::Fail => 1,
        _ => 4,
    };
    if case.conversation.is_empty() {
        let mut outcome = refused(format!("{} was not played{}", case.id, because(case)));
        outcome.code = 4;
        return Err(outcome);
    }
    let choices = choices(&report);
    let origin = format!(
        "{}, played against {address}{}: {}{}",
        suite.grammar.title,
        with(choices.iter()),
        case.verdict,
        because(case)
    );
    let trace = Trace::of(suite, scenario, &choices, &case.conversation, origin);
    Ok((trace.with_failure(case.failure.as_ref()), code))
}

fn because(case: &run::Outcome) -> String {
    let cause = case.cause.as_ref();
    cause.map_or_else(String::new, |cause| format!(", {cause}"))
}

fn choices(report: &Report) -> Choices {
    let readings = report.readings.iter();
    let choices = readings.map(|reading| (reading.name.clone(), reading.choice.clone()));
    choices.collect()
}

//! `conformance run`: judges a server.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::knowledge::{Knowledge, KnowledgeArguments};
use super::progress::Progress;
use super::report_file::ReportFile;
use super::target::TargetArguments;
use super::words::{at_least_one, duration, pair, positive, quoted};
use crate::report::{self, Detail, Paint, Style};
use crate::run::{Options, Report, Segments, run_suite_watched};
use crate::source::Diagnostics;
use crate::suite::Suite;

/// The arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  the server violates no MUST of the document
  1  the server violates a MUST, or a known deviation no longer occurs
  2  wrong usage, or a suite with mistakes
  3  the server cannot be judged: nothing listens there, or it does not answer a login as documented
  4  no case failed, but a MUST could not be judged")]
pub(super) struct RunArguments {
    /// A protocol that comes with the program (`conformance list`), or the folder of a suite
    protocol: String,

    #[command(flatten)]
    target: TargetArguments,

    /// Also play these scenarios: a file, or a folder of files
    #[arg(long, value_name = "PATH")]
    scenarios: Vec<PathBuf>,

    /// Play only these scenarios, and those that they depend on
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,

    /// Do not play these scenarios
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    skip: Vec<String>,

    /// Number of cases to play at the same time [default: 8, or fewer with --spawn]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<usize>,

    /// Multiply all time limits by this factor; above 1 for a slow server [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = positive)]
    scale: Option<f64>,

    /// Value of a setting that scenarios ask for
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,

    /// Also write a report: html, json, junit, tap, annotations or pcapng; the file `-` is the standard output
    #[arg(long, value_name = "FORMAT=FILE", value_delimiter = ',', value_parser = ReportFile::parse)]
    report: Vec<ReportFile>,

    #[command(flatten)]
    knowledge: KnowledgeArguments,

    /// Maximum duration of the run; cases that were not judged by then are inconclusive
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    time_limit: Option<Duration>,

    /// Play everything once more, with sends cut in this way; report verdicts that change
    #[arg(long, value_enum, default_value_t = Cutting::Whole)]
    segments: Cutting,

    /// Other clients use the server too: ignore their broadcasts
    #[arg(long)]
    shared_target: bool,

    /// Repeat the names and payloads of the run with this seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Print only what is wrong
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,

    /// Also print why cases are inconclusive, and whole conversations
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cutting {
    /// Each send in one write
    Whole,
    /// Each byte in a segment of its own
    EachByte,
    /// Everything that a client sends without waiting in one segment
    Glued,
    /// Cut in the middle of each length
    InsideLength,
    /// Cut inside each character of several bytes
    InsideCharacter,
}

impl Cutting {
    fn segments(self) -> Segments {
        match self {
            Cutting::Whole => Segments::Whole,
            Cutting::EachByte => Segments::EachByte,
            Cutting::Glued => Segments::Glued,
            Cutting::InsideLength => Segments::InsideLength,
            Cutting::InsideCharacter => Segments::InsideCharacter,
        }
    }
}

/// Judges a server.
pub(super) fn run(arguments: &RunArguments) -> Outcome {
    let suite = match load(arguments) {
        Ok(suite) => suite,
        Err(mistakes) => return Outcome::mistaken(&mistakes),
    };
    let target = match arguments.target.target() {
        Ok(target) => target,
        Err(why) => return Outcome::refused(format!("{why}\n")),
    };
    let knowledge = match arguments.knowledge.read(&suite) {
        Ok(knowledge) => knowledge,
        Err(outcome) => return outcome,
    };
    let options = options(arguments, knowledge);
    let progress = Progress::new();
    let report = run_suite_watched(&suite, target, &options, &|milestone| {
        progress.tell(milestone);
    });
    progress.clear();
    match report {
        Ok(report) => {
            let mut outcome = outcome(arguments, &suite, &report);
            if let Err(why) = arguments.knowledge.save(&suite, &options, &report) {
                outcome.complain(&why);
            }
            outcome
        }
        Err(unknown) => Outcome::refused(format!("{unknown}\n")),
    }
}

fn load(arguments: &RunArguments) -> Result<Suite, Diagnostics> {
    let mut suite = Suite::find(&arguments.protocol)?;
    for path in &arguments.scenarios {
        suite = suite.with_file(path)?;
    }
    Ok(suite)
}

/// Returns the options of the run. Arguments take precedence over the profile.
fn options(arguments: &RunArguments, knowledge: Knowledge) -> Options {
    let Knowledge {
        profile,
        known,
        only,
    } = knowledge;
    let mut settings = profile.settings;
    settings.extend(arguments.settings.iter().cloned());
    Options {
        only: only.unwrap_or_else(|| arguments.only.clone()),
        skip: arguments.skip.clone(),
        jobs: arguments.jobs.unwrap_or_else(|| arguments.target.jobs()),
        scale: arguments.scale.or(profile.scale).unwrap_or(1.0),
        settings,
        readings: profile.readings,
        unsupported: profile.unsupported,
        known,
        time_limit: arguments.time_limit,
        segments: arguments.segments.segments(),
        shared_target: arguments.shared_target,
        seed: arguments.seed,
        ..Options::default()
    }
}

/// Writes the reports that the user asked for, and returns the report for people.
fn outcome(arguments: &RunArguments, suite: &Suite, report: &Report) -> Outcome {
    let style = Style {
        detail: match (arguments.quiet, arguments.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Usual,
        },
        paint: if io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            Paint::Colour
        } else {
            Paint::Plain
        },
        rerun: rerun(arguments),
    };
    let mut outcome = Outcome {
        code: report.exit_code(),
        ..Outcome::default()
    };
    let for_people = report::render(report, &style);
    if arguments.report.iter().any(ReportFile::takes_the_output) {
        outcome.err = for_people;
    } else {
        outcome.out = for_people;
    }
    for file in &arguments.report {
        match file.write(suite, report, &style.rerun) {
            Ok(said) => outcome.reports.push_str(&said),
            Err(why) => outcome.complain(&why),
        }
    }
    outcome
}

/// Returns the command as it was given, without the arguments that choose cases and files.
fn rerun(arguments: &RunArguments) -> String {
    let mut words = vec!["conformance run".to_owned(), quoted(&arguments.protocol)];
    words.extend(arguments.target.words());
    for path in &arguments.scenarios {
        words.push(format!(
            "--scenarios {}",
            quoted(&path.display().to_string())
        ));
    }
    for (name, value) in &arguments.settings {
        words.push(format!("--set {}", quoted(&format!("{name}={value}"))));
    }
    words.extend(arguments.knowledge.words());
    if let Some(scale) = arguments.scale {
        words.push(format!("--scale {scale}"));
    }
    if arguments.segments != Cutting::Whole {
        words.push(format!(
            "--segments {}",
            arguments.segments.segments().word()
        ));
    }
    if arguments.shared_target {
        words.push("--shared-target".to_owned());
    }
    words.join(" ")
}

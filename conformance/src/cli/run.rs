//! `conformance run`: judges a server.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, ValueEnum};

use super::report_file::ReportFile;
use super::target::TargetArguments;
use super::words::{at_least_one, pair, positive, quoted};
use super::{Outcome, rendered};
use crate::report::{self, Detail, Paint, Style};
use crate::run::{Milestone, Options, Report, Segments, run_suite_watched};
use crate::source::Diagnostics;
use crate::suite::Suite;

/// What `run` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  nothing failed that the document demands
  1  something did
  2  wrong usage, or a suite with mistakes
  3  the target cannot be judged: nothing listens, or nothing there answers a login as documented
  4  nothing failed, but something that the document demands could not be judged")]
pub(super) struct RunArguments {
    /// A protocol that is compiled in (`conformance list`), or the folder of another
    protocol: String,

    #[command(flatten)]
    target: TargetArguments,

    /// More scenarios: a file, or a folder of files
    #[arg(long, value_name = "PATH")]
    scenarios: Vec<PathBuf>,

    /// Only these scenarios, and what they rest on
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,

    /// Not these scenarios
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    skip: Vec<String>,

    /// How many cases run side by side; 8, or fewer on a server that we start
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<usize>,

    /// All bounds times this; larger for a slow server
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = positive)]
    scale: f64,

    /// A setting of the server that scenarios ask for
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,

    /// Also writes a report: html, json, junit, tap, annotations or pcapng; `-` is the standard output
    #[arg(long, value_name = "FORMAT=FILE", value_delimiter = ',', value_parser = ReportFile::parse)]
    report: Vec<ReportFile>,

    /// How everything is cut that scenarios do not cut themselves
    #[arg(long, value_enum, default_value_t = Cutting::Whole)]
    segments: Cutting,

    /// Others use the server too; their broadcasts are put aside
    #[arg(long)]
    shared_target: bool,

    /// Repeats the names and payloads of another run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Tells only what is wrong
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,

    /// Tells also why cases are inconclusive, and whole conversations
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cutting {
    /// Each send in one write
    Whole,
    /// Each byte in a segment of its own
    EachByte,
}

/// Judges a server.
pub(super) fn run(arguments: &RunArguments) -> Outcome {
    let suite = match load(arguments) {
        Ok(suite) => suite,
        Err(mistakes) => return Outcome::refused(rendered(&mistakes)),
    };
    let target = match arguments.target.target() {
        Ok(target) => target,
        Err(why) => return Outcome::refused(format!("{why}\n")),
    };
    let progress = Progress::new();
    let report = run_suite_watched(&suite, target, &options(arguments), &|milestone| {
        progress.tell(milestone);
    });
    progress.clear();
    match report {
        Ok(report) => outcome(arguments, &suite, &report),
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

fn options(arguments: &RunArguments) -> Options {
    Options {
        only: arguments.only.clone(),
        skip: arguments.skip.clone(),
        jobs: arguments.jobs.unwrap_or_else(|| arguments.target.jobs()),
        scale: arguments.scale,
        settings: arguments
            .settings
            .iter()
            .cloned()
            .collect::<BTreeMap<_, _>>(),
        segments: match arguments.segments {
            Cutting::Whole => Segments::Whole,
            Cutting::EachByte => Segments::EachByte,
        },
        shared_target: arguments.shared_target,
        seed: arguments.seed,
        ..Options::default()
    }
}

/// Writes the reports that are wanted, and returns the one for people.
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
        out: String::new(),
        err: String::new(),
        code: report.exit_code(),
    };
    let for_people = report::render(report, &style);
    if arguments.report.iter().any(ReportFile::takes_the_output) {
        outcome.err = for_people;
    } else {
        outcome.out = for_people;
    }
    for file in &arguments.report {
        match file.write(suite, report, &style.rerun) {
            Ok(said) => outcome.out.push_str(&said),
            Err(why) => {
                outcome.code = 2;
                outcome.err.push_str(&why);
            }
        }
    }
    outcome
}

/// The command as it was given, but for what chooses cases and files.
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
    if (arguments.scale - 1.0).abs() > f64::EPSILON {
        words.push(format!("--scale {}", arguments.scale));
    }
    if arguments.segments == Cutting::EachByte {
        words.push("--segments each-byte".to_owned());
    }
    if arguments.shared_target {
        words.push("--shared-target".to_owned());
    }
    words.join(" ")
}

/// Says on a terminal how far the run has come, on one line that is overwritten.
struct Progress {
    visible: bool,
    cases: AtomicUsize,
    played: AtomicUsize,
}

impl Progress {
    fn new() -> Progress {
        Progress {
            visible: io::stderr().is_terminal(),
            cases: AtomicUsize::new(0),
            played: AtomicUsize::new(0),
        }
    }

    fn tell(&self, milestone: &Milestone<'_>) {
        match milestone {
            Milestone::Begins { cases } => self.cases.store(*cases, Ordering::Relaxed),
            Milestone::Played { id, .. } => {
                let played = self.played.fetch_add(1, Ordering::Relaxed) + 1;
                let cases = self.cases.load(Ordering::Relaxed);
                self.write(&format!("\r\x1b[K{played} played, {cases} cases: {id}"));
            }
        }
    }

    fn clear(&self) {
        self.write("\r\x1b[K");
    }

    fn write(&self, text: &str) {
        if self.visible {
            // Nobody is helped by an error about progress.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}

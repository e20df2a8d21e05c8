//! `conformance run`: judges a server.

mod report_file;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::interrupt::{on_interruption, watch};
use super::knowledge::{Knowledge, KnowledgeArguments, learned};
use super::output::Stream;
use super::output_file::{OutputFile, all_differ, keep_inputs};
use super::progress::Progress;
use super::target::TargetArguments;
use super::words::{at_least_one, duration, pair, positive, quoted, scenario_id};
use super::{Outcome, words};
use crate::report::{self, Detail, Style};
use crate::run::{Options, Segments, Target, check, run_suite_watched};
use crate::source::Diagnostics;
use crate::spawn::{end_all, sweep};
use crate::suite::Suite;
use report_file::{OpenReport, ReportFile, open_all};

/// The arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes:
  0  the suite judged every MUST that it checks, and the server violates none of them (except in known deviations)
  1  the server violates a MUST, or a known deviation no longer occurs
  2  wrong usage, a suite with mistakes, or output that could not be written (the codes 1, 3 and 4 take precedence)
  3  the server cannot be judged: nothing listens at its address, it did not start, or it does not answer a login
     as documented
  4  no case failed, but a MUST was not judged; the last line says why

Ctrl-C ends the run early and writes the reports with the results so far (exit code 130; 143 after SIGTERM, 129 after
SIGHUP). A second Ctrl-C ends the run at once, without reports.")]
pub(super) struct RunArguments {
    /// A protocol that comes with the program (`conformance list`), or the folder of a suite
    #[arg(add = words::protocol())]
    protocol: String,

    #[command(flatten)]
    target: TargetArguments,

    /// Also play these scenarios: a file, or a folder of files
    #[arg(long, value_name = "PATH")]
    scenarios: Vec<PathBuf>,

    /// Play only these scenarios, and the scenarios on which they depend; separate them with commas, or repeat the option
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = scenario_id, add = words::case())]
    only: Vec<String>,

    /// Do not play these scenarios; separate them with commas, or repeat the option
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = scenario_id, add = words::case())]
    skip: Vec<String>,

    /// Number of cases to play at the same time [default: 8; with --spawn 4, each on a process of its own]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    jobs: Option<usize>,

    /// Multiply all time limits by this factor; use a factor above 1 for a slow server [default: 1]
    #[arg(long, value_name = "FACTOR", value_parser = positive)]
    scale: Option<f64>,

    /// Always wait for the whole time limits, even for a server that answers fast
    #[arg(long)]
    patient: bool,

    /// Set a value that scenarios need, such as identify-timeout=60s
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,

    /// Also write a report: html, json, junit, tap, annotations or pcapng; the file `-` is the standard output
    #[arg(long, value_name = "FORMAT=FILE", value_delimiter = ',', value_parser = ReportFile::parse)]
    report: Vec<ReportFile>,

    #[command(flatten)]
    knowledge: KnowledgeArguments,

    /// Maximum duration of the run; cases that are not judged within this time are inconclusive
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    time_limit: Option<Duration>,

    /// Play all cases a second time with these TCP segments, and report the verdicts that change
    #[arg(long, value_enum, default_value_t = Cutting::Whole)]
    segments: Cutting,

    /// Ignore broadcasts from clients of other people who use the server during the run
    #[arg(long)]
    shared_target: bool,

    /// Use the same names and payloads as an earlier run that printed this seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Print only the cases that failed or could not be judged, and the summary
    #[arg(long, short, conflicts_with = "verbose")]
    quiet: bool,

    /// Also print whole conversations, and why cases are inconclusive
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cutting {
    /// One segment for each send; play the cases only once
    Whole,
    /// One segment for each byte
    EachByte,
    /// One segment for everything that a client sends before it waits for an answer
    Glued,
    /// Divide sends in the middle of each length field
    InsideLength,
    /// Divide sends inside each character that takes several bytes
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
    prepared(arguments).map_or_else(|refused| refused, |prepared| judge(arguments, prepared))
}

/// Everything that a run needs. A value of this type exists only if all checks for wrong usage have passed.
struct Prepared {
    suite: Suite,
    target: Target,
    options: Options,
    reports: Vec<OpenReport>,
    profile: Option<OutputFile>,
}

/// Reads the files that the arguments name, and opens the files that the run will write.
fn prepared(arguments: &RunArguments) -> Result<Prepared, Outcome> {
    let refused = |why: String| Outcome::refused(format!("{why}\n"));
    let suite = load(arguments).map_err(|mistakes| Outcome::mistaken(&mistakes))?;
    let target = arguments.target.target().map_err(refused)?;
    let knowledge = arguments.knowledge.read(&suite)?;
    let options = options(arguments, knowledge);
    check(&suite, &options).map_err(|wrong| refused(wrong.to_string()))?;
    let reports = open_all(&arguments.report).map_err(refused)?;
    let profile = arguments.knowledge.open_profile().map_err(refused)?;
    let files = || reports.iter().filter_map(OpenReport::file);
    all_differ(files().chain(&profile)).map_err(refused)?;
    let sources = suite.sources.files().map(|file| PathBuf::from(&file.name));
    keep_inputs(
        files(),
        sources.chain(arguments.knowledge.written_by_hand()),
    )
    .map_err(refused)?;
    Ok(Prepared {
        suite,
        target,
        options,
        reports,
        profile,
    })
}

/// Judges the server, and writes the files that the user asked for. After an interruption, these files contain the results
/// so far.
fn judge(arguments: &RunArguments, prepared: Prepared) -> Outcome {
    let Prepared {
        suite,
        target,
        options,
        reports,
        profile,
    } = prepared;
    let interruption = options.interruption.clone();
    let handled = on_interruption(move |signal| {
        interruption.interrupt(signal);
        end_all();
    });
    if let Err(error) = handled {
        return Outcome::refused(format!("cannot install the handler for Ctrl-C: {error}\n"));
    }
    let _watcher = arguments.target.is_started().then(|| {
        sweep();
        watch::start()
    });
    let stream = match arguments.report.iter().any(ReportFile::takes_the_output) {
        true => Stream::Errors,
        false => Stream::Output,
    };
    let style = style(arguments, stream);
    let progress = Progress::new(&style, stream);
    let report = run_suite_watched(&suite, target, &options, &|milestone| {
        progress.tell(milestone);
    });
    let (was_begun, broken) = progress.end();
    let report = match report {
        Ok(report) => report,
        Err(wrong) => return Outcome::refused(format!("{wrong}\n")),
    };
    let mut outcome = Outcome {
        code: report.exit_code(),
        ..Outcome::default()
    };
    let head = match was_begun {
        true => String::new(),
        false => report::head(&report, &style),
    };
    let for_people = head + &report::conclusion(&report, &style);
    match stream {
        Stream::Output => outcome.out = for_people,
        Stream::Errors => outcome.err = for_people,
    }
    if let Some(error) = broken {
        outcome.lost(&error);
    }
    for mut file in reports {
        match file.write(&suite, &report, &style.rerun) {
            Ok(said) => outcome.reports.push_str(&said),
            Err(why) => outcome.complain(&format!("{why}\n")),
        }
    }
    if let Some(mut file) = profile {
        let text = learned(&options, &report).to_kdl(&suite);
        if let Err(why) = file.write(text.as_bytes()) {
            outcome.complain(&format!("{why}\n"));
        }
    }
    outcome
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
        is_patient: arguments.patient,
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

fn style(arguments: &RunArguments, stream: Stream) -> Style {
    Style {
        detail: match (arguments.quiet, arguments.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Usual,
        },
        paint: stream.paint(),
        rerun: rerun(arguments),
    }
}

/// Returns a command that plays the cases of this run again. A caller can add `--only ID` to it. The command repeats the
/// arguments about the server and about how cases are played. It leaves out the choice of cases, the output files, the seed,
/// and the limits.
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
    if arguments.patient {
        words.push("--patient".to_owned());
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

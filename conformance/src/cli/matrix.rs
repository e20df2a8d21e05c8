//! `conformance matrix`: many targets side by side.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use super::output::Stream;
use super::output_file::{OutputFile, all_differ};
use crate::matrix::{Matrix, RunFile, Weights};
use crate::report;

/// The arguments of `matrix`.
#[derive(Debug, Args)]
#[command(after_help = "\
A score is the share of the possible points that a team earned, from 0 to 100. Each case has the points of the highest level
among its requirements (must=3, should=1, may=0), or points of its own (case ID=10). A pass earns all points. Other verdicts
earn a part: note=1, non-strict=0.5, inconclusive=0, fail=0. Unsupported cases do not count.")]
pub(super) struct MatrixArguments {
    /// JSON reports of `conformance run --report json=FILE`; TEAM=FILE sets the name of the team [default: the name of the file]
    #[arg(required = true, value_name = "[TEAM=]RUN.json")]
    runs: Vec<String>,

    /// Also write html=FILE (a page) or csv=FILE (for spreadsheets)
    #[arg(long, value_name = "FORMAT=FILE", value_delimiter = ',', value_parser = matrix_report)]
    report: Vec<(Format, PathBuf)>,

    /// Points of a level, of a verdict or of a case, such as must=3, non-strict=0.5 or "case ID=10"
    #[arg(long = "weight", value_name = "NAME=NUMBER", value_delimiter = ',')]
    weights: Vec<String>,

    /// A file with such weights, one on each line
    #[arg(long = "weights", value_name = "FILE")]
    weights_file: Option<PathBuf>,

    /// Also list the cases that all teams pass
    #[arg(long, short)]
    verbose: bool,
}

#[derive(Debug, Clone, Copy)]
enum Format {
    Html,
    Csv,
}

fn matrix_report(text: &str) -> Result<(Format, PathBuf), String> {
    match text.split_once('=') {
        Some(("html", file)) if !file.is_empty() => Ok((Format::Html, file.into())),
        Some(("csv", file)) if !file.is_empty() => Ok((Format::Csv, file.into())),
        _ => Err("write html=FILE or csv=FILE".to_owned()),
    }
}

/// Compares runs.
pub(super) fn matrix(arguments: &MatrixArguments) -> Outcome {
    match side_by_side(arguments) {
        // Its parts are escaped already, and it has colours.
        Ok(out) => Outcome {
            out,
            ..Outcome::default()
        },
        Err(why) => Outcome::refused(format!("{why}\n")),
    }
}

fn side_by_side(arguments: &MatrixArguments) -> Result<String, String> {
    let weights = weights(arguments)?;
    let runs: Vec<RunFile> = arguments
        .runs
        .iter()
        .map(|written| read_run(written))
        .collect::<Result<_, _>>()?;
    let matrix = Matrix::of(&runs, &weights)?;
    for case in weights.cases() {
        if !matrix.rows.iter().any(|row| row.id == case) {
            return Err(format!(
                "there is a weight for case {case}, but no report has this case"
            ));
        }
    }
    let in_words = weights.in_words();
    let wanted = arguments.report.iter();
    let mut files: Vec<OutputFile> = wanted
        .map(|(_, path)| OutputFile::open(path))
        .collect::<Result<_, _>>()?;
    all_differ(&files)?;
    for ((format, _), file) in arguments.report.iter().zip(&mut files) {
        let text = match format {
            Format::Html => report::matrix_page(&matrix, &in_words),
            Format::Csv => report::matrix_csv(&matrix),
        };
        file.write(text.as_bytes())?;
    }
    Ok(report::matrix_table(
        &matrix,
        &in_words,
        arguments.verbose,
        Stream::Output.paint(),
    ))
}

/// Returns the weights of the file, then those of the command line, which take precedence.
fn weights(arguments: &MatrixArguments) -> Result<Weights, String> {
    let mut weights = Weights::default();
    if let Some(file) = &arguments.weights_file {
        let text = read(file)?;
        weights
            .read(&text)
            .map_err(|why| format!("{}: {why}", file.display()))?;
    }
    for written in &arguments.weights {
        weights.set(written)?;
    }
    Ok(weights)
}

/// Reads `RUN.json`, or `TEAM=RUN.json` where no file has that whole name.
fn read_run(written: &str) -> Result<RunFile, String> {
    let (name, file) = match written.split_once('=') {
        Some((name, file)) if !Path::new(written).exists() => (Some(name), Path::new(file)),
        _ => (None, Path::new(written)),
    };
    let text = read(file)?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    RunFile::read(name.unwrap_or(&stem), &text).map_err(|why| format!("{}: {why}", file.display()))
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))
}

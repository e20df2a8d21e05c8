//! `conformance matrix`: compares the results of many targets, side by side.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use super::output::Stream;
use super::output_file::{OutputFile, all_differ};
use crate::matrix::{Matrix, RunFile, Weights};
use crate::report;
use crate::source::read_text;

/// The arguments of `matrix`.
#[derive(Debug, Args)]
#[command(after_help = "\
A score is the share of the possible points that a team earned, from 0 to 100. A case is worth the points of the highest
level among its requirements (must=3, should=1, may=0), or the points that are set for it (case ID=10). A pass earns all
points of the case. Other verdicts earn a part of them: note=1 (all), non-strict=0.5 (half), inconclusive=0, fail=0.
Unsupported cases do not count.")]
pub(super) struct MatrixArguments {
    /// JSON reports that `conformance run --report json=FILE` wrote. TEAM=FILE sets the name of the team [default: the name of the file; if several files have the same name, the name of the nearest parent folder that is different for each file]
    #[arg(required = true, value_name = "[TEAM=]RUN.json")]
    runs: Vec<String>,

    /// Also write html=FILE (a page) or csv=FILE (for spreadsheets)
    #[arg(long, value_name = "FORMAT=FILE", value_delimiter = ',', value_parser = matrix_report)]
    report: Vec<(Format, PathBuf)>,

    /// Points for each case of a level, such as must=3; points for one case, such as "case ID=10"; or the part of these
    /// points that a verdict earns, such as non-strict=0.5
    #[arg(long = "weight", value_name = "NAME=NUMBER", value_delimiter = ',')]
    weights: Vec<String>,

    /// File with weights in the form that --weight takes, one on each line
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
        // The texts in the table are already escaped. Escaping the whole table again would destroy its colours, which are
        // escape sequences too.
        Ok(out) => Outcome {
            out,
            ..Outcome::default()
        },
        Err(why) => Outcome::refused(format!("{why}\n")),
    }
}

fn side_by_side(arguments: &MatrixArguments) -> Result<String, String> {
    let weights = weights(arguments)?;
    let runs: Vec<RunFile> = named(&arguments.runs)?
        .iter()
        .map(|(name, file)| read_run(name, file))
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

/// Returns the weights from the file and from the command line. Those from the command line take precedence.
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

/// Returns the runs, each with the name of its team. Without `TEAM=` the team has the name of its file. If several files
/// have the same name, the team has the name of the nearest parent folder whose name is different for each of them.
fn named(written: &[String]) -> Result<Vec<(String, PathBuf)>, String> {
    let split: Vec<(Option<&str>, &Path)> =
        written.iter().map(|text| team_and_file(text)).collect();
    let nameless: Vec<&Path> = split
        .iter()
        .filter(|(name, _)| name.is_none())
        .map(|(_, file)| *file)
        .collect();
    let mut names = BTreeSet::new();
    let mut runs = Vec::new();
    for (name, file) in split {
        let name = name.map_or_else(|| own_name(file, &nameless), str::to_owned);
        if !names.insert(name.clone()) {
            return Err(format!(
                "two runs have the name {name}; give each a name of its own: TEAM=FILE"
            ));
        }
        runs.push((name, file.to_owned()));
    }
    Ok(runs)
}

/// Splits `TEAM=FILE`. Both parts may contain `=`: FILE is the longest part after a `=` that is the path of a file. If there
/// is no such file, the first `=` splits the text.
fn team_and_file(written: &str) -> (Option<&str>, &Path) {
    if Path::new(written).exists() {
        return (None, Path::new(written));
    }
    let splits = written.match_indices('=');
    let mut splits = splits.map(|(at, _)| (&written[..at], Path::new(&written[at + 1..])));
    let first = splits.next();
    let existing = first
        .into_iter()
        .chain(splits)
        .find(|(_, file)| file.exists());
    match existing.or(first) {
        Some((team, file)) => (Some(team), file),
        None => (None, Path::new(written)),
    }
}

fn own_name(file: &Path, all: &[&Path]) -> String {
    let stem = |file: &Path| file.file_stem().map(OsStr::to_owned);
    let namesakes: Vec<&Path> = all
        .iter()
        .copied()
        .filter(|other| stem(other) == stem(file))
        .collect();
    if let [_] = namesakes.as_slice() {
        return stem(file)
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
    }
    let depth = file.components().count();
    let folder = |file: &Path, above: usize| {
        let folder = file.ancestors().nth(above)?.file_name()?;
        Some(folder.to_owned())
    };
    let tells_apart = |above: &usize| {
        let folders: BTreeSet<_> = namesakes.iter().map(|file| folder(file, *above)).collect();
        folders.len() == namesakes.len()
    };
    let nearest = (1..depth)
        .find(tells_apart)
        .and_then(|above| folder(file, above));
    nearest.map_or_else(
        || file.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn read_run(name: &str, file: &Path) -> Result<RunFile, String> {
    let text = read(file)?;
    RunFile::read(name, &text).map_err(|why| format!("{}: {why}", file.display()))
}

fn read(file: &Path) -> Result<String, String> {
    read_text(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::files(&["ada.json", "teams/bob.json"], &["ada", "bob"])]
    #[case::folders(&["teams/ada/run.json", "teams/bob/run.json"], &["ada", "bob"])]
    #[case::folders_above(&["ada/out/run.json", "bob/out/run.json"], &["ada", "bob"])]
    #[case::some(&["teams/ada/run.json", "teams/bob/run.json", "c.json"], &["ada", "bob", "c"])]
    #[case::given(&["x=teams/run.json", "run.json"], &["x", "run"])]
    fn a_team_has_the_name_that_tells_it_apart(#[case] written: &[&str], #[case] names: &[&str]) {
        let written: Vec<String> = written.iter().map(|text| (*text).to_owned()).collect();
        let found = named(&written).expect("the names differ");
        let found: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, names);
    }

    #[rstest]
    #[case(&["same=a", "same=b"])]
    #[case(&["a.json", "a.json"])]
    fn two_runs_with_one_name_are_refused(#[case] written: &[&str]) {
        let written: Vec<String> = written.iter().map(|text| (*text).to_owned()).collect();
        assert!(named(&written).is_err());
    }

    #[test]
    fn a_team_and_a_file_may_contain_the_sign_between_them() {
        let folder = tempfile::tempdir().expect("a temporary folder can be created");
        let path = |name: &str| folder.path().join(name).display().to_string();
        for name in ["f", "b=f"] {
            std::fs::write(path(name), "").expect("the file can be written");
        }
        let (file, other) = (path("f"), path("b=f"));
        let (team, both) = (format!("a=b={file}"), format!("a={other}"));
        assert_eq!(team_and_file(&team), (Some("a=b"), Path::new(&file)));
        assert_eq!(team_and_file(&both), (Some("a"), Path::new(&other)));
        assert_eq!(team_and_file(&other), (None, Path::new(&other)));
    }
}

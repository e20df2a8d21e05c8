//! `--report FORMAT=FILE`: which reports are written, and where.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::output_file::{OutputFile, cannot_write};
use crate::report::{self, Conversation};
use crate::run::Report;
use crate::suite::Suite;

/// The error about a wrong value of `--report`.
const USAGE: &str = "write FORMAT=FILE, such as html=report.html; the formats are html, json, junit, tap, annotations and pcapng";

/// One report that the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportFile {
    format: Format,
    place: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Html,
    Json,
    Junit,
    Tap,
    Annotations,
    Pcapng,
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Destination {
    StandardOutput,
    File(PathBuf),
}

impl ReportFile {
    /// Parses the value of `--report`.
    pub(super) fn parse(text: &str) -> Result<ReportFile, String> {
        let (format, place) = text.split_once('=').ok_or(USAGE)?;
        let format = match format {
            "html" => Format::Html,
            "json" => Format::Json,
            "junit" => Format::Junit,
            "tap" => Format::Tap,
            "annotations" => Format::Annotations,
            "pcapng" => Format::Pcapng,
            _ => return Err(USAGE.to_owned()),
        };
        let place = match place {
            "" => return Err(USAGE.to_owned()),
            "-" | "/dev/stdout" if format == Format::Pcapng => {
                return Err("a capture cannot go to the standard output; write pcapng=FILE or pcapng=FOLDER/".to_owned());
            }
            "-" | "/dev/stdout" => Destination::StandardOutput,
            file => Destination::File(PathBuf::from(file)),
        };
        Ok(ReportFile { format, place })
    }

    /// Returns whether the report for people must go to the standard error because this report goes to the standard output.
    /// Annotations share the standard output with the report for people.
    pub(super) fn takes_the_output(&self) -> bool {
        self.place == Destination::StandardOutput && self.format != Format::Annotations
    }

    /// Opens the file or the folder for the report.
    ///
    /// # Errors
    ///
    /// Fails if nothing can be written there. The error is a message for the user.
    fn open(&self) -> Result<OpenReport, String> {
        let place = match &self.place {
            Destination::StandardOutput => Open::StandardOutput,
            Destination::File(path) if self.format == Format::Pcapng && is_folder(path) => {
                // Creating a temporary file checks that the program can create files in the folder.
                fs::create_dir_all(path)
                    .and_then(|()| tempfile::tempfile_in(path))
                    .map_err(|error| cannot_write(path, &error))?;
                Open::Folder(path.clone())
            }
            Destination::File(path) => Open::File(OutputFile::open(path)?),
        };
        Ok(OpenReport {
            format: self.format,
            place,
        })
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/')
}

/// A report that will be written; its file is already open.
#[derive(Debug)]
pub(super) struct OpenReport {
    format: Format,
    place: Open,
}

#[derive(Debug)]
enum Open {
    StandardOutput,
    File(OutputFile),
    Folder(PathBuf),
}

/// Opens the files and folders for all reports.
///
/// # Errors
///
/// Fails if one of them cannot be written, or if two reports go to the standard output. The error is a message for the user.
pub(super) fn open_all(wanted: &[ReportFile]) -> Result<Vec<OpenReport>, String> {
    let to_output = wanted
        .iter()
        .filter(|file| file.place == Destination::StandardOutput);
    if to_output.count() > 1 {
        return Err(
            "only one report can go to the standard output; write the others to files".to_owned(),
        );
    }
    wanted.iter().map(ReportFile::open).collect()
}

impl OpenReport {
    /// Returns the file of the report, or `None` if the report goes to the standard output or to a folder.
    pub(super) fn file(&self) -> Option<&OutputFile> {
        match &self.place {
            Open::File(file) => Some(file),
            Open::StandardOutput | Open::Folder(_) => None,
        }
    }

    /// Writes the report; returns the text for the standard output.
    ///
    /// # Errors
    /// Fails if the report cannot be written. The error is a message for the user.
    pub(super) fn write(
        &mut self,
        suite: &Suite,
        report: &Report,
        rerun: &str,
    ) -> Result<String, String> {
        let text = match self.format {
            Format::Html => report::to_html(suite, report, rerun),
            Format::Json => report::to_json(report),
            Format::Junit => report::to_junit(report, rerun),
            Format::Tap => report::to_tap(report, rerun),
            Format::Annotations => report::to_annotations(report, rerun),
            Format::Pcapng => return self.write_captures(report).map(|()| String::new()),
        };
        match &mut self.place {
            Open::File(file) => file.write(text.as_bytes()).map(|()| String::new()),
            // A text never goes to a folder. Only captures do, and `write_captures` writes them.
            Open::StandardOutput | Open::Folder(_) => Ok(text),
        }
    }

    /// Writes the captures: one file with all cases, or a folder with one file for each case.
    fn write_captures(&mut self, report: &Report) -> Result<(), String> {
        let mut played = report.cases.iter().filter_map(Conversation::of);
        match &mut self.place {
            Open::File(file) => file.write(&report::to_pcapng(report.target, played)),
            Open::Folder(folder) => played.try_for_each(|case| {
                let path = folder.join(format!("{}.pcapng", case.name));
                fs::write(&path, report::to_pcapng(report.target, [case]))
                    .map_err(|error| cannot_write(&path, &error))
            }),
            Open::StandardOutput => Ok(()),
        }
    }
}

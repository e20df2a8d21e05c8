//! `--report FORMAT=FILE`: which reports are written, and their places.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::{self, Conversation};
use crate::run::Report;
use crate::suite::Suite;

/// How to write `--report`.
const USAGE: &str = "write FORMAT=FILE, such as html=report.html; the formats are html, json, junit, tap, annotations and pcapng";

/// One report that the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReportFile {
    format: Format,
    place: Place,
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

/// The place of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    StandardOutput,
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::StandardOutput => f.write_str("the standard output"),
            Place::File(path) => path.display().fmt(f),
        }
    }
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
            "-" if format == Format::Pcapng => {
                return Err("a capture cannot go to the standard output; write pcapng=FILE or pcapng=FOLDER/".to_owned());
            }
            "-" => Place::StandardOutput,
            file => Place::File(PathBuf::from(file)),
        };
        Ok(ReportFile { format, place })
    }

    /// Returns whether it takes the standard output from the report for people.
    pub(super) fn takes_the_output(&self) -> bool {
        self.place == Place::StandardOutput && self.format != Format::Annotations
    }

    /// Writes the report; returns the text for the standard output.
    ///
    /// # Errors
    ///
    /// If it cannot be written. The error is a sentence.
    pub(super) fn write(
        &self,
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
        match &self.place {
            Place::StandardOutput => Ok(text),
            Place::File(path) => put(path, text.as_bytes())
                .map(|()| String::new())
                .map_err(|error| self.complain(&error)),
        }
    }

    /// Writes a file with all cases, or a folder with a file for each case.
    fn write_captures(&self, report: &Report) -> Result<(), String> {
        let Place::File(path) = &self.place else {
            return Ok(());
        };
        let mut played = report.cases.iter().filter_map(Conversation::of);
        let written = if path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/') {
            played.try_for_each(|case| {
                let file = path.join(format!("{}.pcapng", case.name));
                put(&file, &report::to_pcapng(report.target, [case]))
            })
        } else {
            put(path, &report::to_pcapng(report.target, played))
        };
        written.map_err(|error| self.complain(&error))
    }

    fn complain(&self, error: &io::Error) -> String {
        format!("cannot write the report to {}: {error}\n", self.place)
    }
}

/// Writes a file, and creates the folders above it.
pub(super) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)
}

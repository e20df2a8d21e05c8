//! Files with facts about the target: its profile, the list of its known deviations, and the report of an earlier run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use super::output_file::OutputFile;
use super::words::quoted;
use crate::profile::{Profile, read_known, read_profile};
use crate::run::{Options, Report};
use crate::source::{Diagnostics, read_text};
use crate::suite::Suite;

/// The arguments that name the files with facts about the target.
#[derive(Debug, Args)]
pub(super) struct KnowledgeArguments {
    /// Read facts about the server from this file: settings, readings, and the cases that the server does not support
    #[arg(long, value_name = "FILE", help_heading = "Files about the server")]
    profile: Option<PathBuf>,

    /// Save the facts about the server that you gave or that the run found out; a later run can read this file with --profile
    #[arg(long, value_name = "FILE", help_heading = "Files about the server")]
    save_profile: Option<PathBuf>,

    /// Read known deviations from this file: each line is the id of a case and a reason in quotes. The listed cases do not count as failures, but the run fails if one of them passes
    #[arg(long, value_name = "FILE", help_heading = "Files about the server")]
    known: Option<PathBuf>,

    /// Play only the cases that failed or were inconclusive in this JSON report of an earlier run
    #[arg(
        long,
        value_name = "RUN.json",
        conflicts_with = "only",
        help_heading = "Files about the server"
    )]
    rerun_failed: Option<PathBuf>,
}

/// The contents of the files with facts about the target.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    pub(super) profile: Profile,
    pub(super) known: BTreeMap<String, String>,
    /// The cases to run again.
    pub(super) only: Option<Vec<String>>,
}

impl KnowledgeArguments {
    /// Returns the files that the user writes by hand. The report of an earlier run is not one of them, because the program
    /// wrote it.
    pub(super) fn written_by_hand(&self) -> impl Iterator<Item = PathBuf> {
        self.profile.iter().chain(&self.known).cloned()
    }

    /// Reads the files. Returns `Err` with the outcome of the command if the command must end at once. This outcome is wrong
    /// usage if a file has a mistake, and success if no case of the earlier run must run again.
    pub(super) fn read(&self, suite: &Suite) -> Result<Knowledge, Outcome> {
        let mut knowledge = Knowledge::default();
        let refused = |mistakes: Diagnostics| Outcome::mistaken(&mistakes);
        if let Some(path) = &self.profile {
            knowledge.profile = read_profile(path, suite).map_err(refused)?;
        }
        if let Some(path) = &self.known {
            knowledge.known = read_known(path, suite).map_err(refused)?;
        }
        if let Some(path) = &self.rerun_failed {
            let failed = failed_in(path, suite);
            let failed = failed.map_err(|why| {
                Outcome::refused(format!(
                    "cannot run cases of the report {} again: {why}\n",
                    path.display()
                ))
            })?;
            if failed.is_empty() {
                return Err(Outcome::said(format!(
                    "No case failed or was inconclusive in {}.\n",
                    path.display()
                )));
            }
            knowledge.only = Some(failed);
        }
        Ok(knowledge)
    }

    /// Opens the file in which the run saves the profile, if the user asked for it. The error is a message for the user.
    pub(super) fn open_profile(&self) -> Result<Option<OutputFile>, String> {
        let path = self.save_profile.as_deref();
        path.map(OutputFile::open).transpose()
    }

    /// Returns these arguments for a later command, without those that choose cases or name output files.
    pub(super) fn words(&self) -> Vec<String> {
        let files = [("--profile", &self.profile), ("--known", &self.known)];
        files
            .into_iter()
            .filter_map(|(option, path)| Some((option, path.as_ref()?)))
            .map(|(option, path)| format!("{option} {}", quoted(&path.display().to_string())))
            .collect()
    }
}

/// Returns a profile with the facts that the user gave, and the choices of the readings that the run proved.
pub(super) fn learned(options: &Options, report: &Report) -> Profile {
    let proved = report.readings.iter().filter(|reading| reading.proved);
    Profile {
        settings: options.settings.clone(),
        readings: proved
            .map(|reading| (reading.name.clone(), reading.choice.clone()))
            .collect(),
        unsupported: options.unsupported.clone(),
        scale: Some(options.scale).filter(|scale| (scale - 1.0).abs() > f64::EPSILON),
    }
}

/// Returns the cases of an earlier run that failed or were inconclusive.
fn failed_in(path: &Path, suite: &Suite) -> Result<Vec<String>, String> {
    let text = read_text(path).map_err(|error| error.to_string())?;
    let run: EarlierRun = serde_json::from_str(&text).map_err(|error| {
        format!("it is not the JSON report of a run ({error}); write one with --report json=FILE")
    })?;
    if run.protocol != suite.name {
        return Err(format!(
            "it is a report about the protocol {}, but this run is for {}",
            run.protocol, suite.name
        ));
    }
    let failed = run
        .cases
        .into_iter()
        .filter(|case| matches!(&*case.verdict, "fail" | "inconclusive" | "error"))
        .map(|case| case.id);
    Ok(failed.collect())
}

#[derive(serde::Deserialize)]
struct EarlierRun {
    protocol: String,
    cases: Vec<EarlierCase>,
}

#[derive(serde::Deserialize)]
struct EarlierCase {
    id: String,
    verdict: String,
}

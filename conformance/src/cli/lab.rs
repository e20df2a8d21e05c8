//! `conformance lab`: shows which cases of a suite fail against a server with each known fault.

use std::path::PathBuf;

use clap::Args;

use super::output_file::OutputFile;
use super::{Outcome, words};
use crate::diagnosis::Atlas;
use crate::report::{laboratory_page, laboratory_text};
use crate::suite::Suite;

/// The arguments of `lab`.
#[derive(Debug, Args)]
pub(super) struct LabArguments {
    /// A protocol that comes with the program [default: all of them]
    #[arg(add = words::protocol())]
    protocol: Option<String>,

    /// Also write the table of faults and cases as an HTML page
    #[arg(long, value_name = "html=FILE", value_parser = page, requires = "protocol")]
    report: Option<PathBuf>,
}

fn page(text: &str) -> Result<PathBuf, String> {
    match text.split_once('=') {
        Some(("html", file)) if !file.is_empty() => Ok(PathBuf::from(file)),
        _ => Err("write html=FILE".to_owned()),
    }
}

/// Prints the results of the laboratory.
pub(super) fn lab(arguments: &LabArguments) -> Outcome {
    let names: Vec<&str> = match &arguments.protocol {
        Some(name) => vec![name],
        None => Suite::built_in_names(),
    };
    let mut texts = Vec::new();
    for name in names {
        let suite = match Suite::find(name) {
            Ok(suite) => suite,
            Err(mistakes) => return Outcome::mistaken(&mistakes),
        };
        let Some(atlas) = Atlas::of(name) else {
            return Outcome::refused(format!("the laboratory has no faults for {name}\n"));
        };
        if let Some(file) = &arguments.report
            && let Err(why) = OutputFile::open(file)
                .and_then(|mut file| file.write(laboratory_page(&suite, &atlas).as_bytes()))
        {
            return Outcome::refused(format!("{why}\n"));
        }
        texts.push(laboratory_text(&suite, &atlas));
    }
    Outcome::said(texts.join("\n"))
}

//! A suite: the grammar, the requirements and the scenarios of one protocol, read from its folder and checked (linted).

mod assemble;
mod built_in;
mod coverage;
mod folder;
mod inherit;
mod mistake;

use std::path::Path;

pub use crate::spec::{Level, Requirement};

use crate::grammar::Grammar;
use crate::scenario::Scenario;
use crate::source::{Diagnostics, Findings, did_you_mean};
pub use built_in::built_in_file;
pub use coverage::{Coverage, Covered};
pub use folder::Sources;

/// The suite of one protocol: the contents of the files in its folder.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The name of the protocol on the command line, for example `chaton`.
    pub name: String,
    /// The packets.
    pub grammar: Grammar,
    /// The requirements of spec.md, in their order.
    pub requirements: Vec<Requirement>,
    /// The scenarios and probes, in the order of their files and lines.
    pub scenarios: Vec<Scenario>,
    /// Warnings of lint. The suite can be used in spite of these warnings.
    pub warnings: Diagnostics,
    /// The files from which the suite was read.
    pub sources: Sources,
}

impl Suite {
    /// Returns the built-in protocol with that name.
    ///
    /// # Panics
    ///
    /// Panics if the protocol's files have mistakes. A test reads every built-in protocol, so a release has no such
    /// mistakes.
    #[must_use]
    #[expect(
        clippy::panic,
        reason = "no file of a user is read here, and a test reads every protocol that is compiled in"
    )]
    pub fn built_in(name: &str) -> Option<Suite> {
        let sources = built_in::sources(name)?;
        match Suite::from_sources(sources) {
            Ok(suite) => Some(suite),
            Err(mistakes) => {
                panic!("the built-in protocol {name} has mistakes:\n{mistakes}")
            }
        }
    }

    /// Returns the names of the built-in protocols, in alphabetical order.
    #[must_use]
    pub fn built_in_names() -> Vec<&'static str> {
        built_in::names()
    }

    /// Reads and lints a folder.
    ///
    /// # Errors
    ///
    /// Returns every mistake in the folder, with its place and a remedy. A file that cannot be read is a mistake too.
    pub fn read_folder(folder: &Path) -> Result<Suite, Diagnostics> {
        let mut findings = Findings::default();
        match Sources::read_folder(folder, &mut findings) {
            Some(sources) => assemble::assemble(sources, findings),
            None => Err(findings.into_diagnostics()),
        }
    }

    /// Returns the built-in protocol with this name. If there is none, reads the folder at this path.
    ///
    /// # Errors
    ///
    /// Returns the mistakes in the folder. If there is no folder at this path either, returns a message that says so.
    pub fn find(name_or_folder: &str) -> Result<Suite, Diagnostics> {
        if let Some(suite) = Suite::built_in(name_or_folder) {
            return Ok(suite);
        }
        let folder = Path::new(name_or_folder);
        if folder.is_dir() {
            return Suite::read_folder(folder);
        }
        Err(folder::no_such_protocol(name_or_folder))
    }

    /// Adds the scenarios of a file, or of all `.kdl` files of a folder, to the suite. These scenarios may use the fragments
    /// of the protocol, and are linted like the protocol's own scenarios.
    ///
    /// # Errors
    ///
    /// Returns every mistake in the scenarios.
    pub fn with_file(self, path: &Path) -> Result<Suite, Diagnostics> {
        let (mut sources, mut findings) = (self.sources, Findings::default());
        sources.add(path, &mut findings);
        assemble::assemble(sources, findings)
    }

    /// Reads and lints files in memory.
    ///
    /// # Errors
    ///
    /// Returns every mistake in the files.
    pub fn from_sources(sources: Sources) -> Result<Suite, Diagnostics> {
        assemble::assemble(sources, Findings::default())
    }

    /// Returns a help text for an id that no scenario has. The text names a similar id, or the command that lists all ids.
    /// It does not contain the list itself, which would fill the screen.
    #[must_use]
    pub fn instead_of(&self, id: &str) -> String {
        let ids = self.scenarios.iter().map(|scenario| scenario.id.as_str());
        did_you_mean(id, ids)
            .unwrap_or_else(|| format!("`conformance list {}` lists the cases", self.name))
    }

    /// Returns the scenario or probe with this id.
    #[must_use]
    pub fn scenario(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }

    /// Returns the requirement with this id.
    #[must_use]
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements
            .iter()
            .find(|requirement| requirement.id == id)
    }

    /// Returns which cases judge which requirement.
    #[must_use]
    pub fn coverage(&self) -> Coverage<'_> {
        Coverage::of(self)
    }
}

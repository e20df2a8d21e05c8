//! The files of a suite.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Suite, inherit, mistake};
use crate::source::{
    Check, Diagnostics, Findings, MAX_FILE_BYTES, SourceFile, one_of, open_regular, utf8,
};

/// The text of all files of a suite.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The files of the protocol that this one extends.
    pub(super) base: Option<Arc<Sources>>,
    pub(super) spec: Arc<SourceFile>,
    pub(super) wire: Arc<SourceFile>,
    pub(super) scenarios: Vec<Arc<SourceFile>>,
}

impl Sources {
    /// Makes sources from files in memory: spec.md, wire.kdl, and the scenario files in the order in which they are to be
    /// read.
    #[must_use]
    pub fn new(spec: SourceFile, wire: SourceFile, scenarios: Vec<SourceFile>) -> Sources {
        Sources {
            base: None,
            spec: Arc::new(spec),
            wire: Arc::new(wire),
            scenarios: scenarios.into_iter().map(Arc::new).collect(),
        }
    }

    /// Returns all files, including inherited ones. Each step and each scenario contains the name of its file, which is the
    /// name of one of these files.
    pub fn files(&self) -> Box<dyn Iterator<Item = &Arc<SourceFile>> + '_> {
        let inherited = self.base.iter().flat_map(|base| base.files());
        let own = [&self.spec, &self.wire].into_iter().chain(&self.scenarios);
        Box::new(inherited.chain(own))
    }

    /// Returns the texts of several spec.md: first those of the protocols that this protocol extends, then its own.
    pub fn specifications(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        let inherited = self.base.iter().flat_map(|base| base.specifications());
        Box::new(inherited.chain([self.spec.text.as_str()]))
    }

    /// Reads a folder. Returns `None` if wire.kdl cannot be read. If another file cannot be read, an empty file takes its
    /// place, so that the mistakes in the remaining files are reported too.
    pub(super) fn read_folder(folder: &Path, findings: &mut Findings) -> Option<Sources> {
        let wire = read(&folder.join("wire.kdl"), REPLACE, findings);
        // A protocol that extends another one may omit the files in which it changes nothing.
        let may_lack = wire.as_ref().is_some_and(inherit::extends);
        let [spec, scenarios] = [folder.join("spec.md"), folder.join("scenarios")];
        let no_spec = || Arc::new(SourceFile::new(spec.display().to_string(), ""));
        let spec = if may_lack && !spec.exists() {
            no_spec()
        } else {
            read(&spec, REPLACE, findings).unwrap_or_else(no_spec)
        };
        let scenarios = if may_lack && !scenarios.exists() {
            Vec::new()
        } else {
            read_scenario_files(&scenarios, findings)
        };
        Some(Sources {
            base: None,
            spec,
            wire: wire?,
            scenarios,
        })
    }

    pub(super) fn add(&mut self, path: &Path, findings: &mut Findings) {
        if path.is_dir() {
            self.scenarios.extend(read_scenario_files(path, findings));
        } else {
            self.scenarios.extend(read(path, REPLACE, findings));
        }
    }
}

pub(super) fn no_such_protocol(name: &str) -> Diagnostics {
    let mut findings = Findings::default();
    let file = Arc::new(SourceFile::new(name, ""));
    let known = one_of(name, Suite::built_in_names());
    findings.report(&(file, 0..0), mistake::unknown_protocol(known));
    findings.into_diagnostics()
}

/// The help text for a path that must be a text file, but is a folder, a FIFO or a device.
const REPLACE: &str = "replace it with a text file";

/// Reads a file. If the file cannot be read, reports the error. `instead` is the help that the report shows if the path is
/// not a regular file.
fn read(path: &Path, instead: &str, findings: &mut Findings) -> Option<Arc<SourceFile>> {
    let name = path.display().to_string();
    let error = match text_of(path) {
        Ok(text) => return Some(Arc::new(SourceFile::new(name, text))),
        Err(error) => error,
    };
    let file = Arc::new(SourceFile::new(name, ""));
    let help = match error.kind() {
        io::ErrorKind::NotFound => "a suite is a folder with spec.md, wire.kdl and scenarios/*.kdl",
        io::ErrorKind::InvalidData => "the files of a suite must be text in UTF-8",
        io::ErrorKind::InvalidInput => instead,
        _ => "",
    };
    findings.refuse(&(file, 0..0), mistake::unreadable_file(error, help))
}

/// Returns the text of a file. If the file is too long, returns only its beginning, so that a huge file does not fill the
/// memory. This beginning is one byte longer than the allowed size, so lint notices that the file is too long and reports
/// it.
fn text_of(path: &Path) -> io::Result<String> {
    let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX) + 1;
    let mut bytes = Vec::new();
    open_regular(path)?.take(limit).read_to_end(&mut bytes)?;
    let too_long = bytes.len() > MAX_FILE_BYTES;
    if too_long {
        // The text may end in the middle of a character, and then it is not valid UTF-8.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    utf8(bytes)
}

fn read_scenario_files(folder: &Path, findings: &mut Findings) -> Vec<Arc<SourceFile>> {
    let place = |path: &Path| {
        let file = SourceFile::new(path.display().to_string(), "");
        (Arc::new(file), 0..0)
    };
    let paths = visible_paths(folder).unwrap_or_else(|error| {
        findings.report(&place(folder), mistake::unreadable_folder(error));
        Vec::new()
    });
    let mut files = Vec::new();
    for path in paths {
        if path.extension() == Some(OsStr::new("kdl")) {
            let instead = "remove it, or give it a name that does not end with .kdl";
            files.extend(read(&path, instead, findings));
        } else if is_almost_kdl(&path) {
            findings.warning(&place(&path), mistake::unread_file());
        } else if path.is_dir() && has_scenario_files(&path) {
            findings.warning(&place(&path), mistake::unread_folder());
        }
    }
    files
}

/// Returns the entries of a folder that are not hidden, in the order of their names. Some editors and operating systems
/// create hidden files beside a file, such as `.#x.kdl` or `._x.kdl`.
fn visible_paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
    let mut paths = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if !path.file_name().is_some_and(is_hidden) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// True for a name such as `a.KDL`.
fn is_almost_kdl(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("kdl"))
}

fn has_scenario_files(folder: &Path) -> bool {
    visible_paths(folder).is_ok_and(|paths| paths.iter().any(|path| is_almost_kdl(path)))
}

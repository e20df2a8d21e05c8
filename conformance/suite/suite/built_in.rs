//! The built-in protocols. Their files are compiled into the program.

use include_dir::{Dir, DirEntry, File, include_dir};

use super::Sources;
use crate::source::SourceFile;

static PROTOCOLS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../protocols");

pub(super) fn names() -> Vec<&'static str> {
    let folder_names = PROTOCOLS.dirs().filter_map(|folder| folder.path().to_str());
    let mut names: Vec<_> = folder_names.collect();
    names.sort_unstable();
    names
}

/// Returns the text of a file from the folder of a built-in protocol, for example of a file that is not a part of the suite.
#[must_use]
pub fn built_in_file(protocol: &str, file_name: &str) -> Option<&'static str> {
    PROTOCOLS
        .get_file(format!("{protocol}/{file_name}"))?
        .contents_utf8()
}

pub(super) fn sources(name: &str) -> Option<Sources> {
    let mut folders = PROTOCOLS.dirs();
    let folder = folders.find(|folder| folder.path().to_str() == Some(name))?;
    let file = |file_name: &str| {
        let path = format!("{name}/{file_name}");
        let missing = || SourceFile::new(path.clone(), "");
        folder.get_file(&path).map_or_else(missing, source_file)
    };
    let inner = folder.entries().iter().filter_map(DirEntry::as_dir);
    let mut scenarios: Vec<SourceFile> = inner
        .filter(|inner| inner.path().ends_with("scenarios"))
        .flat_map(Dir::files)
        .filter(|file| file.path().extension().is_some_and(|ext| ext == "kdl"))
        .map(source_file)
        .collect();
    scenarios.sort_by(|a, b| a.name.cmp(&b.name));
    Some(Sources::new(file("spec.md"), file("wire.kdl"), scenarios))
}

fn source_file(file: &File<'_>) -> SourceFile {
    // The built-in files are UTF-8. If a file were not UTF-8, its text would be empty here, and lint would report that.
    SourceFile::new(
        file.path().to_string_lossy(),
        file.contents_utf8().unwrap_or_default(),
    )
}

//! Applies each patch of this folder to a copy of its step, and lists the results as modules of the program `solution`.
//!
//! Each step that has a patch is listed without it as well, so that the tests can compare the two. If a patch does not fit its
//! step, because the step was changed, the build ends with an error.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use diffy::Patch;

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let mut programs = BTreeMap::new();
    for entry in fs::read_dir(".")? {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "patch") {
            continue;
        }
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.ok_or("the name of a patch must be UTF-8")?.to_owned();
        let text = fs::read_to_string(&path)?;
        let patch = Patch::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        let patched = patch
            .original()
            .and_then(|file| file.strip_prefix("a/src/textbook/"));
        let patched = patched.ok_or("a patch must begin with `--- a/src/textbook/FILE`")?;
        let step = Step::with_file(patched).ok_or("a patch must change a file of a step")?;
        for file in &step.files {
            println!("cargo::rerun-if-changed=../{}", file.display());
        }
        programs.insert(step.name.clone(), step.copy(&out.join(&step.name), None)?);
        let main = step.copy(&out.join(&name), Some((patched, &patch)));
        programs.insert(
            name.clone(),
            main.map_err(|error| format!("{name} does not fit {patched} as it is now: {error}"))?,
        );
    }
    fs::write(out.join("programs.rs"), list(&programs)?)?;
    println!("cargo::rerun-if-changed=.");
    Ok(())
}

/// A step of the course: one file, or a folder of files.
struct Step {
    /// For example `step1`.
    name: String,
    /// Paths within the folder of the course. The first of them has the function `main`.
    files: Vec<PathBuf>,
}

impl Step {
    /// Returns the step that has this file; `None` if no step has it.
    fn with_file(file: &str) -> Option<Step> {
        let (first, _) = file.split_once('/').unwrap_or((file, ""));
        let (name, _) = first.split_once('_')?;
        let mut files = vec![PathBuf::from(first)];
        if first != file {
            let entries = fs::read_dir(Path::new("..").join(first)).ok()?;
            files = entries
                .filter_map(|entry| Some(Path::new(first).join(entry.ok()?.file_name())))
                .collect();
            files.sort_by_key(|path| !path.ends_with("main.rs"));
        }
        let name = name.to_owned();
        name.starts_with("step").then_some(Step { name, files })
    }

    /// Copies the step into a folder, applies the patch to one of its files, and returns the path of the copy of `main`.
    fn copy(
        &self,
        into: &Path,
        patch: Option<(&str, &Patch<'_, str>)>,
    ) -> Result<PathBuf, Box<dyn Error>> {
        let mut main = None;
        fs::create_dir_all(into)?;
        for file in &self.files {
            let mut text = fs::read_to_string(Path::new("..").join(file))?;
            if let Some((_, patch)) = patch.filter(|(patched, _)| Path::new(patched) == file) {
                text = diffy::apply(&text, patch)?;
            }
            let copy = into.join(file.file_name().ok_or("a file has a name")?);
            if main.is_none() {
                // `main` is private, and the program `solution` must call it from outside.
                text += "\npub(crate) fn run() -> io::Result<()> {\n    main()\n}\n";
                main = Some(copy.clone());
            }
            fs::write(copy, text)?;
        }
        Ok(main.ok_or("a step has a file")?)
    }
}

/// Returns the source that declares a module for each program, and the table `PROGRAMS`.
fn list(programs: &BTreeMap<String, PathBuf>) -> Result<String, std::fmt::Error> {
    let mut source = String::new();
    let mut table = String::new();
    for (name, main) in programs {
        let module = name.replace('-', "_");
        writeln!(source, "#[path = {main:?}]\nmod {module};")?;
        writeln!(table, "    ({name:?}, {module}::run),")?;
    }
    writeln!(source, "const PROGRAMS: &[(&str, Main)] = &[\n{table}];")?;
    Ok(source)
}

//! `conformance new`: creates a folder with the first files of a new protocol.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use crate::suite::Suite;

/// The arguments of `new`.
#[derive(Debug, Args)]
pub(super) struct NewArguments {
    /// Name of the protocol in lowercase, such as our-chat; also the name of the folder
    #[arg(value_parser = protocol_name)]
    name: String,

    /// Make the new protocol a dialect of this protocol, which must come with the program
    #[arg(long, value_name = "PROTOCOL")]
    extends: Option<String>,

    /// Directory in which to create the folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
}

/// The path of a file in the folder, and its text with placeholders.
type Template = (&'static str, &'static str);

const WHOLE: [Template; 3] = [
    ("spec.md", include_str!("../../templates/new/whole/spec.md")),
    (
        "wire.kdl",
        include_str!("../../templates/new/whole/wire.kdl"),
    ),
    (
        "scenarios/first.kdl",
        include_str!("../../templates/new/whole/scenarios/first.kdl"),
    ),
];

const EXTENDING: [Template; 3] = [
    (
        "spec.md",
        include_str!("../../templates/new/extending/spec.md"),
    ),
    (
        "wire.kdl",
        include_str!("../../templates/new/extending/wire.kdl"),
    ),
    (
        "scenarios/own.kdl",
        include_str!("../../templates/new/extending/scenarios/own.kdl"),
    ),
];

fn protocol_name(text: &str) -> Result<String, String> {
    let fits = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || "-.".contains(character)
    };
    if text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(
            "a name consists of a-z, 0-9, `-` and `.`, and begins with a letter; write for example our-chat"
                .to_owned(),
        )
    }
}

/// Creates the folder and its files.
pub(super) fn new(arguments: &NewArguments) -> Outcome {
    let name = &arguments.name;
    let known = Suite::built_in_names();
    if known.contains(&name.as_str()) {
        return Outcome::refused(format!(
            "the program already has a protocol with the name {name}; choose another name\n"
        ));
    }
    if let Some(base) = &arguments.extends
        && !known.contains(&base.as_str())
    {
        let names = known.join(", ");
        return Outcome::refused(format!(
            "there is no protocol {base} to extend; choose one of {names}\n"
        ));
    }
    let folder = arguments.into.join(name);
    match write(&folder, arguments) {
        Ok(()) => Outcome::said(next_steps(&folder)),
        Err(error) => Outcome::refused(format!("cannot write {}: {error}\n", folder.display())),
    }
}

fn write(folder: &Path, arguments: &NewArguments) -> io::Result<()> {
    let templates = match arguments.extends {
        None => &WHOLE,
        Some(_) => &EXTENDING,
    };
    fs::create_dir_all(folder.join("scenarios"))?;
    for (file, text) in templates {
        // An existing file is never overwritten.
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(folder.join(file))?;
        out.write_all(filled(text, folder, arguments).as_bytes())?;
    }
    Ok(())
}

fn filled(text: &str, folder: &Path, arguments: &NewArguments) -> String {
    let name = &arguments.name;
    let mut title = name.replace(['-', '.'], " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let id: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    text.replace("{{name}}", name)
        .replace("{{title}}", &title)
        .replace("{{ID}}", &id.to_uppercase())
        .replace("{{folder}}", &folder.display().to_string())
        .replace("{{base}}", arguments.extends.as_deref().unwrap_or_default())
}

fn next_steps(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "{folder}/spec.md      the requirements of the protocol\n\
         {folder}/wire.kdl     its packets\n\
         {folder}/scenarios/   the test cases\n\n\
         conformance lint {folder}\n\
         conformance run {folder} 127.0.0.1:7777\n"
    )
}

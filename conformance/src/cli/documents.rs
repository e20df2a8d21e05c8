//! Tests that the program accepts every command that a document of the suite shows.

use clap::Parser;

use super::Arguments;
use crate::matrix::Weights;

const REPORTS: &str = include_str!("../../REPORTS.md");

const DOCUMENTS: [(&str, &str); 3] = [
    ("GUIDE.md", include_str!("../../GUIDE.md")),
    ("EXAMPLE.md", include_str!("../../EXAMPLE.md")),
    ("REPORTS.md", REPORTS),
];

/// Returns the words of the command on this line; `None` if the line is not in an indented block, or shows no command of
/// this program. The words do not include the file to which the output goes (`> FILE`), or a remark at the end of the line.
/// A remark begins with two spaces or with `#`.
fn command(line: &str) -> Option<Vec<String>> {
    let command = line.strip_prefix("    ")?;
    if !command.starts_with("conformance ") {
        return None;
    }
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in command.chars() {
        let is_between = words.last().is_some_and(String::is_empty);
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted && is_between => break,
            ' ' if !is_quoted => words.push(String::new()),
            other => words.last_mut()?.push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| word == "#" || word == ">");
    words.truncate(end.unwrap_or(words.len()));
    Some(words)
}

#[test]
fn every_command_of_the_documents_is_accepted() {
    for (name, text) in DOCUMENTS {
        let commands: Vec<Vec<String>> = text.lines().filter_map(command).collect();
        assert!(
            commands.len() >= 3,
            "{name} shows only {} commands",
            commands.len()
        );
        for words in commands {
            if let Err(error) = Arguments::try_parse_from(&words) {
                panic!("{name}: {}\n{error}", words.join(" "));
            }
        }
    }
}

#[test]
fn a_command_ends_where_its_remark_begins() {
    let words = command("    conformance run a --spawn './b {port}  c'   # d").expect("a command");
    assert_eq!(
        words,
        ["conformance", "run", "a", "--spawn", "./b {port}  c"]
    );
    let words = command("    conformance list a # b").expect("a command");
    assert_eq!(words, ["conformance", "list", "a"]);
    let words = command("    conformance list a > b").expect("a command");
    assert_eq!(words, ["conformance", "list", "a"]);
    assert_eq!(command("conformance list"), None);
}

#[test]
fn the_weights_of_the_reports_page_are_read() {
    let lines = REPORTS.lines().filter_map(|line| line.strip_prefix("    "));
    let shown: Vec<&str> = lines.filter(|line| line.contains(" = ")).collect();
    assert_eq!(shown.len(), 2);
    let mut weights = Weights::default();
    weights.read(&shown.join("\n")).expect("they are weights");
}

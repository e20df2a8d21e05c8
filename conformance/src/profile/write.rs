//! A profile as a file that can be read again.

use std::fmt::Write;

use super::Profile;
use crate::suite::Suite;

impl Profile {
    /// The file. Settings that scenarios ask for and that are not known stand there as comments, to be filled in.
    #[must_use]
    pub fn to_kdl(&self, suite: &Suite) -> String {
        let mut out = format!(
            "// What is known about a server of {}: conformance run {} ... --profile FILE\n\nprotocol {}\n",
            suite.grammar.title,
            suite.name,
            quoted(&suite.name)
        );
        for (name, choice) in &self.readings {
            let title = suite.grammar.reading_named(name);
            let title = title.map_or("", |reading| reading.title.as_str());
            let _ = writeln!(out, "reading {name} {}  // {title}", quoted(choice));
        }
        for (name, value) in &self.settings {
            let _ = writeln!(out, "set {} {}", quoted(name), quoted(value));
        }
        for name in self.unknown_settings(suite) {
            let cases = suite.scenarios.iter();
            let asking = cases.filter(|case| case.sets.contains(&name)).count();
            let _ = writeln!(
                out,
                "// set {name} \"...\"  // {asking} of the cases ask for it"
            );
        }
        for (case, reason) in &self.unsupported {
            let _ = writeln!(out, "unsupported {} {}", quoted(case), quoted(reason));
        }
        if let Some(scale) = self.scale {
            let _ = writeln!(out, "scale \"{scale}\"");
        }
        out
    }

    fn unknown_settings(&self, suite: &Suite) -> Vec<String> {
        let asked = suite.scenarios.iter().flat_map(|scenario| &scenario.sets);
        let mut unknown: Vec<String> = asked
            .filter(|name| !self.settings.contains_key(*name))
            .cloned()
            .collect();
        unknown.sort();
        unknown.dedup();
        unknown
    }
}

/// As KDL has it: what a text may not hold as it is, is escaped.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            character if character.is_control() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            character => out.push(character),
        }
    }
    out.push('"');
    out
}

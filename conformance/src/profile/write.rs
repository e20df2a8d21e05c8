//! Writes a profile as a file that [`read_profile`](super::read_profile) reads.

use std::fmt::Write;

use super::Profile;
use crate::suite::Suite;
use crate::text::{kdl, kdl_comment};

impl Profile {
    /// Returns the text of the file. If scenarios need a setting whose value is not known, the file contains it as a comment
    /// that the user can complete.
    #[must_use]
    pub fn to_kdl(&self, suite: &Suite) -> String {
        let mut out = format!(
            "// Facts about a server of {}, for: conformance run {} ... --profile FILE\n\nprotocol {}\n",
            kdl_comment(&suite.grammar.title),
            kdl_comment(&suite.name),
            kdl(&suite.name)
        );
        for (name, choice) in &self.readings {
            let title = suite.grammar.reading_named(name);
            let title = title.map_or("", |reading| reading.title.as_str());
            let title = kdl_comment(title);
            let _ = writeln!(
                out,
                "reading {} {}  // {title}",
                kdl_comment(name),
                kdl(choice)
            );
        }
        for (name, value) in &self.settings {
            let _ = writeln!(out, "set {} {}", kdl(name), kdl(value));
        }
        for name in self.unknown_settings(suite) {
            let cases = suite.scenarios.iter();
            let asking = cases.filter(|case| case.sets.contains(&name)).count();
            let _ = writeln!(
                out,
                "// set {} \"...\"  // needed by {asking} of the cases",
                kdl_comment(&name)
            );
        }
        for (case, reason) in &self.unsupported {
            let _ = writeln!(out, "unsupported {} {}", kdl(case), kdl(reason));
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

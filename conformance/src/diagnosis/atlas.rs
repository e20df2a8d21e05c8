//! Which cases each known mistake fails, as the laboratory wrote it down.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::run::{Report, Verdict};
use crate::suite;

/// The name of the file in a protocol's folder.
const FILE: &str = "faults.json";

/// The known mistakes of one protocol's servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Atlas {
    /// The protocol whose mistakes are known here, too: the one that this one extends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// The mistakes, in the laboratory's order.
    pub faults: Vec<KnownFault>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFault {
    /// What the server does wrong, behind "the server".
    pub does: String,
    /// The requirement that it breaks.
    pub breaks: String,
    /// The cases that blame the target for it.
    pub fails: BTreeSet<String>,
    /// Those that could not be judged because of it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hides: BTreeSet<String>,
}

/// What was seen of a target.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// The cases that blame it.
    pub failed: BTreeSet<String>,
    /// The cases that were judged, whatever came of it.
    pub judged: BTreeSet<String>,
}

impl Atlas {
    /// The atlas of a protocol that is compiled in, with that of the one it extends.
    #[must_use]
    pub fn of(protocol: &str) -> Option<Atlas> {
        let mut atlas = Atlas::read(suite::built_in_file(protocol, FILE)?).ok()?;
        if let Some(base) = atlas.also.as_deref().and_then(Atlas::of) {
            atlas.faults.extend(base.faults);
        }
        Some(atlas)
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    ///
    /// If it is not one, with the place.
    pub fn read(text: &str) -> Result<Atlas, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The text of such a file: a line for each mistake, so that a change of one is a change of one line.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |fault: &KnownFault| serde_json::to_string(fault).unwrap_or_default();
        let lines: Vec<String> = self.faults.iter().map(line).collect();
        let also = match &self.also {
            Some(base) => format!("\"also\": {base:?}, "),
            None => String::new(),
        };
        format!("{{{also}\"faults\": [\n{}\n]}}\n", lines.join(",\n"))
    }
}

/// What a run saw.
pub(super) fn observed(report: &Report) -> Observed {
    let mut observed = Observed::default();
    for case in &report.cases {
        let fails = matches!(case.verdict, Verdict::Fail | Verdict::NonStrict);
        if fails {
            observed.failed.insert(case.id.clone());
        }
        if fails || case.verdict.holds() {
            observed.judged.insert(case.id.clone());
        }
    }
    observed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atlas_reads_back_as_it_was_written() {
        let atlas = Atlas {
            also: Some("chaton".to_owned()),
            faults: vec![KnownFault {
                does: "says \"hello\"".to_owned(),
                breaks: "X-1.1".to_owned(),
                fails: BTreeSet::from(["a".to_owned(), "b".to_owned()]),
                hides: BTreeSet::new(),
            }],
        };
        let read = Atlas::read(&atlas.text());
        assert_eq!(read.ok(), Some(atlas));
    }
}

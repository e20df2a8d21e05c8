//! The atlas: a list of the cases that fail because of each known fault. The tests of the laboratory record this list.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::suite;

/// The name of the atlas file in a protocol's folder.
const FILE: &str = "faults.json";

/// The known faults of servers of one protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Atlas {
    /// If this protocol extends another one, the name of that other protocol. This atlas then also includes the faults of
    /// the other protocol's atlas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
    /// The faults, in the order of the laboratory.
    pub faults: Vec<KnownFault>,
}

/// One known fault of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFault {
    /// What the server does wrong, as the rest of a sentence that begins with "the server".
    pub does: String,
    /// The id of the requirement that a server with this fault violates.
    pub breaks: String,
    /// The cases that fail because of this fault in most recordings.
    pub fails: BTreeSet<String>,
    /// The cases that fail because of this fault only in some recordings.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sometimes: BTreeSet<String>,
    /// The cases that cannot be judged because of this fault.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hides: BTreeSet<String>,
    /// How the failures usually look: for each case the shape of its failure.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub looks: BTreeMap<String, String>,
    /// The facts that the bytes of most of the failures prove. Each fact is the hint of a failure.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shows: BTreeSet<String>,
}

impl Atlas {
    /// Returns the atlas of a built-in protocol, with the faults of the protocol that it extends. Returns `None` if there is
    /// no atlas for this protocol.
    #[must_use]
    pub fn of(protocol: &str) -> Option<Atlas> {
        let mut atlas = Atlas::read(suite::built_in_file(protocol, FILE)?).ok()?;
        if let Some(base) = atlas.also.as_deref().and_then(Atlas::of) {
            atlas.faults.extend(base.faults);
        }
        Some(atlas)
    }

    /// Reads an atlas from the text of its file.
    ///
    /// # Errors
    ///
    /// Fails if the text is not an atlas. The error names the line and the column.
    pub fn read(text: &str) -> Result<Atlas, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Returns the text of the atlas file. Each fault is one line, so that a diff of two versions shows which faults have
    /// changed.
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
                ..KnownFault::default()
            }],
        };
        let read = Atlas::read(&atlas.text());
        assert_eq!(read.ok(), Some(atlas));
    }
}

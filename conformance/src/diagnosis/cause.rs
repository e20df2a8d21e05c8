//! The causes of the failures of a run, for people and for programs.

use serde::Serialize;

/// One thing to repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RootCause {
    /// A name that stays the same in later runs, as long as the target does the same thing wrong.
    pub id: String,
    /// The evidence for the cause.
    pub evidence: Evidence,
    /// What the server does wrong, as the rest of a sentence that begins with "the server".
    pub does: String,
    /// The id of the requirement that it violates, if the diagnosis knows it.
    pub breaks: Option<String>,
    /// Other mistakes that would have made exactly the same cases fail.
    pub or: Vec<Suspect>,
    /// The cases that fail because of this. A case may fail for several reasons.
    pub explains: Vec<String>,
    /// The cases that could not be judged because of this.
    pub hides: Vec<String>,
    /// The cases that should have failed too, but did not fail. They are evidence against this cause.
    pub contradicted_by: Vec<String>,
}

/// A mistake that a server may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspect {
    /// What the server does wrong, as the rest of a sentence that begins with "the server".
    pub does: String,
    /// The id of the requirement that it violates.
    pub breaks: String,
}

/// The evidence for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The same cases fail as in the laboratory for a server with this fault. This is a guess.
    Pattern,
    /// The bytes of failures prove it.
    Bytes,
    /// The process of the server ended.
    Crash,
    /// The process of the server was observed: for example, it keeps connections open.
    Process,
    /// One case failed, and other cases depend on it.
    Case,
}

/// What explains the failures of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// The causes. The cause with the strongest evidence comes first.
    pub causes: Vec<RootCause>,
    /// The failed cases that no cause explains.
    pub unexplained: Vec<String>,
    /// The number of failed cases.
    pub failures: usize,
}

impl Diagnosis {
    /// Returns the cause that explains the failure of this case best, with its number in the list, from 1.
    #[must_use]
    pub fn cause_of(&self, case: &str) -> Option<(usize, &RootCause)> {
        let mut numbered = (1..).zip(&self.causes);
        numbered.find(|(_, cause)| cause.explains.iter().any(|id| id == case))
    }

    /// Returns the number of cases that could not be judged because of the causes.
    #[must_use]
    pub fn hidden(&self) -> usize {
        self.causes.iter().map(|cause| cause.hides.len()).sum()
    }
}

impl RootCause {
    /// Returns a sentence about what the server does wrong. If this run cannot distinguish several mistakes, the sentence
    /// lists them.
    #[must_use]
    pub fn in_words(&self) -> String {
        let others = self.or.iter().map(|suspect| &suspect.does);
        let all: Vec<&str> = [&self.does]
            .into_iter()
            .chain(others)
            .map(String::as_str)
            .collect();
        format!("the server {}", all.join(", or it "))
    }

    /// Returns the requirements that the cause may violate.
    #[must_use]
    pub fn requirements(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.breaks.as_deref().into_iter().collect();
        for suspect in &self.or {
            if !ids.contains(&&*suspect.breaks) {
                ids.push(&suspect.breaks);
            }
        }
        ids
    }
}

/// Maximum number of characters of an id.
const LONGEST_ID: usize = 60;

/// Returns a text as an id: its letters and digits in lower case, with hyphens between the words.
pub(super) fn id_of(text: &str) -> String {
    let words = text.split(|each: char| !each.is_ascii_alphanumeric());
    let mut id = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if id.len() + word.len() >= LONGEST_ID {
            break;
        }
        if !id.is_empty() {
            id.push('-');
        }
        id.push_str(&word.to_ascii_lowercase());
    }
    id
}

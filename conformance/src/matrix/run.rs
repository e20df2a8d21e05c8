//! What a matrix reads of a run's JSON report; the rest is passed over.

use serde::Deserialize;

use crate::run::Verdict;

/// The format that is understood.
const FORMAT: u32 = 1;

/// A run.
#[derive(Debug, Clone, Deserialize)]
pub struct RunFile {
    /// The team's name; it comes from the command line or the file's name.
    #[serde(skip)]
    pub name: String,
    format: u32,
    /// Name of the protocol.
    pub protocol: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// What was judged.
    pub target: String,
    /// What it came to.
    #[serde(default)]
    pub sentence: String,
    /// How readings were settled.
    #[serde(default)]
    pub readings: Vec<ReadingOfRun>,
    /// The cases.
    pub cases: Vec<CaseOfRun>,
}

/// A settled reading.
#[derive(Debug, Clone, Deserialize)]
pub struct ReadingOfRun {
    /// The reading.
    pub name: String,
    /// The choice.
    pub choice: String,
}

/// A case of a run.
#[derive(Debug, Clone, Deserialize)]
pub struct CaseOfRun {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it judges.
    pub requirements: Vec<RequirementOfRun>,
    /// The verdict.
    pub verdict: Verdict,
    cause: Option<CauseOfRun>,
    failure: Option<FailureOfRun>,
}

/// A requirement that a case cites.
#[derive(Debug, Clone, Deserialize)]
pub struct RequirementOfRun {
    /// Its id.
    pub id: String,
    /// must, should or may; nothing where it was not known.
    pub level: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct CauseOfRun {
    text: String,
}

#[derive(Debug, Clone, Deserialize)]
struct FailureOfRun {
    expected: String,
    got: String,
}

impl RunFile {
    /// Reads a report; `name` is the team's.
    ///
    /// # Errors
    ///
    /// A sentence, if it is no report of a run, or one of another format.
    pub fn read(name: &str, text: &str) -> Result<RunFile, String> {
        let mut run: RunFile = serde_json::from_str(text).map_err(|error| {
            format!("it is not the report of a run, as --report json=FILE writes it: {error}")
        })?;
        if run.format != FORMAT {
            return Err(format!(
                "it has the format {}, but this program reads {FORMAT}",
                run.format
            ));
        }
        run.name = name.to_owned();
        if run.title.is_empty() {
            run.title.clone_from(&run.protocol);
        }
        Ok(run)
    }
}

impl CaseOfRun {
    /// The highest level among its requirements; a case whose requirements nobody knows judges a must.
    #[must_use]
    pub fn level(&self) -> &str {
        let level = |word: &&str| {
            let word = Some(*word);
            self.requirements
                .iter()
                .any(|each| each.level.as_deref() == word)
        };
        ["must", "should", "may"]
            .iter()
            .find(|word| level(word))
            .copied()
            .unwrap_or("must")
    }

    /// Why it is not passed, in a few words.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        let cause = self.cause.as_ref().map(|cause| cause.text.clone());
        let failure = self.failure.as_ref();
        cause.or_else(|| {
            failure.map(|failure| format!("expected {}; got {}", failure.expected, failure.got))
        })
    }
}

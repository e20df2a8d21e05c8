//! The part of a run's JSON report that a matrix needs. Other fields of the report are ignored.

use serde::Deserialize;

use crate::run::Verdict;

/// The format version of the reports that this program can read.
const FORMAT: u32 = 1;

/// The report of a run.
#[derive(Debug, Clone, Deserialize)]
pub struct RunFile {
    /// The name of the team. The name comes from the command line or from the name of the file, not from the report.
    #[serde(skip)]
    pub name: String,
    format: u32,
    /// Name of the protocol.
    pub protocol: String,
    /// Title of the protocol.
    #[serde(default)]
    pub title: String,
    /// The address or command of the target.
    pub target: String,
    /// The result as a sentence.
    #[serde(default)]
    pub sentence: String,
    /// The choices of the target for the readings.
    #[serde(default)]
    pub readings: Vec<ReadingOfRun>,
    /// The cases.
    pub cases: Vec<CaseOfRun>,
}

/// The choice of the target for one reading.
#[derive(Debug, Clone, Deserialize)]
pub struct ReadingOfRun {
    /// The name of the reading.
    pub name: String,
    /// The name of the choice.
    pub choice: String,
}

/// A case of a run.
#[derive(Debug, Clone, Deserialize)]
pub struct CaseOfRun {
    /// The id of the case.
    pub id: String,
    /// The title of the case.
    pub title: String,
    /// The requirements that the case judges.
    pub requirements: Vec<RequirementOfRun>,
    /// The verdict.
    pub verdict: Verdict,
    cause: Option<CauseOfRun>,
    failure: Option<FailureOfRun>,
}

/// A requirement that a case cites.
#[derive(Debug, Clone, Deserialize)]
pub struct RequirementOfRun {
    /// The id of the requirement.
    pub id: String,
    /// `must`, `should` or `may`; `None` if the run did not know the level.
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
    /// Reads a report; `name` is the name of the team.
    ///
    /// # Errors
    ///
    /// Fails if the text is not a report of a run, or if the report has another format version. The error is a sentence.
    pub fn read(name: &str, text: &str) -> Result<RunFile, String> {
        let mut run: RunFile = serde_json::from_str(text).map_err(|error| {
            format!("it is not the report of a run ({error}); write one with conformance run --report json=FILE")
        })?;
        if run.format != FORMAT {
            return Err(format!(
                "it has version {} of the report format, but this program reads only version {FORMAT}",
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
    /// Returns the highest level among the requirements of the case. If no level is known, the case counts as if it checked
    /// a MUST.
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

    /// Returns the reason why the case did not pass, in a few words.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        let cause = self.cause.as_ref().map(|cause| cause.text.clone());
        let failure = self.failure.as_ref();
        cause.or_else(|| {
            failure.map(|failure| format!("expected {}; got {}", failure.expected, failure.got))
        })
    }
}

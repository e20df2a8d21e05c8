//! The results of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::evidence::{Event, Failure, Incident, Segments, Shortage};
use crate::grammar::Worth;
use crate::spawn::Named;
use crate::suite::{Level, Requirement};

/// The judgement of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The target follows the document.
    Pass,
    /// The target follows the document. The document allows several behaviours, and a note says which of them the target
    /// shows.
    Note,
    /// The document allows what the target does, but prefers something else.
    NonStrict,
    /// The case cannot be judged on this target: a setting or an identity is missing, or the profile says that the target
    /// does not support it.
    Unsupported,
    /// The case could not be judged in this run, for example because a case on which it depends did not pass, or because
    /// this machine stalled.
    Inconclusive,
    /// The target violates the document.
    Fail,
    /// The suite itself has a fault, so the case proves nothing about the target.
    Error,
}

impl Verdict {
    /// All verdicts, the best first.
    pub const ALL: [Verdict; 7] = [
        Verdict::Pass,
        Verdict::Note,
        Verdict::NonStrict,
        Verdict::Unsupported,
        Verdict::Inconclusive,
        Verdict::Fail,
        Verdict::Error,
    ];

    /// Returns whether the document allows what the target did.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(self, Verdict::Pass | Verdict::Note | Verdict::NonStrict)
    }

    /// Returns the word for the verdict, as the JSON report writes it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Note => "note",
            Verdict::NonStrict => "non-strict",
            Verdict::Unsupported => "unsupported",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Fail => "fail",
            Verdict::Error => "error",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl From<Worth> for Verdict {
    fn from(worth: Worth) -> Verdict {
        match worth {
            Worth::Pass => Verdict::Pass,
            Worth::Note => Verdict::Note,
            Worth::NonStrict => Verdict::NonStrict,
        }
    }
}

/// One case, judged.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The scenario's id.
    pub id: String,
    /// The scenario's title.
    pub title: String,
    /// The requirements that the case judges.
    pub requirements: Vec<String>,
    /// The judgement.
    pub verdict: Verdict,
    /// Why the case is inconclusive or unsupported; `None` for other verdicts.
    pub cause: Option<Cause>,
    /// When the play began; `None` if the case was not played.
    pub began: Option<SystemTime>,
    /// How long the case took.
    pub duration: Duration,
    /// What the target chose where the document leaves the choice free, and other remarks.
    pub notes: Vec<String>,
    /// The failure; `None` if nothing failed. An inconclusive case may have a failure too.
    pub failure: Option<Failure>,
    /// The conversation.
    pub conversation: Vec<Event>,
    /// Incidents in the target during or after the case, such as a crash or a leak. They are known only if the runner
    /// started the target.
    pub incidents: Vec<Incident>,
    /// The target's standard output and error during the case. They are known only if the runner started the target.
    pub output: Option<String>,
    /// How the verdict changed when the bytes of each send were cut into other TCP segments; `None` if the verdict did not
    /// change.
    pub recut: Option<Recut>,
    /// The reason why the case is a known deviation, if the user listed it as one. The failure of a known deviation does not
    /// change the exit code.
    pub known: Option<String>,
    /// Whether the case runs only because a selected case depends on it.
    pub prerequisite: bool,
}

/// Why a case could not be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The case depends on something that another case judges, and that other case did not pass. The value is the other
    /// case's id.
    Case(String),
    /// The target no longer answered after the case with this id.
    TargetDied(String),
    /// This machine stalled, and a time limit passed during the stall.
    Stall,
    /// The case failed while other cases ran, and passed alone.
    OnlyInCompany {
        /// How often the case failed while other cases ran.
        failed: usize,
        /// How often the case was played while other cases ran.
        of: usize,
    },
    /// The case failed on a process that had served other cases, and passed on a fresh process.
    Residue,
    /// The time limit of the whole case passed.
    TooLong,
    /// These settings were not given.
    MissingSettings(Vec<String>),
    /// The profile says that the target does not support the case, for this reason.
    Declared(String),
    /// The run reached its time limit before this case could be judged.
    TimeLimit,
    /// The run was interrupted before this case was judged.
    Interrupted,
    /// There are no identities for the lanes of the case.
    NoIdentities(Shortage),
    /// The target could not be started for the case. The text is the reason, with the target's output.
    NotStarted(String),
}

impl Cause {
    /// Returns the verdict that follows from this cause: inconclusive or unsupported.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Cause::MissingSettings(_) | Cause::Declared(_) | Cause::NoIdentities(_) => {
                Verdict::Unsupported
            }
            Cause::Case(_)
            | Cause::TargetDied(_)
            | Cause::Stall
            | Cause::OnlyInCompany { .. }
            | Cause::Residue
            | Cause::TooLong
            | Cause::TimeLimit
            | Cause::Interrupted
            | Cause::NotStarted(_) => Verdict::Inconclusive,
        }
    }

    /// Returns the id of the other case that is the cause, if there is one.
    #[must_use]
    pub fn case(&self) -> Option<&str> {
        match self {
            Cause::Case(id) | Cause::TargetDied(id) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Case(id) => write!(f, "because of {id}"),
            Cause::TargetDied(id) => write!(f, "because the target stopped answering after {id}"),
            Cause::Stall => f.write_str("because this machine stalled while the case waited"),
            Cause::OnlyInCompany { failed, of } => write!(
                f,
                "because the case passes alone, but failed {failed} of {of} times while other cases ran"
            ),
            Cause::Residue => f.write_str(
                "because the case passes with a fresh server process, but failed with a process that had served other cases before",
            ),
            Cause::Declared(reason) => write!(f, "because {reason} (according to the profile)"),
            Cause::TimeLimit => f.write_str("because the run reached its time limit"),
            Cause::Interrupted => f.write_str("because the run was interrupted"),
            Cause::NotStarted(why) => write!(f, "because {why}"),
            Cause::TooLong => f.write_str("because the case took too long; try a larger --scale"),
            Cause::NoIdentities(shortage) => write!(f, "because {shortage}"),
            Cause::MissingSettings(names) => {
                let flags: Vec<String> = names
                    .iter()
                    .map(|name| format!("--set {name}=..."))
                    .collect();
                write!(f, "because it needs {}", flags.join(" "))
            }
        }
    }
}

/// A verdict that changed when the bytes of each send were cut into other TCP segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recut {
    /// How the sends were cut.
    pub segments: Segments,
    /// The verdict with each send in one segment.
    pub whole: Verdict,
    /// The verdict with all sends cut.
    pub cut: Verdict,
    /// The smallest set of cuts with which the runner saw the verdict change. Each cut is described as text for people. The
    /// list is empty if the verdict changed only with all cuts together.
    pub smallest: Vec<String>,
}

/// A reading of the protocol, and the choice that the run follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettledReading {
    /// The reading's name.
    pub name: String,
    /// The question that the document leaves open, as text for people.
    pub title: String,
    /// The choice that the run follows.
    pub choice: String,
    /// Whether a probe confirmed the choice. If no probe did, the run uses the choice that the user gave, or else the first
    /// choice.
    pub proved: bool,
}

/// All results of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// The protocol's name.
    pub protocol: String,
    /// The protocol's title.
    pub title: String,
    /// The target's address. The port is 0 if the target used a different port after each start.
    pub target: SocketAddr,
    /// The command with which the runner started the target; `None` if the runner did not start it.
    pub command: Option<String>,
    /// The requirements, each with its text and its level.
    pub requirements: BTreeMap<String, Requirement>,
    /// The readings, each with the choice that the run follows.
    pub readings: Vec<SettledReading>,
    /// The cases in the order of the suite.
    pub cases: Vec<Outcome>,
    /// Whether the user asked for only some of the suite's cases.
    pub is_partial: bool,
    /// Why the target cannot be judged at all; `None` if it can be judged.
    pub unjudgeable: Option<String>,
    /// The signal that interrupted the run, if one did.
    pub interrupted: Option<i32>,
    /// The SHA-256 fingerprint of the target's certificate, if the target speaks TLS.
    pub certificate: Option<String>,
    /// How long the target took from its start to its first answer, the first time that the runner started it.
    pub start_up: Option<Duration>,
    /// Processes that the target had started and that the runner had to end, because they had left the process group of the
    /// target, or still ran after the target had ended.
    pub survivors: Vec<Named>,
    /// The seed from which the run makes its random names and tokens. A run with the same seed uses the same names and
    /// tokens.
    pub seed: u64,
    /// When the run began.
    pub began: SystemTime,
    /// How long the run took.
    pub duration: Duration,
}

impl Outcome {
    /// Returns why the failure of this case does not count: the reason with which the user listed it as a known deviation.
    /// Returns `None` if the case did not fail, or is not listed.
    #[must_use]
    pub fn excuse(&self) -> Option<&str> {
        self.known
            .as_deref()
            .filter(|_| self.verdict == Verdict::Fail)
    }
}

impl Report {
    /// Returns the name of the target, for people: its address, or the command that started it.
    #[must_use]
    pub fn judged(&self) -> String {
        match &self.command {
            Some(command) => format!("`{command}`"),
            None => self.target.to_string(),
        }
    }

    /// Returns the case with this id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&Outcome> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// Returns the number of cases with this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases
            .iter()
            .filter(|case| case.verdict == verdict)
            .count()
    }

    /// Returns the exit code. It is 128 plus the number of the signal if the run was interrupted. It is 0 if every case that
    /// checks a MUST was judged, and the target violates no MUST, except in known deviations. It is 1 if the target violates
    /// a MUST, or if a known deviation no longer occurs. It is 3 if the target cannot be judged. It is 4 if nothing failed,
    /// but a case that checks a MUST was not judged.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if let Some(signal) = self.interrupted {
            return u8::try_from(128 + signal).unwrap_or(u8::MAX);
        }
        if self.unjudgeable.is_some() {
            return 3;
        }
        let failed = |case: &Outcome| case.verdict == Verdict::Fail && case.excuse().is_none();
        if self.cases.iter().any(failed) || !self.stale().is_empty() {
            return 1;
        }
        if self.open().is_empty() { 0 } else { 4 }
    }

    /// Returns the cases that check a MUST but were not judged. Cases that the profile declares unsupported are left out.
    #[must_use]
    pub fn open(&self) -> Vec<&Outcome> {
        let is_open = |case: &&Outcome| match case.verdict {
            Verdict::Inconclusive | Verdict::Error => true,
            Verdict::Unsupported => !matches!(case.cause, Some(Cause::Declared(_))),
            _ => false,
        };
        let open = self.cases.iter().filter(is_open);
        open.filter(|case| self.has_must(case)).collect()
    }

    /// Returns the number of MUSTs that are cited by a case that could not be judged (see [`open`](Report::open)).
    #[must_use]
    pub fn musts_not_judged(&self) -> usize {
        let mut musts: BTreeSet<&str> = BTreeSet::new();
        for case in self.open() {
            let ids = case.requirements.iter();
            let must = |id: &&String| has_must(&self.requirements, std::slice::from_ref(*id));
            musts.extend(ids.filter(must).map(String::as_str));
            if case.requirements.is_empty() {
                musts.insert(&case.id);
            }
        }
        musts.len()
    }

    /// Returns the cases that are listed as known deviations but no longer deviate. The user should remove them from the
    /// list.
    #[must_use]
    pub fn stale(&self) -> Vec<&str> {
        let stale = |case: &&Outcome| case.known.is_some() && case.verdict.holds();
        let cases = self.cases.iter().filter(stale);
        cases.map(|case| case.id.as_str()).collect()
    }

    /// Returns whether the case judges a MUST of the document. An unknown requirement counts as a MUST.
    #[must_use]
    pub fn has_must(&self, case: &Outcome) -> bool {
        has_must(&self.requirements, &case.requirements)
    }

    /// Returns each case because of which other cases could not be judged, with the number of these other cases.
    #[must_use]
    pub fn causes(&self) -> Vec<(&str, usize)> {
        let mut causes: BTreeMap<&str, usize> = BTreeMap::new();
        for case in &self.cases {
            if let Some(id) = case.cause.as_ref().and_then(Cause::case) {
                *causes.entry(id).or_default() += 1;
            }
        }
        causes.into_iter().collect()
    }
}

/// Returns whether one of these requirements is a MUST. Also returns true for an empty list and for an unknown requirement,
/// so that no failure is overlooked.
pub(crate) fn has_must(known: &BTreeMap<String, Requirement>, ids: &[String]) -> bool {
    ids.is_empty()
        || ids.iter().any(|id| {
            known
                .get(id)
                .is_none_or(|requirement| requirement.level == Level::Must)
        })
}

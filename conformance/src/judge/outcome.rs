//! What a run found out.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::evidence::{Event, Failure, Incident, Segments, Shortage};
use crate::grammar::Worth;
use crate::suite::{Level, Requirement};

/// The judgement of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As the document says.
    Pass,
    /// As the document says; it leaves a choice, and the one that was met is recorded.
    Note,
    /// The document would prefer otherwise.
    NonStrict,
    /// The target does not allow it to be judged, by a setting that was not given.
    Unsupported,
    /// Something that it rests on did not hold, or this machine stalled.
    Inconclusive,
    /// Against the document.
    Fail,
    /// The suite's own fault.
    Error,
}

impl Verdict {
    /// All of them, the best first.
    pub const ALL: [Verdict; 7] = [
        Verdict::Pass,
        Verdict::Note,
        Verdict::NonStrict,
        Verdict::Unsupported,
        Verdict::Inconclusive,
        Verdict::Fail,
        Verdict::Error,
    ];

    /// Whether the target behaves as it may.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(self, Verdict::Pass | Verdict::Note | Verdict::NonStrict)
    }

    /// The word for it, as in the JSON report.
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
    /// Its title.
    pub title: String,
    /// The requirements that it judges.
    pub requirements: Vec<String>,
    /// The judgement.
    pub verdict: Verdict,
    /// Why it is inconclusive or unsupported.
    pub cause: Option<Cause>,
    /// When it was played; `None` if it was not.
    pub began: Option<SystemTime>,
    /// How long it took.
    pub duration: Duration,
    /// Free choices that were met, and remarks.
    pub notes: Vec<String>,
    /// What went wrong. An inconclusive case has one, too, where its cause showed.
    pub failure: Option<Failure>,
    /// Who said what.
    pub conversation: Vec<Event>,
    /// What befell the target meanwhile, or stayed behind in it; only of a target that the runner started.
    pub incidents: Vec<Incident>,
    /// What the target wrote meanwhile to its standard output and error; only of a target that the runner started. Of
    /// cases side by side on one process each has what was written in its time.
    pub output: Option<String>,
    /// How its verdict changed when its sends were cut, if it did.
    pub recut: Option<Recut>,
    /// Why it is a known deviation, if it is listed as one: then its failure does not count for the exit code.
    pub known: Option<String>,
    /// It was not asked for, but what was asked for rests on it.
    pub prerequisite: bool,
}

/// Why a case could not be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The case that judges what it rests on did not pass.
    Case(String),
    /// After that case the target no longer answered.
    TargetDied(String),
    /// This machine did nothing for a while, and a wait ran out meanwhile.
    Stall,
    /// It failed beside other cases and passed alone.
    OnlyInCompany {
        /// How often it failed beside others.
        failed: usize,
        /// How often it was run beside others.
        of: usize,
    },
    /// A bound of the whole case passed.
    TooLong,
    /// These settings were not given.
    MissingSettings(Vec<String>),
    /// The target is declared not to support it, for this reason.
    Declared(String),
    /// The run reached its time limit before this case was judged.
    TimeLimit,
    /// There are no identities for its lanes.
    NoIdentities(Shortage),
    /// The target could not be started for it: why, and what it wrote.
    NotStarted(String),
}

impl Cause {
    /// The verdict of a case that could not be judged for this reason.
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
            | Cause::TooLong
            | Cause::TimeLimit
            | Cause::NotStarted(_) => Verdict::Inconclusive,
        }
    }

    /// The case that is to blame, if one is.
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
                "because it passes alone, but failed {failed} of {of} times beside other cases"
            ),
            Cause::Declared(reason) => write!(f, "because {reason} (according to the profile)"),
            Cause::TimeLimit => f.write_str("because the time limit of the run passed"),
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

/// A verdict that changed when the sends of the case were cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recut {
    /// How they were cut.
    pub segments: Segments,
    /// The verdict with each send in one segment.
    pub whole: Verdict,
    /// The verdict with all sends cut.
    pub cut: Verdict,
    /// The fewest cuts that were found to change it, in words; none if it changed only with all of them.
    pub smallest: Vec<String>,
}

/// How a reading of the protocol was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettledReading {
    /// The reading's name.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// The choice that is followed.
    pub choice: String,
    /// Whether a probe found it out; else it is the first choice, taken for want of anything better.
    pub proved: bool,
}

/// Everything that a run found out.
#[derive(Debug, Clone)]
pub struct Report {
    /// The protocol's name.
    pub protocol: String,
    /// Its title.
    pub title: String,
    /// Who was judged; port 0 if each start of the target got a port of its own.
    pub target: SocketAddr,
    /// The command that started the target, if the runner did.
    pub command: Option<String>,
    /// The requirements in words, with their levels.
    pub requirements: BTreeMap<String, Requirement>,
    /// The readings that the target follows.
    pub readings: Vec<SettledReading>,
    /// The cases in the order of the suite.
    pub cases: Vec<Outcome>,
    /// Set if the target cannot be judged at all: why.
    pub unjudgeable: Option<String>,
    /// The SHA-256 fingerprint of the target's certificate, where it speaks TLS.
    pub certificate: Option<String>,
    /// What repeats names and payloads.
    pub seed: u64,
    /// When it began.
    pub began: SystemTime,
    /// How long it took.
    pub duration: Duration,
}

impl Report {
    /// Who was judged, for people: an address, or the command that started it.
    #[must_use]
    pub fn judged(&self) -> String {
        match &self.command {
            Some(command) => format!("`{command}`"),
            None => self.target.to_string(),
        }
    }

    /// The case with this id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&Outcome> {
        self.cases.iter().find(|case| case.id == id)
    }

    /// How many cases have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.cases
            .iter()
            .filter(|case| case.verdict == verdict)
            .count()
    }

    /// 0 if no MUST failed that is not a known deviation; 1 if one did, or a known deviation is none any more; 3 if the target cannot be judged; 4 if nothing failed, but a MUST is open.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.unjudgeable.is_some() {
            return 3;
        }
        let counts = |case: &&Outcome| case.known.is_none();
        let mut counting = self.cases.iter().filter(counts);
        if counting.clone().any(|case| case.verdict == Verdict::Fail) || !self.stale().is_empty() {
            return 1;
        }
        let open = counting.any(|case| {
            matches!(case.verdict, Verdict::Inconclusive | Verdict::Error) && self.has_must(case)
        });
        if open { 4 } else { 0 }
    }

    /// The cases that are listed as known deviations and are none any more: the list is to stay true.
    #[must_use]
    pub fn stale(&self) -> Vec<&str> {
        let stale = |case: &&Outcome| case.known.is_some() && case.verdict.holds();
        let cases = self.cases.iter().filter(stale);
        cases.map(|case| case.id.as_str()).collect()
    }

    /// Whether the case judges something that the document demands; an unknown requirement counts as such.
    #[must_use]
    pub fn has_must(&self, case: &Outcome) -> bool {
        has_must(&self.requirements, &case.requirements)
    }

    /// Cases that are to blame for others, each with how many.
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

/// Whether one of these requirements is a must. No requirement at all counts as one: a failure must not get lost.
pub(crate) fn has_must(known: &BTreeMap<String, Requirement>, ids: &[String]) -> bool {
    ids.is_empty()
        || ids.iter().any(|id| {
            known
                .get(id)
                .is_none_or(|requirement| requirement.level == Level::Must)
        })
}

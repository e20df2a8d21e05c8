//! What befell the target itself in a case, whatever was said on its connections.

use serde::Serialize;

/// Something that befell the target in a case, or that a case left behind in it. Known only of a target that the runner
/// started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// What kind.
    pub kind: IncidentKind,
    /// In words.
    pub text: String,
}

/// Kinds of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentKind {
    /// The process ended.
    Crash,
    /// The process lives, but answers no client any more.
    Hang,
    /// It uses processor time, though no client is connected.
    Busy,
    /// Threads stay after their clients have left.
    Threads,
    /// Connections or other descriptors stay open after their clients have left.
    Descriptors,
}

impl IncidentKind {
    /// The word for it, as in the JSON report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            IncidentKind::Crash => "crash",
            IncidentKind::Hang => "hang",
            IncidentKind::Busy => "busy",
            IncidentKind::Threads => "threads",
            IncidentKind::Descriptors => "descriptors",
        }
    }
}

//! Incidents: what happened to the target itself in a case, independent of its connections.

use serde::Serialize;

/// An event in the target during a case, or something that a case left in it. Known only for a target that the runner
/// started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// The kind of incident.
    pub kind: IncidentKind,
    /// A description in words.
    pub text: String,
}

/// Kinds of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentKind {
    /// The process ended.
    Crash,
    /// The process is alive but does not answer any client.
    Hang,
    /// It uses processor time, though no client is connected.
    Busy,
    /// Threads stay after their clients have left.
    Threads,
    /// Connections or other descriptors stay open after their clients have left.
    Descriptors,
}

impl IncidentKind {
    /// Returns the word for it, as in the JSON report.
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

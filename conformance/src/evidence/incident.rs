//! Incidents: what happened to the target's process in a case. The bytes on the case's connections may show nothing of it.

use serde::{Deserialize, Serialize};

/// Something that happened in the target during a case, or that the case left behind in it, such as threads. The runner
/// notices incidents only in a target that it started itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// The kind of incident.
    pub kind: IncidentKind,
    /// A description of the incident, as text for a person.
    pub text: String,
}

/// Kinds of incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentKind {
    /// The process ended.
    Crash,
    /// The process is alive but does not answer any client.
    Hang,
    /// The process uses processor time although no client is connected.
    Busy,
    /// Threads remain after their clients have left.
    Threads,
    /// Connections or other file descriptors remain open after their clients have left.
    Descriptors,
}

impl IncidentKind {
    /// Returns the word for the kind of incident, as the JSON report writes it.
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

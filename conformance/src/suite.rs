//! One protocol's folder, read and linted: grammar, requirements, scenarios.

use crate::grammar::Grammar;
use crate::scenario::Scenario;

/// Everything that is known about one protocol.
#[derive(Debug, Clone)]
pub struct Suite {
    /// Name on the command line, `chaton`.
    pub name: String,
    /// The packets.
    pub grammar: Grammar,
    /// The requirements of spec.md, in their order.
    pub requirements: Vec<Requirement>,
    /// The scenarios and probes, in the order of their files and lines.
    pub scenarios: Vec<Scenario>,
}

/// One numbered requirement.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// `CHATON-1.3`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// Section of the document it comes from.
    pub section: String,
    /// The sentence.
    pub text: String,
}

/// How binding a requirement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Violating it fails the target.
    Must,
    /// Violating it is a remark.
    Should,
    /// A free choice.
    May,
}

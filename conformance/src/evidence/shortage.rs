//! The reason why a case was not played: there are no identities for its lanes.

use std::fmt;

use crate::identity::{IDENTITIES, REST};

/// The reason why a case has no identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortage {
    /// No setting names a source of identities.
    NoSource,
    /// The file has too few identities.
    TooFew {
        /// The number of identities that the case needs.
        needs: usize,
        /// The number of identities in the file.
        there_are: usize,
    },
    /// An identity could not be registered. The text says why.
    Refused(String),
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shortage::NoSource => write!(
                f,
                "it needs registered identities; write --set {REST}=ADDR or --set {IDENTITIES}=FILE"
            ),
            Shortage::TooFew { needs, there_are } => write!(
                f,
                "it needs {needs} registered identities, but the file in --set {IDENTITIES}=FILE has only {there_are}"
            ),
            Shortage::Refused(why) => write!(f, "cannot register an identity: {why}"),
        }
    }
}

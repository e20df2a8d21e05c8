//! Why a case was not played: it found no identities for its lanes.

use std::fmt;

use crate::identity::{IDENTITIES, REST};

/// Why a case cannot have the identities that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortage {
    /// Nothing says where they could come from.
    NoSource,
    /// The file names too few.
    TooFew {
        /// How many the case needs.
        needs: usize,
        /// How many there are.
        there_are: usize,
    },
    /// The target did not register one: what it said.
    Refused(String),
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shortage::NoSource => write!(
                f,
                "it needs registered identities: --set {REST}=ADDR, or --set {IDENTITIES}=FILE"
            ),
            Shortage::TooFew { needs, there_are } => write!(
                f,
                "it needs {needs} registered identities, but the file has {there_are}"
            ),
            Shortage::Refused(why) => write!(f, "cannot register an identity: {why}"),
        }
    }
}

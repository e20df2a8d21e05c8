//! Facts about one target: a profile, and the deviations that its team knows of. Both are files of lines, in KDL.
//!
//! ```text
//! protocol chaton
//! set identify-timeout "60s"
//! reading long-width "8"
//! unsupported "fifty-clients" "it serves at most 20 clients"
//! scale "2"
//! ```

mod read;
mod write;

use std::collections::BTreeMap;

pub use read::{read_known, read_profile};

/// Facts about a target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// Its settings, as with `--set`.
    pub settings: BTreeMap<String, String>,
    /// The choices that it follows, by the names of the readings.
    pub readings: BTreeMap<String, String>,
    /// The scenarios that it does not support, each with the reason.
    pub unsupported: BTreeMap<String, String>,
    /// How slow it is, as with `--scale`.
    pub scale: Option<f64>,
}

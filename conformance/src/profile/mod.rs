//! Facts about one target: its profile, and its known deviations. Both are KDL files. A profile looks like this:
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
    /// The settings of the target, by name. `--set` gives such settings too.
    pub settings: BTreeMap<String, String>,
    /// The choice that the target makes for each reading, by the name of the reading.
    pub readings: BTreeMap<String, String>,
    /// The cases that the target does not support, each with the reason.
    pub unsupported: BTreeMap<String, String>,
    /// The factor by which the runner multiplies its time limits for this target. `--scale` gives such a factor too.
    pub scale: Option<f64>,
}

//! A recording as a scenario: the suite plays the clients, and expects of the server what it said.
//!
//! | file | what |
//! |---|---|
//! | `names` | the names of the lanes, and the values that the server gave out |
//! | `steps` | from moments to steps |
//! | `value` | values and bytes as a scenario writes them |
//! | `write` | steps as text; steps that race are in `together` |

mod names;
mod steps;
mod value;
mod write;

use std::collections::BTreeMap;

use crate::grammar::Grammar;

use super::record::Moment;
use names::Names;
use steps::Steps;

/// The head of a scenario.
#[derive(Debug, Clone)]
pub struct Replay<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The requirements that it checks; a scenario has at least one.
    pub checks: &'a [String],
}

/// Returns a file of one scenario that sends and expects what the tap heard.
///
/// The names that clients logged in with become fresh names of the lanes. Values that the server gave out and a client
/// used later are remembered. What cannot be written as a packet is written as bytes.
#[must_use]
pub fn scenario(grammar: &Grammar, moments: &[Moment], head: &Replay<'_>) -> String {
    let names = Names::of(grammar, moments);
    let steps = Steps::of(grammar, moments, &names);
    write::write(&steps, &names, head)
}

/// Returns the names of the lanes: the login of the connection, or `client3` where it has none.
#[must_use]
pub fn lane_names(grammar: &Grammar, moments: &[Moment]) -> BTreeMap<usize, String> {
    let names = Names::of(grammar, moments);
    names
        .lanes
        .into_iter()
        .map(|(connection, lane)| (connection, lane.name))
        .collect()
}

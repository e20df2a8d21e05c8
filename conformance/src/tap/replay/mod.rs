//! What was heard as a scenario: the suite plays the clients, and expects of the server what it said.
//!
//! | file | what |
//! |---|---|
//! | `names` | which lane is called how, and which values the server gave out |
//! | `steps` | from moments to steps |
//! | `value` | values and bytes as they are written |
//! | `write` | steps as text; what races stands in `together` |

mod names;
mod steps;
mod value;
mod write;

use std::collections::BTreeMap;

use crate::grammar::Grammar;

use super::record::Moment;
use names::Names;
use steps::Steps;

/// What stands in a scenario's head.
#[derive(Debug, Clone)]
pub struct Replay<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// The requirements that it checks; a scenario has at least one.
    pub checks: &'a [String],
}

/// A file of one scenario that says and expects what was heard.
///
/// Names that clients logged in with are the lanes' fresh names, and values that the server gave out and a client used later
/// are remembered. What cannot be written as a packet is written as bytes.
#[must_use]
pub fn scenario(grammar: &Grammar, moments: &[Moment], head: &Replay<'_>) -> String {
    let names = Names::of(grammar, moments);
    let steps = Steps::of(grammar, moments, &names);
    write::write(&steps, &names, head)
}

/// How the lanes are called: by the login of the connection where it has one, `client3` where it has none.
#[must_use]
pub fn lane_names(grammar: &Grammar, moments: &[Moment]) -> BTreeMap<usize, String> {
    let names = Names::of(grammar, moments);
    names
        .lanes
        .into_iter()
        .map(|(connection, lane)| (connection, lane.name))
        .collect()
}

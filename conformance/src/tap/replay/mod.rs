//! Turns a recording into a scenario: the suite sends what the clients sent, and expects what the server answered.
//!
//! | file | what |
//! |---|---|
//! | `names` | finds the names of the lanes, and the values that the server chose, such as ids |
//! | `steps` | turns moments into steps |
//! | `value` | writes values and bytes in the language of scenarios |
//! | `write` | writes the steps as text; puts steps whose order is not known into `together` |

mod names;
mod steps;
mod value;
mod write;

use std::collections::BTreeMap;

use crate::grammar::Grammar;

use super::record::Moment;
use names::Names;
use steps::Steps;

/// The parts of a scenario that do not come from the recording.
#[derive(Debug, Clone)]
pub struct Replay<'a> {
    /// The id of the scenario.
    pub id: &'a str,
    /// The title of the scenario.
    pub title: &'a str,
    /// The ids of the requirements that it checks, at least one.
    pub checks: &'a [String],
}

/// Returns the text of a file with one scenario, which sends and expects what the tap has recorded.
///
/// The recorded logins are replaced by the names of the lanes, for which each run uses fresh logins. If the server sent a
/// value (for example an id) and a client used this value later, the scenario remembers the value that the server sends in
/// the new run. Frames that cannot be written as packets are written as bytes.
#[must_use]
pub fn scenario(grammar: &Grammar, moments: &[Moment], head: &Replay<'_>) -> String {
    let names = Names::of(grammar, moments);
    let steps = Steps::of(grammar, moments, &names);
    write::write(&steps, &names, head)
}

/// Returns the name of the lane of each connection. The name is made from the login of the connection; without a login it is
/// a name such as `client3`.
#[must_use]
pub fn lane_names(grammar: &Grammar, moments: &[Moment]) -> BTreeMap<usize, String> {
    let names = Names::of(grammar, moments);
    names
        .lanes
        .into_iter()
        .map(|(connection, lane)| (connection, lane.name))
        .collect()
}

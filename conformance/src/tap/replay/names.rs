//! Names for the values that differ in every run: logins, and values that the server chooses.

use std::collections::{BTreeMap, BTreeSet};

use crate::grammar::{Direction, FenceExpr, Frame, Grammar, PacketId, Party, Side, Value};
use crate::scenario::is_word;
use crate::tap::record::{Moment, What};
use crate::tap::watch::Heard;

/// Maximum length of a lane's name. In each run the suite makes a fresh login from this name, so a short name also keeps the
/// login short.
const LONGEST_NAME: usize = 10;

/// Maximum length of an ordinary login, in bytes. A longer login probably tests a limit, so the fresh login in its place
/// gets the same length.
const USUAL_LOGIN: usize = 20;

/// The names of a conversation.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The lane of each connection.
    pub(super) lanes: BTreeMap<usize, Lane>,
    /// For each login, the name of the first lane that has this login.
    pub(super) logins: BTreeMap<String, String>,
    /// The name under which each value is remembered. The key is the name of the field and the value that the server sent in
    /// it.
    remembered: BTreeMap<(String, String), String>,
}

/// The lane of one connection.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    /// The earlier lane with the same login, if there is one.
    pub(super) same_as: Option<String>,
    /// The length of its login in bytes, if the fresh login must have the same length.
    pub(super) bytes: Option<usize>,
}

impl Names {
    pub(super) fn of(grammar: &Grammar, moments: &[Moment]) -> Names {
        let mut names = Names::default();
        let logins = logins(grammar, moments);
        let opened = moments.iter().filter_map(|moment| match moment.what {
            What::Opened { .. } => Some(moment.connection),
            _ => None,
        });
        for connection in opened {
            names.add(connection, logins.get(&connection));
        }
        names.remember(grammar, moments);
        names
    }

    fn add(&mut self, connection: usize, login: Option<&String>) {
        let wished = login.map(|login| lane_name(login)).unwrap_or_default();
        let wished = match wished.as_str() {
            "" => format!("client{}", connection + 1),
            _ => wished,
        };
        let taken: BTreeSet<&str> = self.lanes.values().map(|lane| lane.name.as_str()).collect();
        let name = std::iter::once(wished.clone())
            .chain((2..).map(|number| format!("{wished}{number}")))
            .find(|name| !taken.contains(name.as_str()) && !is_word(name))
            .unwrap_or(wished);
        let same_as = login.and_then(|login| self.logins.get(login)).cloned();
        if let Some(login) = login {
            self.logins
                .entry(login.clone())
                .or_insert_with(|| name.clone());
        }
        let bytes = login
            .map(String::len)
            .filter(|length| *length > USUAL_LOGIN && same_as.is_none());
        let lane = Lane {
            name,
            same_as,
            bytes,
        };
        self.lanes.insert(connection, lane);
    }

    /// Finds the values that the scenario must remember, such as ids. The server first sends such a value, and a client
    /// later sends it in a field with the same name.
    fn remember(&mut self, grammar: &Grammar, moments: &[Moment]) {
        let mut said: BTreeSet<(String, String)> = BTreeSet::new();
        let mut given: BTreeSet<(String, String)> = BTreeSet::new();
        for (side, frame) in frames(moments) {
            for (field, value) in fields(grammar, frame) {
                let key = (field.to_owned(), value.to_string());
                match side {
                    Side::Server if !said.contains(&key) => {
                        given.insert(key);
                    }
                    Side::Server => {}
                    Side::Client => {
                        if given.contains(&key) {
                            self.give_a_name(&key);
                        }
                        said.insert(key);
                    }
                }
            }
        }
    }

    fn give_a_name(&mut self, key: &(String, String)) {
        if self.remembered.contains_key(key) {
            return;
        }
        let number = self
            .remembered
            .keys()
            .filter(|(field, _)| *field == key.0)
            .count()
            + 1;
        let stem = key.0.to_ascii_lowercase();
        let stem = match stem.starts_with(|first: char| first.is_ascii_lowercase()) {
            true if !is_word(&stem) => stem,
            _ => format!("the-{stem}"),
        };
        let name = match number {
            1 => stem,
            _ => format!("{stem}-{number}"),
        };
        self.remembered.insert(key.clone(), name);
    }

    /// Returns the name under which a value of that field is remembered.
    pub(super) fn remembered(&self, field: &str, value: &Value) -> Option<&str> {
        let key = (field.to_owned(), value.to_string());
        self.remembered.get(&key).map(String::as_str)
    }
}

fn frames(moments: &[Moment]) -> impl Iterator<Item = (Side, &Frame)> {
    moments.iter().filter_map(|moment| match &moment.what {
        What::Said(
            side,
            Heard::Frame {
                frame, wrong: None, ..
            },
        ) => Some((*side, frame)),
        _ => None,
    })
}

fn fields<'a>(
    grammar: &'a Grammar,
    frame: &'a Frame,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let packet = grammar.packet(frame.packet);
    packet
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .zip(frame.fields.iter().map(|field| &field.value))
}

/// Returns the login of each connection: the last login that the client asked for before the server accepted a login. If the
/// server accepted none, it is the last login that the client asked for.
fn logins(grammar: &Grammar, moments: &[Moment]) -> BTreeMap<usize, String> {
    let mut logins = BTreeMap::new();
    let mut granted = BTreeSet::new();
    let mut sent: BTreeMap<usize, BTreeSet<PacketId>> = BTreeMap::new();
    let places = login_fields(grammar);
    for moment in moments {
        let What::Said(
            side,
            Heard::Frame {
                frame, wrong: None, ..
            },
        ) = &moment.what
        else {
            continue;
        };
        let connection = moment.connection;
        let sent = sent.entry(connection).or_default();
        match side {
            Side::Client => {
                sent.insert(frame.packet);
                let place = places.iter().find(|(packet, _)| *packet == frame.packet);
                let value = place.and_then(|(_, index)| frame.fields.get(*index));
                if let Some(Value::Text(login)) = value.map(|field| &field.value)
                    && !granted.contains(&connection)
                {
                    logins.insert(connection, login.clone());
                }
            }
            Side::Server => {
                let by = grammar.identified_by.as_ref();
                if by.is_some_and(|by| by.matches(frame, sent)) {
                    granted.insert(connection);
                }
            }
        }
    }
    logins
}

/// Returns the fields with which a client asks for its login. The suite's fence for lanes without a login shows which fields
/// these are, because its packets contain the name of the lane.
fn login_fields(grammar: &Grammar) -> Vec<(PacketId, usize)> {
    let fence = grammar.fence_unidentified.iter();
    let sends = fence
        .flat_map(|fence| &fence.steps)
        .filter(|step| step.who == Party::To && step.direction == Direction::Sends);
    sends
        .flat_map(|step| {
            let asks = |(_, expr): &(usize, &FenceExpr)| **expr == FenceExpr::NameOf(Party::To);
            let indices = step.fields.iter().enumerate().filter(asks);
            indices.map(|(index, _)| (step.packet, index))
        })
        .collect()
}

/// Returns a name for a lane: the letters and digits of the login, from its first letter on. The result is empty if the
/// login has no letter.
fn lane_name(login: &str) -> String {
    let name: String = login
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .skip_while(|letter| !letter.is_ascii_lowercase())
        .take(LONGEST_NAME)
        .collect();
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_named_after_its_login_where_the_language_allows_it() {
        assert_eq!(lane_name("Alice"), "alice");
        assert_eq!(lane_name("42 Élan_vital!"), "lanvital");
        assert_eq!(lane_name("日本"), "");
    }

    #[test]
    fn the_name_of_a_lane_is_unique_and_no_word_of_the_language() {
        let mut names = Names::default();
        for (connection, login) in ["close", "Bob", "bob!", "Bob"].into_iter().enumerate() {
            names.add(connection, Some(&login.to_owned()));
        }
        let lanes: Vec<_> = names
            .lanes
            .values()
            .map(|lane| (lane.name.as_str(), lane.same_as.as_deref()))
            .collect();
        assert_eq!(
            lanes,
            [
                ("close2", None),
                ("bob", None),
                ("bob2", None),
                ("bob3", Some("bob"))
            ]
        );
    }
}

//! What must be equal in two runs of a case.

use std::collections::{BTreeMap, BTreeSet};

use conformance::grammar::{Choices, Grammar, PacketId};
use conformance::run::{Direction, Event};
use conformance::scenario::{Action, Incoming, Outgoing, Scenario, Step, walk};
use conformance::suite::Suite;
use conformance::trace::{Recorded, Recording, blocks};

/// What the lanes of a case sent and received, except for the parts that differ from run to run.
pub(super) struct Conversation {
    /// The packets by lane and direction.
    tracks: BTreeMap<String, Vec<String>>,
    /// Whether another run of the case may have more or fewer packets.
    is_open: bool,
    /// Whether the order of the packets is not compared.
    is_loose: bool,
}

impl Conversation {
    pub(super) fn of(
        suite: &Suite,
        choices: &Choices,
        scenario: &Scenario,
        case: &Recorded,
    ) -> Conversation {
        let is_loose = depends_on_time(scenario);
        let uncertain = uncertain(&suite.grammar, scenario);
        let mut tracks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for block in blocks(&suite.grammar, choices, &case.events) {
            let does = match block.direction {
                _ if block.unasked || block.fence || uncertain.contains(&block.title) => continue,
                Direction::Does | Direction::Ends => continue,
                Direction::Sends => "sends",
                Direction::Sees => "receives",
            };
            let (track, entry) = match is_loose {
                true => (format!("what a lane {does}"), block.title),
                false => (
                    format!("what {} {does}", block.lane),
                    format!("{} ({} bytes)", block.title, block.length),
                ),
            };
            tracks.entry(track).or_default().push(entry);
        }
        Conversation {
            tracks,
            is_open: is_loose || case.more > 0,
            is_loose,
        }
    }

    /// Returns the first difference from another run of the case.
    pub(super) fn difference(&self, other: &Conversation) -> Option<String> {
        let track = |of: &Conversation, key| of.tracks.get(key).cloned().unwrap_or_default();
        let keys: BTreeSet<&String> = self.tracks.keys().chain(other.tracks.keys()).collect();
        let is_open = self.is_open || other.is_open;
        keys.into_iter().find_map(|key| {
            let (was, is) = (track(self, key), track(other, key));
            let same = agree(&was, &is, is_open, self.is_loose);
            (!same).then(|| {
                format!(
                    "{key} is now [{}]; it was [{}]",
                    is.join(", "),
                    was.join(", ")
                )
            })
        })
    }
}

/// Returns whether the conversation depends on the order of events that happen at the same time.
fn depends_on_time(scenario: &Scenario) -> bool {
    let mut depends = false;
    walk::every_step(&scenario.steps, &mut |step| {
        depends |= matches!(
            step.action,
            Action::Together(_)
                | Action::AnyOrder { .. }
                | Action::Either(_)
                | Action::Eventually { .. }
        );
    });
    depends
}

/// Returns the names of the packets that the alternatives and repeated steps of a case send or expect.
fn uncertain(grammar: &Grammar, scenario: &Scenario) -> BTreeSet<String> {
    let mut packets = Vec::new();
    walk::every_step(&scenario.steps, &mut |step| {
        let inside: Vec<&Step> = match &step.action {
            Action::Either(branches) => branches.iter().flat_map(|branch| &branch.steps).collect(),
            Action::Eventually { steps, .. } => steps.iter().collect(),
            _ => return,
        };
        for step in inside {
            walk::every_step(std::slice::from_ref(step), &mut |step| match &step.action {
                Action::Send { what, .. } => packets.extend(what.iter().filter_map(sent)),
                Action::Expect {
                    what: Incoming::Frame(frame),
                    ..
                } => packets.push(frame.packet),
                Action::AnyOrder { frames, .. } => {
                    packets.extend(frames.iter().map(|frame| frame.packet));
                }
                _ => {}
            });
        }
    });
    let packets = packets.into_iter();
    packets.map(|id| grammar.packet(id).name.clone()).collect()
}

fn sent(what: &Outgoing) -> Option<PacketId> {
    match what {
        Outgoing::Packet { packet, .. } => Some(*packet),
        _ => None,
    }
}

/// Returns whether two tracks (lists of packets) may come from the same case. If `is_open`, one track may be longer. Then it
/// must begin with the shorter track. If `is_loose`, the order does not matter, so the longer track need only contain the
/// entries of the shorter track.
fn agree(one: &[String], other: &[String], is_open: bool, is_loose: bool) -> bool {
    let (mut longer, mut shorter) = (one.to_vec(), other.to_vec());
    if shorter.len() > longer.len() {
        std::mem::swap(&mut longer, &mut shorter);
    }
    if !is_open && longer.len() != shorter.len() {
        return false;
    }
    if !is_loose {
        return longer.starts_with(&shorter);
    }
    shorter.iter().all(|entry| {
        let place = longer.iter().position(|other| other == entry);
        place.map(|place| longer.swap_remove(place)).is_some()
    })
}

/// Applies a change to the recording of a case. Returns the first difference from the unchanged recording.
fn difference_after(id: &str, change: impl Fn(&mut Recorded)) -> Option<String> {
    let suite = Suite::built_in("chaton").unwrap();
    let (choices, case) = Recording::of("chaton").unwrap().find(id).unwrap();
    let mut changed = case.clone();
    change(&mut changed);
    let scenario = suite.scenario(id).unwrap();
    let conversation = |case| Conversation::of(&suite, &choices, scenario, case);
    conversation(&case).difference(&conversation(&changed))
}

#[test]
fn a_conversation_with_another_packet_or_length_differs() {
    let last_message = |case: &Recorded| {
        let is_message = |event: &Event| !event.fence && event.data.first() == Some(&4);
        case.events.iter().rposition(is_message).unwrap()
    };
    let lacks_one = difference_after("whisper", |case| {
        let index = last_message(case);
        case.events.remove(index);
    });
    let what = lacks_one.unwrap_or_default();
    assert!(what.starts_with("what bob receives is now ["), "{what}");
    let other_text = difference_after("whisper", |case| {
        let index = last_message(case);
        let mut data = case.events[index].data.clone();
        let message = data.len() - 1;
        data[message] = b'!';
        case.events[index] = case.events[index].clone().with_bytes(&data, data.len());
    });
    assert_eq!(other_text, None, "the text of a message is not compared");
    let refused = difference_after("login-accepted", |case| {
        let last = case.events.pop().unwrap();
        case.events.push(last.with_bytes(&[2], 1));
    });
    let what = refused.unwrap_or_default();
    assert!(
        what.contains("[LOGIN_REFUSED (1 bytes)]; it was [LOGIN_ACCEPTED (1 bytes)]"),
        "{what}"
    );
}

#[test]
fn a_conversation_in_another_order_of_its_lanes_is_the_same() {
    let reversed = difference_after("login-race", |case| case.events.reverse());
    assert_eq!(reversed, None);
    let lane = |event: &Event| event.lane.clone();
    let sorted = difference_after("whisper", |case| case.events.sort_by_key(lane));
    assert_eq!(sorted, None);
}

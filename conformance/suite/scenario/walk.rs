//! Functions that look at steps and at all steps inside them.

use std::collections::BTreeSet;

use crate::grammar::{Choice, Choices, Grammar, PacketId, Reading, TypeKind};

use super::{Action, Incoming, LaneId, Outgoing, Piece, Scenario, Step};

/// Calls `visit` with each step and with the steps inside it; the outer step comes first.
pub fn every_step<'a>(steps: &'a [Step], visit: &mut impl FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        match &step.action {
            Action::Together(tracks) => tracks.iter().for_each(|steps| every_step(steps, visit)),
            Action::Either(branches) => branches
                .iter()
                .for_each(|branch| every_step(&branch.steps, visit)),
            Action::Eventually { steps, .. } | Action::When { steps, .. } => {
                every_step(steps, visit);
            }
            _ => {}
        }
    }
}

/// Returns whether the steps only receive: no step sends anything, not even a fence.
pub fn only_watch(steps: &[Step]) -> bool {
    let mut watch = true;
    every_step(steps, &mut |step| {
        watch &= match &step.action {
            Action::Expect { what, .. } => !matches!(what, Incoming::Silence { .. }),
            Action::AnyOrder { .. }
            | Action::Together(_)
            | Action::Either(_)
            | Action::When { .. }
            | Action::Sign { .. }
            | Action::Distinct(_)
            | Action::Pause { .. } => true,
            _ => false,
        };
    });
    watch
}

/// Returns whether any of the steps expects something.
pub fn any_expects(steps: &[Step]) -> bool {
    let mut expects = false;
    every_step(steps, &mut |step| {
        expects |= matches!(
            step.action,
            Action::Expect { .. }
                | Action::AnyOrder { .. }
                | Action::Either(_)
                | Action::Distinct(_)
        );
    });
    expects
}

/// Returns the lanes on which the steps send or expect something.
pub fn lanes(steps: &[Step]) -> BTreeSet<LaneId> {
    let mut lanes = BTreeSet::new();
    every_step(steps, &mut |step| match &step.action {
        Action::Expect {
            lane,
            what: Incoming::Silence { after: Some(after) },
            ..
        } => lanes.extend([*lane, *after]),
        Action::Open(lane)
        | Action::Send { lane, .. }
        | Action::Shutdown(lane)
        | Action::Close(lane)
        | Action::Abort(lane)
        | Action::Truncate(lane)
        | Action::Sign { lane, .. }
        | Action::StopReading(lane)
        | Action::ReadAgain(lane)
        | Action::Expect { lane, .. }
        | Action::AnyOrder { lane, .. } => {
            lanes.insert(*lane);
        }
        Action::Together(_)
        | Action::Either(_)
        | Action::Eventually { .. }
        | Action::When { .. }
        | Action::Distinct(_)
        | Action::Pause { .. } => {}
    });
    lanes
}

/// Returns whether a type is one of these types. A list also counts if the type of its values, or the type of the number of
/// its values, is one of them.
fn is_one_of(grammar: &Grammar, type_name: &str, types: &BTreeSet<&str>) -> bool {
    let kinds = grammar.kinds_of_type(type_name, &Choices::new());
    let of_values = kinds.iter().any(|kind| match kind {
        TypeKind::List { of, count } => {
            types.contains(of.as_str())
                || count
                    .as_ref()
                    .is_some_and(|count| types.contains(count.as_str()))
        }
        _ => false,
    });
    of_values || types.contains(type_name)
}

/// Returns whether the result of a scenario may depend on which choice of this reading the target follows.
pub fn depends_on(grammar: &Grammar, scenario: &Scenario, reading: &Reading) -> bool {
    if reading.choices.iter().any(Choice::changes_opcodes) {
        return true;
    }
    let types: BTreeSet<&str> = reading
        .choices
        .iter()
        .flat_map(|choice| &choice.types)
        .map(|definition| definition.name.as_str())
        .collect();
    let has_type = |packet: &PacketId| {
        let mut fields = grammar.packet(*packet).fields.iter();
        fields.any(|field| is_one_of(grammar, &field.type_name, &types))
    };
    let mut depends = false;
    every_step(&scenario.steps, &mut |step| {
        depends |= match &step.action {
            Action::When { reading: name, .. } => *name == reading.name,
            Action::Expect {
                what: Incoming::Frame(pattern),
                ..
            } => has_type(&pattern.packet),
            Action::AnyOrder { frames, .. } => frames.iter().any(|frame| has_type(&frame.packet)),
            Action::Send { what, .. } => what.iter().any(|outgoing| match outgoing {
                Outgoing::Packet { packet, .. } => has_type(packet),
                Outgoing::Raw(pieces) | Outgoing::Framed(pieces) => {
                    pieces.iter().any(|piece| match piece {
                        Piece::Typed { type_name, .. } | Piece::LengthOf { type_name, .. } => {
                            types.contains(type_name.as_str())
                        }
                        _ => false,
                    })
                }
                Outgoing::Random { .. } => false,
            }),
            _ => false,
        };
    });
    depends
}

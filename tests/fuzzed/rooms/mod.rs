//! The rooms. Clients connect, send any bytes, wait and leave, in any order. The script of the tests
//! (`tests/common/conversation.rs`) applies the room's effects. For each effect, the script checks its own rules: for
//! example, that the room sends nothing to a connection that is closed or gone. At the end, all clients are gone and the
//! room must be empty.

use std::time::Duration;

use matou_protocols::room::Overdue;

use crate::script::Script;
use conversation::{Conversation, Spoken};

#[path = "../../common/conversation.rs"]
pub(crate) mod conversation;

mod chathack;
mod chaton;
mod chatos_1_0;
mod chatos_groupe2;
mod chatr;

/// There are few connections, and the names of the clients are the names of the connections. So a name is often taken.
const CONNECTIONS: [&str; 6] = ["alice", "bob", "carol", "dave", "arnaud", "louis"];

/// Maximum number of deeds (things that clients do or that happen to them) in one check.
const MOST_DEEDS: usize = 400;

pub(crate) fn chaton(bytes: &[u8]) {
    play::<chaton::script::Chaton>(bytes);
}

pub(crate) fn chatos_groupe2(bytes: &[u8]) {
    play::<chatos_groupe2::script::ChatosGroupe2>(bytes);
}

pub(crate) fn chatos_1_0(bytes: &[u8]) {
    play::<chatos_1_0::script::Chatos10>(bytes);
}

pub(crate) fn chathack(bytes: &[u8]) {
    play::<chathack::script::ChatHack>(bytes);
}

pub(crate) fn chatr(bytes: &[u8]) {
    play::<chatr::script::Chatr>(bytes);
}

fn play<S: Spoken>(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let mut chat = Conversation::<S>::new(S::Options::default());
    chat.answers_come_later = script.one_of(&[false, true]);
    for _ in 0..MOST_DEEDS {
        let Some(deed) = script.byte() else { break };
        let who = CONNECTIONS[usize::from(deed & 7) % CONNECTIONS.len()];
        perform(&mut chat, who, deed >> 3, &mut script);
    }
    chat.passes(Duration::ZERO);
    for who in chat.connected() {
        chat.is_gone(who);
    }
    assert!(
        chat.is_empty(),
        "all clients are gone, but the room knows some of them"
    );
    let heard = chat.passes(Duration::from_hours(1));
    assert!(
        heard.is_empty(),
        "all clients are gone, but the room sends {heard:?}"
    );
}

/// Performs the deed with this number.
fn perform<S: Spoken>(
    chat: &mut Conversation<S>,
    who: &'static str,
    deed: u8,
    script: &mut Script<'_>,
) {
    let is_here = chat.connected().contains(&who);
    // The script expects that these events make the room send nothing. So the room must first handle the deadlines that have
    // passed.
    if matches!(deed, 0..4 | 23) {
        chat.passes(Duration::ZERO);
    }
    match deed {
        0..4 if !is_here => chat.arrives(who),
        28 => {
            chat.passes(Duration::from_secs(script.byte().unwrap_or(0).into()));
        }
        29 => chat.passes_unnoticed(Duration::from_secs(script.byte().unwrap_or(0).into())),
        30 => {
            chat.is_revoked(who);
        }
        _ if !is_here => {}
        4..8 => {
            chat.logs_in(who, who);
        }
        8..18 => {
            chat.sends(who, script.bytes());
        }
        18..22 => send_with_id(chat, who, script),
        22 => {
            chat.hangs_up(who);
        }
        23 => {
            chat.is_gone(who);
        }
        24 => {
            let limits = [Overdue::FirstByte, Overdue::Identification, Overdue::Frame];
            chat.is_late(who, script.one_of(&limits));
        }
        25 if chat.waits_for_an_answer(who) => {
            chat.is_not_answered(who);
        }
        26 | 27 if chat.waits_for_an_answer(who) => {
            chat.is_answered(who);
        }
        _ => {}
    }
}

/// Sends bytes that contain an id which the room has sent: first some bytes, then the id, then more bytes.
fn send_with_id<S: Spoken>(chat: &mut Conversation<S>, who: &'static str, script: &mut Script<'_>) {
    let before = script.bytes();
    let ago = usize::from(script.byte().unwrap_or(0) % 4);
    let id = chat.connect_ids.iter().rev().nth(ago).copied();
    let id = id.unwrap_or_default().to_be_bytes();
    let bytes = [before, &id, script.bytes()].concat();
    chat.sends(who, &bytes);
}

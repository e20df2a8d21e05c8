//! Tests in which clients do random things: they connect, log in, send packets and leave. The script checks the rules of
//! `common/conversation.rs` for each effect of the room. At the end, all clients are gone and the room must be empty.

use std::time::Duration;

use matou_protocols::chaton::{LongWidth, Options};
use matou_protocols::room::{Flow, Overdue};
use proptest::prelude::*;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// There are few connections and even fewer names, so that a client often uses a name that is taken or is not its own.
const CONNECTIONS: [&str; 6] = ["c0", "c1", "c2", "c3", "c4", "c5"];
const NAMES: [&str; 3] = ["alice", "bob", "carol"];

#[derive(Debug, Clone)]
enum Deed {
    Arrive,
    /// Connects, and sends LOGIN_PRIVATE with a connect_id that the room has sent. The value 0 means the newest connect_id,
    /// 1 the one before it, and so on. Does nothing if the room has sent too few connect_ids.
    ArriveAsEnd(usize),
    Login(&'static str),
    Message,
    Whisper(&'static str),
    Request(&'static str),
    Ok(&'static str),
    Ko(&'static str),
    /// Sends a request whose sender is often the name of another client.
    Forge(&'static str, &'static str),
    /// Sends LOGIN_PRIVATE with a connect_id that the room has sent. The value 0 means the newest connect_id, 1 the one
    /// before it, and so on. If the room has sent too few connect_ids, sends an unknown one.
    LoginPrivate(usize),
    Nonsense,
    BeLate(Overdue),
    HangUp,
    BeGone,
    Wait(u64),
}

fn deeds() -> impl Strategy<Value = Vec<(&'static str, Deed)>> {
    let name = || prop::sample::select(&NAMES[..]);
    let deed = prop_oneof![
        12 => Just(Deed::Arrive),
        16 => (0_usize..2).prop_map(Deed::ArriveAsEnd),
        12 => name().prop_map(Deed::Login),
        2 => Just(Deed::Message),
        2 => name().prop_map(Deed::Whisper),
        16 => name().prop_map(Deed::Request),
        24 => name().prop_map(Deed::Ok),
        2 => name().prop_map(Deed::Ko),
        1 => (name(), name()).prop_map(|(from, to)| Deed::Forge(from, to)),
        6 => (0_usize..3).prop_map(Deed::LoginPrivate),
        1 => Just(Deed::Nonsense),
        1 => prop::sample::select(vec![Overdue::FirstByte, Overdue::Identification, Overdue::Frame])
            .prop_map(Deed::BeLate),
        1 => Just(Deed::HangUp),
        2 => Just(Deed::BeGone),
        1 => (0_u64..400).prop_map(Deed::Wait),
    ];
    prop::collection::vec((prop::sample::select(&CONNECTIONS[..]), deed), 0..300)
}

fn options() -> impl Strategy<Value = Options> {
    let long = prop_oneof![Just(LongWidth::Eight), Just(LongWidth::Four)];
    (long, 1_usize..5, 1_usize..5, 1_usize..5, 0_usize..3).prop_map(
        |(long, pending_as_asker, pending_as_target, unused_ids, tunnel_guesses_per_minute)| {
            Options {
                long,
                pending_as_asker,
                pending_as_target,
                unused_ids,
                tunnel_guesses_per_minute,
                ..Options::default()
            }
        },
    )
}

fn perform(chat: &mut Chat, who: &'static str, deed: Deed) {
    let is_here = chat.connected().contains(&who);
    let own = chat.login_of(who).unwrap_or_default();
    match deed {
        Deed::Arrive if !is_here => chat.arrives(who),
        Deed::ArriveAsEnd(ago) if !is_here => {
            if let Some(id) = chat.connect_ids.iter().rev().nth(ago).copied() {
                chat.arrives(who);
                chat.says(who, login_private(id));
            }
        }
        Deed::Wait(seconds) => {
            chat.passes(Duration::from_secs(seconds));
        }
        _ if !is_here => {}
        // A real engine soon tells the room that a closed connection is gone. Here the test tells the room later, when the
        // same client connects again.
        Deed::Arrive | Deed::ArriveAsEnd(_) => {
            if chat.flow(who) == Flow::Closed {
                chat.is_gone(who);
            }
        }
        Deed::BeGone => {
            chat.is_gone(who);
        }
        Deed::HangUp => {
            chat.hangs_up(who);
        }
        Deed::BeLate(overdue) => {
            chat.is_late(who, overdue);
        }
        Deed::Nonsense => {
            chat.sends(who, b"\x7f");
        }
        Deed::Login(name) => {
            chat.says(who, login(name));
        }
        Deed::Message => {
            chat.says(who, message(&own, "m"));
        }
        Deed::Whisper(to) => {
            chat.says(who, whisper(&own, to, "w"));
        }
        Deed::Request(to) => {
            chat.says(who, request(&own, to));
        }
        Deed::Ok(requester) => {
            chat.says(who, ok(requester, &own));
        }
        Deed::Ko(requester) => {
            chat.says(who, ko(requester, &own));
        }
        Deed::Forge(from, to) => {
            chat.says(who, request(from, to));
        }
        Deed::LoginPrivate(ago) => {
            let id = chat
                .connect_ids
                .iter()
                .rev()
                .nth(ago)
                .copied()
                .unwrap_or(4711);
            chat.says(who, login_private(id));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_random_deeds_the_room_is_empty(options in options(), deeds in deeds()) {
        let mut chat = Chat::new(options);
        for (who, deed) in deeds {
            perform(&mut chat, who, deed);
        }
        for who in chat.connected() {
            chat.is_gone(who);
        }
        prop_assert!(chat.is_empty());
        prop_assert_eq!(chat.passes(Duration::from_hours(1)), NOTHING);
    }
}

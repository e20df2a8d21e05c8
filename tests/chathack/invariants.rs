//! Tests in which clients do random things: they connect, log in, send packets and leave. The script checks the rules of
//! `common/conversation.rs` for each effect of the room. At the end, all clients are gone and the room must be empty.

use std::time::Duration;

use matou_protocols::chathack::{ClientFrame, Options};
use matou_protocols::room::{Flow, Overdue};
use proptest::prelude::*;

use crate::frames::*;
use crate::script::{ACCOUNTS, Chat, NOTHING};

/// There are few connections and even fewer names, so that a client often uses a name that is taken or is not its own.
const CONNECTIONS: [&str; 6] = ["c0", "c1", "c2", "c3", "c4", "c5"];
const NAMES: [&str; 3] = ["alice", "bob", "arnaud"];

#[derive(Debug, Clone)]
enum Deed {
    Arrive,
    LogIn(&'static str),
    LogInWithPassword(&'static str),
    /// Sends a packet that names any client as its sender: the right name or a wrong one.
    Say(Named, &'static str, &'static str),
    /// Sends a packet that names the client itself as its sender.
    SayRight(Named, &'static str),
    Nonsense,
    BeAnswered,
    BeLate(Overdue),
    HangUp,
    BeGone,
    Wait(u64),
}

#[derive(Debug, Clone, Copy)]
enum Named {
    Message,
    Ask,
    Agree,
    Deny,
}

impl Named {
    fn frame<'a>(self, sender: &'a str, receiver: &'a str) -> ClientFrame<'a> {
        match self {
            Named::Message => say(sender, "m"),
            Named::Ask => ask(sender, receiver),
            Named::Agree => agree(sender, receiver, at("0.0.0.0", 7, 7)),
            Named::Deny => deny(sender, receiver),
        }
    }
}

fn deeds() -> impl Strategy<Value = Vec<(&'static str, Deed)>> {
    let name = || prop::sample::select(&NAMES[..]);
    let named = || {
        prop_oneof![
            1 => Just(Named::Message),
            4 => Just(Named::Ask),
            2 => Just(Named::Agree),
            2 => Just(Named::Deny),
        ]
    };
    let late = prop_oneof![
        Just(Overdue::FirstByte),
        Just(Overdue::Identification),
        Just(Overdue::Frame)
    ];
    let password = prop::sample::select(&["townhall", "wrong"][..]);
    let deed = prop_oneof![
        12 => Just(Deed::Arrive),
        12 => name().prop_map(Deed::LogIn),
        6 => password.prop_map(Deed::LogInWithPassword),
        4 => (named(), name(), name()).prop_map(|(named, one, two)| Deed::Say(named, one, two)),
        24 => (named(), name()).prop_map(|(named, other)| Deed::SayRight(named, other)),
        1 => Just(Deed::Nonsense),
        12 => Just(Deed::BeAnswered),
        1 => late.prop_map(Deed::BeLate),
        1 => Just(Deed::HangUp),
        2 => Just(Deed::BeGone),
        2 => (0_u64..400).prop_map(Deed::Wait),
    ];
    let who = prop::sample::select(&CONNECTIONS[..]);
    prop::collection::vec((who, deed), 1..80)
}

fn does(chat: &mut Chat, who: &'static str, deed: Deed) {
    if let Deed::Wait(seconds) = deed {
        chat.passes(Duration::from_secs(seconds));
        return;
    }
    if !chat.connected().contains(&who) {
        if let Deed::Arrive = deed {
            chat.arrives(who);
        }
        return;
    }
    match deed {
        Deed::Arrive | Deed::Wait(_) => {}
        Deed::LogIn(name) => drop(chat.says(who, guest(name))),
        Deed::LogInWithPassword(password) => {
            drop(chat.says(who, account(ACCOUNTS[0].0, password)));
        }
        Deed::Say(named, one, other) => drop(chat.says(who, named.frame(one, other))),
        Deed::SayRight(named, other) => {
            if let Some(own) = chat.login_of(who) {
                chat.says(who, named.frame(&own, other));
            }
        }
        Deed::Nonsense => drop(chat.sends(who, b"\x7f")),
        Deed::BeAnswered => {
            if chat.waits_for_an_answer(who) {
                chat.is_answered(who);
            }
        }
        Deed::BeLate(overdue) => drop(chat.is_late(who, overdue)),
        Deed::HangUp => drop(chat.hangs_up(who)),
        Deed::BeGone => drop(chat.is_gone(who)),
    }
}

proptest! {
    #[test]
    fn after_random_deeds_the_room_is_empty(deeds in deeds(), at_once in any::<bool>()) {
        let mut chat = Chat::new(Options {
            pending_as_asker: 2,
            pending_as_target: 2,
            ..Options::default()
        });
        chat.answers_come_later = !at_once;
        for (who, deed) in deeds {
            does(&mut chat, who, deed);
        }
        for who in chat.connected() {
            if chat.flow(who) == Flow::Closed {
                prop_assert_eq!(chat.is_late(who, Overdue::Frame), NOTHING);
            }
            chat.is_gone(who);
        }
        prop_assert!(chat.is_empty());
    }
}

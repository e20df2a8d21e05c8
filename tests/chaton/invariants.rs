//! Whatever people do, in whatever order: the script checks each effect (see there), and in the end nothing remains.

use std::time::Duration;

use matou::chaton::{LongWidth, Options};
use matou::room::Overdue;
use proptest::prelude::*;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// Few connections and fewer names, so that they meet, and mistake each other, all the time.
const CONNECTIONS: [&str; 6] = ["c0", "c1", "c2", "c3", "c4", "c5"];
const NAMES: [&str; 4] = ["alice", "bob", "carol", "\u{7}"];

#[derive(Debug, Clone)]
enum Deed {
    Arrive,
    Login(&'static str),
    Message(&'static str),
    Whisper(&'static str, &'static str),
    Request(&'static str, &'static str),
    Ok(&'static str, &'static str),
    Ko(&'static str, &'static str),
    /// The id that was given so many ids ago; an unknown one when there are not so many.
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
        6 => Just(Deed::Arrive),
        6 => name().prop_map(Deed::Login),
        2 => name().prop_map(Deed::Message),
        2 => (name(), name()).prop_map(|(from, to)| Deed::Whisper(from, to)),
        8 => (name(), name()).prop_map(|(from, to)| Deed::Request(from, to)),
        8 => (name(), name()).prop_map(|(from, to)| Deed::Ok(from, to)),
        2 => (name(), name()).prop_map(|(from, to)| Deed::Ko(from, to)),
        6 => (0_usize..4).prop_map(Deed::LoginPrivate),
        1 => Just(Deed::Nonsense),
        1 => prop::sample::select(vec![Overdue::FirstByte, Overdue::Identification, Overdue::Frame])
            .prop_map(Deed::BeLate),
        1 => Just(Deed::HangUp),
        2 => Just(Deed::BeGone),
        1 => (0_u64..400).prop_map(Deed::Wait),
    ];
    prop::collection::vec((prop::sample::select(&CONNECTIONS[..]), deed), 0..120)
}

fn options() -> impl Strategy<Value = Options> {
    let long = prop_oneof![Just(LongWidth::Eight), Just(LongWidth::Four)];
    (long, 0_usize..4, 0_usize..4, 0_usize..4, 0_usize..3).prop_map(
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
    let is_here = chat.everybody().contains(&who);
    match deed {
        Deed::Arrive if !is_here => chat.arrives(who),
        Deed::Wait(seconds) => {
            chat.passes(Duration::from_secs(seconds));
        }
        _ if !is_here => {}
        Deed::Arrive => {}
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
        Deed::Message(from) => {
            chat.says(who, message(from, "m"));
        }
        Deed::Whisper(from, to) => {
            chat.says(who, whisper(from, to, "w"));
        }
        Deed::Request(from, to) => {
            chat.says(who, request(from, to));
        }
        Deed::Ok(from, to) => {
            chat.says(who, ok(from, to));
        }
        Deed::Ko(from, to) => {
            chat.says(who, ko(from, to));
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
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_room_keeps_its_word(options in options(), deeds in deeds()) {
        let mut chat = Chat::new(options);
        for (who, deed) in deeds {
            perform(&mut chat, who, deed);
        }
        for who in chat.everybody() {
            chat.is_gone(who);
        }
        prop_assert!(chat.is_empty());
        prop_assert_eq!(chat.passes(Duration::from_hours(1)), NOTHING);
    }
}

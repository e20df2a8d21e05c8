//! Tests in which clients do random things: they connect, log in, send packets and leave. The script checks the rules of
//! `common/conversation.rs` for each effect of the room. At the end, all clients are gone and the room must be empty.

use std::time::Duration;

use matou_protocols::chatos_1_0::{ErrorCode, Frame, Options};
use matou_protocols::room::{Flow, Overdue};
use proptest::prelude::*;

use crate::frames::*;
use crate::script::{Chat, NOTHING};

/// There are few connections, even fewer names and only two passwords, so that a client often uses a name that is taken or
/// is not its own.
const CONNECTIONS: [&str; 7] = ["c0", "c1", "c2", "c3", "c4", "c5", "c6"];
const NAMES: [&str; 3] = ["alice", "bob", "carol"];
const PASSWORDS: [i16; 2] = [0, -1];

#[derive(Debug, Clone)]
enum Deed {
    Arrive,
    Request(&'static str),
    /// Sends a packet with right or wrong names.
    Say(Named, &'static str, &'static str, i16),
    /// Sends a packet that has the client's own name in the field in which the document requires it.
    SayRight(Named, &'static str, i16),
    Nonsense,
    BeLate(Overdue),
    HangUp,
    BeGone,
    Wait(u64),
}

#[derive(Debug, Clone, Copy)]
enum Named {
    Personal,
    All,
    Ask,
    Accept,
    Abort,
    Connect,
    Error,
}

impl Named {
    fn frame<'a>(self, sender: &'a str, recipient: &'a str, password: i16) -> Frame<'a> {
        match self {
            Named::Personal => spm(sender, recipient, "m"),
            Named::All => sma(sender, "m"),
            Named::Ask => ask(sender, recipient, password),
            Named::Accept => accept(sender, recipient, password),
            Named::Abort => abort(sender, recipient, password),
            Named::Connect => connect(sender, recipient, password),
            Named::Error => ErrorCode::Ok.frame(),
        }
    }
}

fn deeds() -> impl Strategy<Value = Vec<(&'static str, Deed)>> {
    let name = || prop::sample::select(&NAMES[..]);
    let password = || prop::sample::select(&PASSWORDS[..]);
    let named = prop_oneof![
        1 => Just(Named::Personal),
        1 => Just(Named::All),
        4 => Just(Named::Ask),
        16 => Just(Named::Accept),
        2 => Just(Named::Abort),
        16 => Just(Named::Connect),
        1 => Just(Named::Error),
    ];
    let right = prop_oneof![
        1 => Just(Named::Personal),
        1 => Just(Named::All),
        16 => Just(Named::Ask),
        2 => Just(Named::Abort),
    ];
    let deed = prop_oneof![
        16 => Just(Deed::Arrive),
        12 => name().prop_map(Deed::Request),
        24 => (named, name(), name(), password())
            .prop_map(|(named, one, two, password)| Deed::Say(named, one, two, password)),
        16 => (right, name(), password())
            .prop_map(|(named, other, password)| Deed::SayRight(named, other, password)),
        1 => Just(Deed::Nonsense),
        1 => prop::sample::select(vec![Overdue::FirstByte, Overdue::Identification, Overdue::Frame])
            .prop_map(Deed::BeLate),
        1 => Just(Deed::HangUp),
        2 => Just(Deed::BeGone),
        1 => (0_u64..400).prop_map(Deed::Wait),
    ];
    prop::collection::vec((prop::sample::select(&CONNECTIONS[..]), deed), 0..300)
}

fn perform(chat: &mut Chat, who: &'static str, deed: Deed) {
    let is_here = chat.connected().contains(&who);
    let own = chat.login_of(who).unwrap_or_default();
    match deed {
        Deed::Arrive if !is_here => chat.arrives(who),
        Deed::Wait(seconds) => {
            chat.passes(Duration::from_secs(seconds));
        }
        _ if !is_here => {}
        Deed::Arrive => {
            // A real engine soon tells the room that a closed connection is gone. Here the test tells the room later, when
            // the same client connects again.
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
        Deed::Request(name) => {
            chat.says(who, cr(name));
        }
        Deed::Say(named, one, two, password) => {
            answered(chat, who, named.frame(one, two, password));
        }
        Deed::SayRight(named, other, password) => {
            let (sender, recipient) = match named {
                Named::Abort => (other, &*own),
                _ => (&*own, other),
            };
            answered(chat, who, named.frame(sender, recipient, password));
        }
    }
}

/// Sends a packet. If the client has a pseudonym, also checks that the server answers with exactly one ERROR. There are two
/// exceptions: if the server relays a TCPAbort, or if the packet itself is an ERROR, there must be no ERROR.
fn answered(chat: &mut Chat, who: &'static str, frame: Frame<'_>) {
    let is_client = chat.flow(who) == Flow::Frames && chat.login_of(who).is_some();
    let heard = chat.says(who, frame);
    if !is_client {
        return;
    }
    let answer = format!("{who} < ERROR ");
    let answers = heard.iter().filter(|line| line.starts_with(&answer));
    let expected = match frame {
        Frame::Error { .. } => 0,
        Frame::TcpAbort(_) if heard.iter().any(|line| line.contains("TCPAbort")) => 0,
        _ => 1,
    };
    assert_eq!(answers.count(), expected, "{frame}: {heard:?}");
}

fn options() -> impl Strategy<Value = Options> {
    (1_usize..5, 1_usize..5, 0_usize..3).prop_map(
        |(pending_as_asker, pending_as_target, tunnel_guesses_per_minute)| Options {
            pending_as_asker,
            pending_as_target,
            tunnel_guesses_per_minute,
            ..Options::default()
        },
    )
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

//! Tests in which clients do random things: they connect, log in, send packets and leave. The script checks the rules of
//! `common/conversation.rs` for each effect of the room. At the end, all clients are gone and the room must be empty.

use std::time::Duration;

use matou_protocols::chatr::{Frame, Verdict};
use proptest::prelude::*;

use crate::script::*;

const PEOPLE: [&str; 4] = ["alice", "bob", "carol", "dave"];

#[derive(Debug, Clone)]
enum Happens {
    Arrives,
    Connects { r#as: usize },
    IsAnswered(bool),
    Requests(usize),
    Accepts(usize),
    Denies(usize),
    Pongs,
    Disconnects,
    HangsUp,
    IsGone,
    IsRevoked,
    Passes(u64),
}

fn happens() -> impl Strategy<Value = (usize, Happens)> {
    let whom = 0..PEOPLE.len();
    let what = prop_oneof![
        3 => Just(Happens::Arrives),
        3 => whom.clone().prop_map(|r#as| Happens::Connects { r#as }),
        4 => any::<bool>().prop_map(Happens::IsAnswered),
        3 => whom.clone().prop_map(Happens::Requests),
        3 => whom.clone().prop_map(Happens::Accepts),
        2 => whom.clone().prop_map(Happens::Denies),
        1 => Just(Happens::Pongs),
        1 => Just(Happens::Disconnects),
        1 => Just(Happens::HangsUp),
        1 => Just(Happens::IsGone),
        1 => Just(Happens::IsRevoked),
        2 => (1..20_u64).prop_map(Happens::Passes),
    ];
    (whom, what)
}

fn happen(chat: &mut Chat, who: &'static str, what: &Happens) {
    let is_there = chat.connected().contains(&who);
    match what {
        Happens::Arrives if !is_there => chat.arrives(who),
        Happens::Passes(seconds) => drop(chat.passes(Duration::from_secs(*seconds))),
        Happens::IsRevoked => drop(chat.is_revoked(&uuid(who).to_string())),
        _ if !is_there => {}
        Happens::IsAnswered(right) => {
            if chat.waits_for_an_answer(who) {
                let verdict = [Verdict::Refuted, Verdict::Verified][usize::from(*right)];
                chat.is_answered_with(who, verdict);
            }
        }
        Happens::Connects { r#as } => drop(chat.says(who, connect(PEOPLE[*r#as]))),
        Happens::Requests(whom) => drop(chat.says(who, request(PEOPLE[*whom], "10.0.0.1"))),
        Happens::Accepts(whom) => drop(chat.says(who, accept(PEOPLE[*whom], "10.0.0.1"))),
        Happens::Denies(whom) => drop(chat.says(who, deny(PEOPLE[*whom]))),
        Happens::Pongs => drop(chat.says(who, pong(1))),
        Happens::Disconnects => drop(chat.says(who, Frame::Disconnect { message: "" })),
        Happens::HangsUp => drop(chat.hangs_up(who)),
        Happens::IsGone => drop(chat.is_gone(who)),
        Happens::Arrives => {}
    }
}

proptest! {
    #[test]
    fn after_random_deeds_the_room_is_empty(all in prop::collection::vec(happens(), 0..120)) {
        let mut chat = Chat::of([]);
        for (who, what) in &all {
            happen(&mut chat, PEOPLE[*who], what);
        }
        for who in chat.connected() {
            chat.is_gone(who);
        }
        prop_assert!(chat.is_empty());
    }
}

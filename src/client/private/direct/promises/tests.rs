//! Tests without sockets: which passes (the bytes that a peer must send first) are accepted. The tests in tests/chat send
//! passes on real sockets.

use rstest::rstest;

use super::*;
use crossbeam_channel::{Receiver, bounded};
use std::time::Duration;

fn pass(public: &str, secret: &str) -> Pass {
    Pass {
        public: public.into(),
        secret: secret.into(),
    }
}

fn promised(passes: &[(u32, Pass)], until: Instant) -> (Promises, Receiver<io::Result<Link>>) {
    let (arrival, arrives) = bounded(1);
    let promises = passes.iter().map(|(tunnel, pass)| {
        let promise = Promise {
            pass: pass.clone(),
            until,
            arrival: arrival.clone(),
        };
        (TunnelId(*tunnel), promise)
    });
    (Promises(Mutex::new(promises.collect())), arrives)
}

/// Returns the verdict as text: `+n` if n more bytes are needed, `in` if the peer is accepted, `out` if it is not.
fn judged(promises: &Promises, shown: &str, now: Instant) -> String {
    match promises.judge(shown.as_bytes(), now) {
        Verdict::More(more) => format!("+{more}"),
        Verdict::In(_) => "in".into(),
        Verdict::Out => "out".into(),
    }
}

#[rstest]
#[case::nothing_yet("", "+9")]
#[case::garbage("x", "out")]
#[case::the_name_of_another("alicia", "out")]
#[case::half_a_name("al", "+7")]
#[case::a_whole_name("alice", "+4")]
#[case::a_wrong_secret_is_not_known_before_its_end("alicexyz", "+1")]
#[case::a_wrong_secret("alicexyz4", "out")]
#[case::half_a_right_secret("alice123", "+1")]
#[case::too_much("alice12345", "out")]
#[case::the_pass("alice1234", "in")]
fn only_a_whole_pass_opens(#[case] shown: &str, #[case] verdict: &str) {
    let now = Instant::now();
    let until = now + Duration::from_secs(1);
    let (promises, _arrives) = promised(&[(1, pass("alice", "1234"))], until);
    assert_eq!(judged(&promises, shown, now), verdict);
}

#[test]
fn a_promise_is_kept_once_and_wrong_tries_do_not_use_it() {
    let now = Instant::now();
    let until = now + Duration::from_secs(1);
    let (promises, _arrives) = promised(&[(1, pass("alice", "1234"))], until);
    assert_eq!(judged(&promises, "alice4321", now), "out");
    assert_eq!(judged(&promises, "alice1234", now), "in");
    assert_eq!(judged(&promises, "alice1234", now), "out");
}

#[test]
fn a_promise_ends_with_its_time() {
    let now = Instant::now();
    let (promises, _arrives) = promised(&[(1, pass("alice", "1234"))], now);
    assert_eq!(judged(&promises, "alice1234", now), "out");
}

#[test]
fn several_promises_are_told_apart() {
    let now = Instant::now();
    let until = now + Duration::from_secs(1);
    let passes = [
        (1, pass("5alice", "1234")),
        (2, pass("3bob", "5678")),
        (3, pass("5alice", "9999")),
    ];
    let (promises, _arrives) = promised(&passes, until);
    assert_eq!(judged(&promises, "", now), "+8");
    assert_eq!(judged(&promises, "5", now), "+9");
    assert_eq!(judged(&promises, "5alice5678", now), "out");
    assert_eq!(judged(&promises, "5alice9999", now), "in");
    assert_eq!(judged(&promises, "5alice1234", now), "in");
    assert_eq!(judged(&promises, "3bob5678", now), "in");
    assert_eq!(judged(&promises, "", now), "out");
}

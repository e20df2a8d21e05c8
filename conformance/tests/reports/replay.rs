//! Tests that a recorded conversation becomes a scenario that lint accepts and that the suite can run.

use std::io::Write;

use conformance::run::Verdict;
use conformance::tap::{Moment, Replay, scenario};

use crate::protocol::{HELLO, case, judge, suite};
use crate::tap::{BOUND, connect, frame, read, tap_for};
use crate::target::{Quirk, Target};

fn text_of(moments: &[Moment]) -> String {
    let checks = ["PARLEY-1".to_owned()];
    let head = Replay {
        id: "heard",
        title: "as it was heard",
        checks: &checks,
    };
    scenario(&suite(&[HELLO]).grammar, moments, &head)
}

/// Returns a conversation of two clients that was recorded by a tap. One name is refused, both clients send messages, one
/// client asks for a number, and one client sends a text that is too long.
fn conversation(target: &Target) -> Vec<Moment> {
    let tap = tap_for(target.address);
    let alice = connect(&tap);
    let say = |mut who: &std::net::TcpStream, bytes: &[u8]| {
        who.write_all(bytes).expect("the tap reads");
    };
    say(&alice, &frame(0, &[b"Alice"]));
    assert_eq!(read(&alice, 1), [1]);
    let bob = connect(&tap);
    say(&bob, &frame(0, &[b"Alice"]));
    assert_eq!(read(&bob, 1), [2], "the name is taken");
    say(&bob, &frame(0, &[b"bob"]));
    assert_eq!(read(&bob, 1), [1]);
    let tell = frame(4, &[b"Alice", b"bob", "tell \"bob\" \u{202e}".as_bytes()]);
    say(&alice, &tell);
    assert_eq!(read(&bob, tell.len()), tell);
    let speech = frame(3, &[b"bob", b"alice"]);
    say(&bob, &speech);
    assert_eq!(read(&alice, speech.len()), speech);
    assert_eq!(read(&bob, speech.len()), speech);
    say(&alice, &frame(5, &[]));
    read(&alice, 9);
    drop(alice);
    drop(bob);
    for _ in 0..2 {
        tap.ended().recv_timeout(BOUND).expect("both end");
    }
    tap.heard()
}

#[test]
fn a_conversation_passes_lint_and_is_played_again() {
    let target = Target::start(Quirk::None);
    let text = text_of(&conversation(&target));
    for line in [
        "    client alice\n",
        "    bob > HELLO name=@alice\n    bob < REFUSED\n    bob > HELLO name=@bob\n",
        "    bob < TELL sender=@alice target=@bob text=\"tell \\\"bob\\\" \\u{202e}\"\n",
        "    bob > SAY name=@bob text=(utf8)\"alice\"\n",
    ] {
        assert!(text.contains(line), "{line:?} is missing in\n{text}");
    }
    // `suite` panics if lint finds a mistake.
    let suite = suite(&[HELLO, &text]);
    assert!(
        !suite.warnings.to_string().contains("heard"),
        "{}",
        suite.warnings
    );
    let report = judge(target.address, &[HELLO, &text]);
    assert_eq!(case(&report, "heard").verdict, Verdict::Pass, "{text}");
    let other = Target::start(Quirk::RelaysTellToNone);
    let report = judge(other.address, &[HELLO, &text]);
    assert_eq!(
        case(&report, "heard").verdict,
        Verdict::Fail,
        "the scenario can fail"
    );
}

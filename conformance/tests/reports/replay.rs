//! Tests that a recorded conversation becomes a scenario that lint accepts and that the suite can run.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use conformance::grammar::{Choices, Side, Value};
use conformance::run::Verdict;
use conformance::suite::Suite;
use conformance::tap::{Moment, Replay, Watch, What, Wires, scenario};

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

/// The packets of the lodge (a protocol for tests) have lists, and texts that may be empty.
#[test]
fn lists_and_empty_fields_are_written_as_steps_write_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lodge");
    let lodge = Suite::read_folder(&folder).expect("lint finds nothing wrong with it");
    let grammar = &lodge.grammar;
    let wires = Wires::new(grammar, &Choices::new());
    let mut watch = Watch::new(grammar, &wires);
    let text = |text: &str| Value::Text(text.to_owned());
    let names = Value::List(vec![text("zoe"), text("bob")]);
    let opened = What::Opened {
        peer: String::new(),
    };
    let mut said = vec![opened];
    for (side, name, values) in [
        (Side::Client, "ENTER", vec![text("zoe"), Value::Int(1)]),
        (Side::Server, "ENTERED", vec![]),
        (Side::Client, "WHO", vec![]),
        (Side::Server, "MEMBERS", vec![names]),
        (Side::Client, "PAINT", vec![Value::Int(2), text("")]),
        (Side::Client, "PAINT", vec![Value::Int(2), text("hi")]),
    ] {
        let packet = grammar.packet_named(name).expect("it is declared");
        let bytes = wires.strict().encode(side, packet, &values);
        let heard = watch.hear(side, &bytes.expect("the values fit"));
        said.extend(heard.into_iter().map(|heard| What::Said(side, heard)));
    }
    let moments: Vec<Moment> = said
        .into_iter()
        .map(|what| Moment {
            at: Duration::ZERO,
            connection: 0,
            what,
        })
        .collect();
    let checks = ["LODGE-1".to_owned()];
    let head = Replay {
        id: "heard",
        title: "as it was heard",
        checks: &checks,
    };
    let written = scenario(grammar, &moments, &head);
    for line in [
        "zoe < MEMBERS { names @zoe \"bob\" }\n",
        "zoe > PAINT colour=2 motto=\"\"\n",
        "zoe > PAINT colour=2 motto=\"hi\"\n",
    ] {
        assert!(written.contains(line), "{line}{written}");
    }
}

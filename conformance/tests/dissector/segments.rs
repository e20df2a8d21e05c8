//! Tests that two things do not change the result: how TCP cuts the bytes into segments, and in which order Wireshark looks
//! at the packets.

use conformance::grammar::{Choices, Side, Value};
use conformance::suite::Suite;
use rstest::rstest;

use crate::capture::{Said, each_byte, glued};
use crate::expected::{encoded, expected};
use crate::recorded::conversations;
use crate::tshark::{dissected, infos, is_missing};

/// A function that cuts a conversation into other segments.
type Cut = fn(&[Said]) -> Vec<Said>;

#[rstest]
#[case::each_byte_of_chaton("chaton", each_byte, 3000)]
#[case::glued_chaton("chaton", glued, 100_000)]
#[case::each_byte_of_chatos("chatos-1.0", each_byte, 3000)]
#[case::each_byte_of_chatr("chatr", each_byte, 3000)]
#[case::glued_chatr("chatr", glued, 100_000)]
fn frames_are_found_in_any_segments(
    #[case] protocol: &str,
    #[case] cut: Cut,
    #[case] most_bytes: usize,
) {
    if is_missing() {
        return;
    }
    let suite = Suite::built_in(protocol).expect("it is a protocol");
    let recorded = conversations(&suite).pop_first();
    let (_, said) = recorded.expect("it has recordings");
    let mut bytes = 0;
    let said: Vec<Said> = said
        .into_iter()
        .take_while(|said| {
            bytes += said.bytes.len();
            bytes <= most_bytes
        })
        .collect();
    let wanted = dissected(&suite.grammar, &said, &[]);
    let shown = dissected(&suite.grammar, &cut(&said), &[]);
    for (end, items) in &wanted {
        assert_eq!(shown.get(end), Some(items), "{end:?}");
    }
    assert!(
        wanted.len() > 10,
        "only {} ends of connections",
        wanted.len()
    );
}

fn message(text: &str) -> Vec<u8> {
    let suite = Suite::built_in("chaton").expect("it is a protocol");
    let values = ["alice", text].map(|text| Value::Text(text.to_owned()));
    encoded(&suite.grammar, Side::Client, "MESSAGE", &values)
}

#[test]
fn several_frames_in_one_segment_share_the_column_info() {
    if is_missing() {
        return;
    }
    let chaton = Suite::built_in("chaton").expect("it is a protocol").grammar;
    let [one, two, three] = ["1", "2", "3"].map(message);
    let (half, rest) = two.split_at(7);
    let said = [
        Said::new(0, Side::Client, &[&one, half].concat()),
        Said::new(0, Side::Client, &[rest, &three].concat()),
    ];
    let shown = infos(&chaton, &said);
    assert!(
        shown[0].contains("MESSAGE login=\"alice\" msg=\"1\""),
        "{shown:?}"
    );
    let both = "MESSAGE login=\"alice\" msg=\"2\"; MESSAGE login=\"alice\" msg=\"3\"";
    assert!(shown[1].contains(both), "{shown:?}");
}

/// A tunnel of Chaton. One end sends bytes that look like a frame. The bytes of the other end follow ESTABLISHED in the same
/// segment.
pub(crate) fn tunnel() -> Vec<Said> {
    let suite = Suite::built_in("chaton").expect("it is a protocol");
    let login = encoded(
        &suite.grammar,
        Side::Client,
        "LOGIN_PRIVATE",
        &[Value::Int(7)],
    );
    let inside = message("not a frame");
    vec![
        Said::new(0, Side::Client, &login),
        Said::new(1, Side::Client, &[login, inside.clone()].concat()),
        Said::new(0, Side::Server, &[vec![10], inside.clone()].concat()),
        Said::new(1, Side::Server, &[10]),
        Said::new(0, Side::Client, &inside),
        Said::new(1, Side::Server, &inside),
    ]
}

#[rstest]
#[case::whole(|said: &[Said]| said.to_vec())]
#[case::each_byte(each_byte)]
fn packets_that_wireshark_dissects_again_look_the_same(#[case] cut: Cut) {
    if is_missing() {
        return;
    }
    let chaton = Suite::built_in("chaton").expect("it is a protocol").grammar;
    let said = cut(&tunnel());
    let wanted = expected(&chaton, &Choices::new(), &said);
    assert_eq!(dissected(&chaton, &said, &[]), wanted);
    // With `-2`, tshark dissects all packets twice.
    assert_eq!(dissected(&chaton, &said, &["-2"]), wanted);
}

fn say(text: &str) -> Vec<u8> {
    let suite = Suite::built_in("chathack").expect("it is a protocol");
    let values = ["alice", text].map(|text| Value::Text(text.to_owned()));
    encoded(&suite.grammar, Side::Client, "SAY", &values)
}

/// The capture has only the first 4096 bytes of a large segment.
#[test]
fn bytes_that_the_capture_does_not_have_do_not_hide_the_next_frame() {
    if is_missing() {
        return;
    }
    let chathack = Suite::built_in("chathack")
        .expect("it is a protocol")
        .grammar;
    let said = [say(&"a".repeat(5000)), say("next")];
    let said = said.map(|bytes| Said::new(0, Side::Client, &bytes));
    let shown = dissected(&chathack, &said, &[]);
    let last = shown[&(0, false)].last().expect("there is a frame");
    assert_eq!(last.fields["message"], ["next"]);
}

#[test]
fn without_reassembly_the_rest_of_a_frame_does_not_hide_the_next_frame() {
    if is_missing() {
        return;
    }
    let chathack = Suite::built_in("chathack")
        .expect("it is a protocol")
        .grammar;
    let long = say("a long message");
    let (beginning, rest) = long.split_at(20);
    let said = [beginning.to_vec(), [rest, &say("next")].concat()];
    let said = said.map(|bytes| Said::new(0, Side::Client, &bytes));
    let options = ["-o", "tcp.desegment_tcp_streams:FALSE"];
    let items = dissected(&chathack, &said, &options).remove(&(0, false));
    let items = items.expect("the client has sent something");
    assert_eq!(items[0].what, "undecoded");
    assert_eq!(
        items[0].mistakes,
        ["the rest of the frame is not in this packet"]
    );
    assert_eq!(items[1].fields["message"], ["next"], "{items:?}");
}

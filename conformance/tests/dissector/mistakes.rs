//! What the dissector says about bytes that violate the protocol.

use conformance::grammar::{Choices, Grammar, Side, Value};
use conformance::suite::Suite;
use rstest::rstest;

use crate::capture::Said;
use crate::expected::{encoded, expected};
use crate::tshark::{Item, dissected, infos, is_missing};

fn chaton() -> Grammar {
    Suite::built_in("chaton").expect("it is a protocol").grammar
}

fn login(name: &[u8]) -> Vec<u8> {
    let length = u32::try_from(name.len()).expect("it is short");
    [&[0], length.to_be_bytes().as_slice(), name].concat()
}

/// Returns what tshark shows for a client that sends `bytes`, and then the correct frame `after`.
fn shown(grammar: &Grammar, bytes: &[u8], after: &[u8]) -> Vec<Item> {
    let said = [
        Said::new(0, Side::Client, bytes),
        Said::new(0, Side::Client, after),
    ];
    dissected(grammar, &said, &[])
        .remove(&(0, false))
        .unwrap_or_default()
}

#[rstest]
#[case::unknown_opcode(&[99, 1, 2], &["undecoded"], "opcode 99 is unknown")]
#[case::negative_length(&[0, 0xff, 0xff, 0xff, 0xff], &["undecoded"], "the length of login is -1, which is not possible")]
#[case::of_the_other_side(&[1], &["LOGIN_ACCEPTED", "LOGIN"], "a client never sends LOGIN_ACCEPTED (opcode 1)")]
#[case::too_long(
    &login(&[b'x'; 31]),
    &["LOGIN", "LOGIN"],
    "the length of login is 31, more than the maximum of 30"
)]
fn a_mistake_is_named_as_the_suite_names_it(
    #[case] bytes: &[u8],
    #[case] whats: &[&str],
    #[case] why: &str,
) {
    if is_missing() {
        return;
    }
    let items = shown(&chaton(), bytes, &login(b"bob"));
    let found: Vec<&str> = items.iter().map(|item| item.what.as_str()).collect();
    assert_eq!(found, whats);
    assert_eq!(items[0].mistakes, [why]);
    let said = [bytes, &login(b"bob")].map(|bytes| Said::new(0, Side::Client, bytes));
    assert_eq!(
        items,
        expected(&chaton(), &Choices::new(), &said)[&(0, false)]
    );
    assert!(infos(&chaton(), &said)[0].contains(why));
}

#[test]
fn the_frame_after_a_text_that_is_not_utf8_is_decoded() {
    if is_missing() {
        return;
    }
    let items = shown(
        &chaton(),
        &login(b"al\xffce"),
        &login("zo\u{eb}\0".as_bytes()),
    );
    assert_eq!(items[0].what, "LOGIN");
    assert_eq!(items[0].mistakes, ["login is not UTF-8"]);
    assert_eq!(items[0].fields["login"], ["al\u{fffd}ce"]);
    assert_eq!(items[1].fields["login"], ["zo\u{eb}\u{2400}"]);
    assert!(items[1].mistakes.is_empty());
}

#[test]
fn a_frame_with_a_length_does_not_hide_the_next_frame() {
    if is_missing() {
        return;
    }
    let chatr = Suite::built_in("chatr").expect("it is a protocol").grammar;
    let pong = encoded(&chatr, Side::Client, "PONG", &[Value::Int(-1)]);
    let items = shown(&chatr, &[3, 99, 1, 2], &pong);
    assert_eq!(items[0].mistakes, ["opcode 99 is unknown"]);
    assert_eq!(items[0].fields["undecoded"], ["03:63:01:02"]);
    assert_eq!(items[1].fields["id"], ["-1"]);
}

//! Tests that each packet is encoded into the bytes in the figures of the document, and that these bytes are decoded into
//! the packet.

use matou_protocols::chathack::{ClientFrame, MAX_SKIPPED_BYTES, Received, ServerFrame};
use matou_protocols::wire::Malformed;
use proptest::prelude::*;
use rstest::rstest;

use crate::frames::*;

#[rstest]
#[case::login_with_password(
    b"\x01\0\0\0\x06arnaud\0\0\0\x08townhall",
    account("arnaud", "townhall")
)]
#[case::login_without(b"\x02\0\0\0\x05alice", guest("alice"))]
#[case::login_that_will_be_refused(b"\x02\0\0\0\0", guest(""))]
#[case::global_message(b"\x03\0\0\0\x05alice\0\0\0\x05hello", say("alice", "hello"))]
#[case::an_empty_message(b"\x03\0\0\0\x01a\0\0\0\0", say("a", ""))]
#[case::a_message_counts_bytes("\u{3}\0\0\0\u{1}a\0\0\0\u{4}🐈".as_bytes(), say("a", "🐈"))]
#[case::asking(b"\x04\0\0\0\x05alice\0\0\0\x03bob", ask("alice", "bob"))]
#[case::validation_with_ipv4(
    b"\x05\0\0\0\x03bob\0\0\0\x05alice\0\0\x1e\x61\x01\xc0\0\x02\x07\x7f\xff\xff\xff\xff\xff\xff\xff",
    agree("bob", "alice", at("192.0.2.7", 7777, i64::MAX))
)]
#[case::validation_with_ipv6(
    b"\x05\0\0\0\x01b\0\0\0\x01a\xff\xff\xff\xff\x02\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x80\0\0\0\0\0\0\0",
    agree("b", "a", at("2001:db8::1", -1, i64::MIN))
)]
#[case::validation_with_a_mapped_address(
    b"\x05\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01\0\0\0\0\0\0\0\0",
    agree("", "", at("::ffff:127.0.0.1", 0, 0))
)]
#[case::denied(b"\x06\0\0\0\x03bob\0\0\0\x05alice", deny("bob", "alice"))]
fn a_packet_of_a_client_is_encoded_and_decoded(
    #[case] bytes: &[u8],
    #[case] frame: ClientFrame<'_>,
) {
    let with_more = [bytes, b"\x7f"].concat();
    let decoded = Ok(Some((Received::Frame(frame), bytes.len())));
    assert_eq!(ClientFrame::decode(&with_more), decoded);
    for length in 0..bytes.len() {
        let decoded = ClientFrame::decode(&bytes[..length]);
        assert_eq!(decoded, Ok(None), "the first {length} bytes");
    }
    let mut encoded = Vec::new();
    frame.encode(&mut encoded);
    assert_eq!(encoded, bytes);
}

#[rstest]
#[case::packet_error(b"\x01", ServerFrame::PacketError)]
#[case::password_or_login_error(b"\x02", ServerFrame::PasswordOrLoginError)]
#[case::connected(b"\x03", ServerFrame::Connected)]
#[case::login_already_exists(b"\x04", ServerFrame::LoginAlreadyExists)]
#[case::global_message(
    b"\x05\0\0\0\x03bob\0\0\0\x02hi",
    ServerFrame::GlobalMessage { login: "bob", message: "hi" }
)]
#[case::asking(b"\x06\0\0\0\x05alice", ServerFrame::PrivateAsking { sender: "alice" })]
#[case::validation(
    b"\x07\0\0\0\x03bob\0\0\0\x01\x01\x7f\0\0\x01\0\0\0\0\0\0\0\x2a",
    ServerFrame::PrivateValidation { login: "bob", meeting: at("127.0.0.1", 1, 42) }
)]
#[case::validation_with_ipv6(
    b"\x07\0\0\0\x03bob\0\0\xff\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\xff\xff\xff\xfe",
    ServerFrame::PrivateValidation { login: "bob", meeting: at("::1", 65535, -2) }
)]
#[case::denied(b"\x08\0\0\0\x03bob", ServerFrame::PrivateDenied { login: "bob" })]
fn a_packet_of_the_server_is_encoded_and_decoded(
    #[case] bytes: &[u8],
    #[case] frame: ServerFrame<'_>,
) {
    let with_more = [bytes, b"\x7f"].concat();
    assert_eq!(
        ServerFrame::decode(&with_more),
        Ok(Some((frame, bytes.len())))
    );
    for length in 0..bytes.len() {
        let decoded = ServerFrame::decode(&bytes[..length]);
        assert_eq!(decoded, Ok(None), "the first {length} bytes");
    }
    let mut encoded = Vec::new();
    frame.encode(&mut encoded);
    assert_eq!(encoded, bytes);
}

#[rstest]
#[case::zero(b"\x00", Malformed::UnknownOpcode(0))]
#[case::after_the_last(b"\x0a", Malformed::UnknownOpcode(10))]
#[case::negative(b"\xff", Malformed::UnknownOpcode(-1))]
#[case::private_message(b"\x07", Malformed::WrongSide { packet: "a private message" })]
#[case::file(b"\x08", Malformed::WrongSide { packet: "a file" })]
#[case::establishment(b"\x09", Malformed::WrongSide { packet: "an establishment" })]
#[case::negative_length(
    b"\x02\xff\xff\xff\xff",
    Malformed::NegativeLength { field: "login", length: -1 }
)]
#[case::negative_length_of_a_message(
    b"\x03\0\0\0\x01a\x80\0\0\0",
    Malformed::NegativeLength { field: "message", length: i64::from(i32::MIN) }
)]
#[case::long_login(
    b"\x02\0\0\x04\x01",
    Malformed::TooLong { field: "login", length: 1025, limit: 1024 }
)]
#[case::long_password(
    b"\x01\0\0\0\x01a\x7f\xff\xff\xff",
    Malformed::TooLong { field: "password", length: i64::from(i32::MAX), limit: 1024 }
)]
#[case::message_that_is_too_long_to_skip(
    b"\x03\0\0\0\x01a\0\x01\0\x01",
    Malformed::TooLong { field: "message", length: 65_537, limit: 1024 }
)]
#[case::not_utf8(b"\x02\0\0\0\x02\xc3\x28", Malformed::NotUtf8 { field: "login" })]
#[case::adcode(
    b"\x05\0\0\0\x01b\0\0\0\x01a\0\0\0\x01\x03",
    Malformed::UnknownCode { field: "adcode", code: 3 }
)]
fn bytes_that_cannot_become_a_packet_are_an_error_at_the_first_wrong_byte(
    #[case] bytes: &[u8],
    #[case] expected: Malformed,
) {
    assert_eq!(ClientFrame::decode(bytes), Err(expected));
    for length in 0..bytes.len() {
        let decoded = ClientFrame::decode(&bytes[..length]);
        assert_eq!(decoded, Ok(None), "the first {length} bytes");
    }
}

#[rstest]
#[case(1024, false)]
#[case(1025, true)]
#[case(MAX_SKIPPED_BYTES, true)]
fn a_message_that_is_too_long_is_recognized_before_its_text_arrives(
    #[case] length: usize,
    #[case] too_long: bool,
) {
    let bytes = [b"\x03\0\0\0\x01a", &(length as u32).to_be_bytes()[..]].concat();
    let decoded = ClientFrame::decode(&bytes);
    if too_long {
        let why = Malformed::TooLong {
            field: "message",
            length: length as i64,
            limit: 1024,
        };
        let whole = bytes.len() + length;
        assert_eq!(decoded, Ok(Some((Received::TooLong(why), whole))));
    } else {
        assert_eq!(decoded, Ok(None));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic_or_read_past_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(Some((received, length))) = ClientFrame::decode(&bytes) {
            prop_assert!(length > 0);
            if let Received::Frame(frame) = received {
                let mut again = Vec::new();
                frame.encode(&mut again);
                prop_assert_eq!(&bytes[..length], &again[..]);
            }
        }
        if let Ok(Some((frame, length))) = ServerFrame::decode(&bytes) {
            let mut again = Vec::new();
            frame.encode(&mut again);
            prop_assert_eq!(&bytes[..length], &again[..]);
        }
    }
}

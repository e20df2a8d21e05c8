//! Tests that each packet is encoded into the bytes in the figures of the document, and that these bytes are decoded into
//! the packet.

use matou_protocols::chatos_1_0::{ErrorCode, Frame, Room};
use matou_protocols::room::Protocol;
use matou_protocols::wire::Malformed;
use proptest::prelude::*;
use rstest::rstest;

use crate::frames::*;

#[rstest]
#[case::cr(b"\x01\0\x05alice", cr("alice"))]
#[case::cr_that_will_be_refused(b"\x01\0\0", cr(""))]
#[case::spm(b"\x02\0\x05alice\0\x03bob\0\x02hi", spm("alice", "bob", "hi"))]
#[case::sma(b"\x03\0\x05alice\0\x05hello", sma("alice", "hello"))]
#[case::an_empty_message(b"\x03\0\x01a\0\0", sma("a", ""))]
#[case::a_message_counts_bytes(b"\x03\0\x01a\0\x04\xf0\x9f\x90\x88", sma("a", "🐈"))]
#[case::tcp_ask(b"\x04\0\x05alice\0\x03bob\x01\x02", ask("alice", "bob", 0x0102))]
#[case::tcp_accept(b"\x05\0\x05alice\0\x03bob\0\0", accept("alice", "bob", 0))]
#[case::tcp_abort_with_a_negative_password(b"\x06\0\x05alice\0\x03bob\xff\xfe", abort("alice", "bob", -2))]
#[case::tcp_connect(b"\x07\0\x05alice\0\x03bob\x80\0", connect("alice", "bob", i16::MIN))]
#[case::error(b"\x08\x01", ErrorCode::Ok.frame())]
#[case::error_with_an_unknown_code(b"\x08\xff", Frame::Error { code: -1 })]
fn a_packet_is_encoded_and_decoded(#[case] bytes: &[u8], #[case] frame: Frame<'_>) {
    let with_more = [bytes, b"\x7f"].concat();
    assert_eq!(Frame::decode(&with_more), Ok(Some((frame, bytes.len()))));
    for length in 0..bytes.len() {
        let decoded = Frame::decode(&bytes[..length]);
        assert_eq!(decoded, Ok(None), "the first {length} bytes");
    }
    assert_eq!(frame.encoded(), bytes);
}

#[rstest]
#[case(ErrorCode::Ok, 1)]
#[case(ErrorCode::PseudoUnavailable, 2)]
#[case(ErrorCode::InvalidPseudonym, 3)]
#[case(ErrorCode::UnreachableUser, 4)]
#[case(ErrorCode::TcpInProtocole, 5)]
#[case(ErrorCode::TcpNotInProtocole, 6)]
fn each_error_code_has_its_number(#[case] code: ErrorCode, #[case] number: i8) {
    assert_eq!(code.frame(), Frame::Error { code: number });
    assert_eq!(ErrorCode::of(number), Some(code));
}

#[rstest]
#[case::before_the_first_packet(b"\x00", Malformed::UnknownOpcode(0))]
#[case::after_the_last_packet(b"\x09", Malformed::UnknownOpcode(9))]
#[case::negative(b"\xff", Malformed::UnknownOpcode(-1))]
#[case::negative_length(b"\x03\xff\xff", Malformed::NegativeLength { field: "sender", length: -1 })]
#[case::the_least_length(
    b"\x03\0\x01a\x80\0",
    Malformed::NegativeLength { field: "message", length: -32768 }
)]
#[case::not_utf8(b"\x03\0\x02\xc3\x28", Malformed::NotUtf8 { field: "sender" })]
#[case::surrogate_half(b"\x04\0\x01a\0\x03\xed\xa0\x80", Malformed::NotUtf8 { field: "recipient" })]
fn bytes_that_cannot_become_a_packet_are_an_error_at_the_first_wrong_byte(
    #[case] bytes: &[u8],
    #[case] expected: Malformed,
) {
    assert_eq!(Frame::decode(bytes), Err(expected));
    assert_eq!(Frame::decode_from_server(bytes), Err(expected));
}

#[rstest]
#[case(1, "CR")]
#[case(7, "TCPConnect")]
fn a_client_rejects_the_packets_of_clients(#[case] opcode: u8, #[case] packet: &'static str) {
    assert_eq!(
        Frame::decode_from_server(&[opcode]),
        Err(Malformed::WrongSide { packet })
    );
}

#[test]
fn a_text_may_have_32767_bytes() {
    let text = "m".repeat(32_767);
    let frame = spm(&text, &text, &text);
    let bytes = frame.encoded();
    assert_eq!(bytes.len(), 1 + 3 * (2 + 32_767));
    assert_eq!(Frame::decode(&bytes), Ok(Some((frame, bytes.len()))));
}

#[test]
fn the_description_of_a_packet_hides_its_password_and_escapes_its_texts() {
    assert_eq!(
        ask("a\u{1b}", "b", 4711).to_string(),
        r#"TCPAsk sender="a\u{1b}" recipient="b" password=(not shown)"#
    );
    assert_eq!(
        sma("a", "x\u{202e}\n").to_string(),
        r#"SMA sender="a" message="x\u{202e}\n""#
    );
    let code = ErrorCode::UnreachableUser.frame();
    assert_eq!(code.to_string(), "ERROR code=4 (Unreachable User)");
}

#[test]
fn only_accept_and_connect_make_the_next_bytes_raw() {
    for frame in [
        cr("a"),
        spm("a", "b", "m"),
        sma("a", "m"),
        ask("a", "b", 1),
        abort("a", "b", 1),
        ErrorCode::Ok.frame(),
    ] {
        assert!(!Room::turns_the_stream(&frame), "{frame}");
    }
    for frame in [accept("a", "b", 1), connect("a", "b", 1)] {
        assert!(Room::turns_the_stream(&frame), "{frame}");
    }
}

proptest! {
    #[test]
    fn a_decoded_packet_equals_the_encoded_one(
        opcode in 0_usize..8,
        texts in prop::array::uniform3("\\PC{0,64}"),
        password in any::<i16>(),
        code in any::<i8>(),
    ) {
        let [one, two, text] = &texts;
        let frame = [
            cr(one),
            spm(one, two, text),
            sma(one, text),
            ask(one, two, password),
            accept(one, two, password),
            abort(one, two, password),
            connect(one, two, password),
            Frame::Error { code },
        ][opcode];
        let bytes = frame.encoded();
        prop_assert_eq!(Frame::decode(&bytes), Ok(Some((frame, bytes.len()))));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic_read_past_their_end_or_change_its_result(
        opcode in -1_i8..10,
        rest in prop::collection::vec(prop_oneof![Just(0_u8), 0_u8..8, any::<u8>()], 0..80),
        cut in 0_usize..80,
    ) {
        let bytes = [&opcode.to_be_bytes(), rest.as_slice()].concat();
        let whole = Frame::decode(&bytes);
        if let Ok(Some((_, length))) = whole {
            prop_assert!(0 < length && length <= bytes.len());
        }
        let first = Frame::decode(&bytes[..cut.min(bytes.len())]);
        if first != Ok(None) {
            prop_assert_eq!(first, whole);
        }
    }
}

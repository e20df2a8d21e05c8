//! Tests of the two frames that Chaton does not have. The other frames are the same as in Chaton.

use matou_protocols::chaton;
use matou_protocols::chatos_groupe2::{
    AcceptCloseConnection, ClientFrame, Codec, LongWidth, Room, ServerFrame,
};
use matou_protocols::room::Protocol;
use matou_protocols::wire::Malformed;
use proptest::prelude::*;
use rstest::rstest;

use crate::script::close;

const EIGHT: Codec = Codec {
    long: LongWidth::Eight,
};
const FOUR: Codec = Codec {
    long: LongWidth::Four,
};

#[rstest]
#[case::close_connection(
    EIGHT,
    b"\x0b\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\x05alice\0\0\0\x03bob",
    close(0x0102_0304_0506_0708, "alice", "bob")
)]
#[case::close_connection_with_an_id_of_four_bytes(
    FOUR,
    b"\x0b\x01\x02\x03\x04\0\0\0\x05alice\0\0\0\x03bob",
    close(0x0102_0304, "alice", "bob")
)]
#[case::a_close_with_empty_names(FOUR, b"\x0b\xff\xff\xff\xff\0\0\0\0\0\0\0\0", close(-1, "", ""))]
#[case::the_opcode_of_the_text_wins_over_the_table(
    EIGHT,
    b"\x03\0\0\0\x01a\0\0\0\x02hi",
    chaton::ClientFrame::Message { login: "a", msg: "hi" }.into()
)]
fn a_frame_of_the_client_is_encoded_and_decoded(
    #[case] codec: Codec,
    #[case] bytes: &[u8],
    #[case] frame: ClientFrame<'_>,
) {
    let decoded = |bytes| ClientFrame::decode(codec, bytes);
    let with_more = [bytes, b"\x7f"].concat();
    assert_eq!(decoded(&with_more), Ok(Some((frame, bytes.len()))));
    for length in 0..bytes.len() {
        assert_eq!(
            decoded(&bytes[..length]),
            Ok(None),
            "the first {length} bytes"
        );
    }
    let mut encoded = Vec::new();
    frame.encode(codec, &mut encoded);
    assert_eq!(encoded, bytes);
}

#[test]
fn accept_close_connection_is_encoded_and_decoded() {
    let bytes = b"\x0c\0\0\0\x05alice";
    let login = "alice";
    let frame = ServerFrame::AcceptCloseConnection(AcceptCloseConnection { login });
    assert_eq!(ServerFrame::decode(EIGHT, bytes), Ok(Some((frame, 10))));
    for length in 0..bytes.len() {
        assert_eq!(ServerFrame::decode(EIGHT, &bytes[..length]), Ok(None));
    }
    let mut encoded = Vec::new();
    frame.encode(EIGHT, &mut encoded);
    assert_eq!(encoded, bytes);
}

#[rstest]
#[case::of_the_other_side(b"\x0c", Malformed::WrongSide { packet: "ACCEPT_CLOSE_CONNECTION" })]
#[case::after_the_last_command(b"\x0d", Malformed::UnknownOpcode(13))]
#[case::a_negative_length(
    b"\x0b\0\0\0\0\0\0\0\x01\x80\0\0\0",
    Malformed::NegativeLength { field: "login_requester", length: i32::MIN.into() }
)]
#[case::a_name_over_1024_bytes(
    b"\x0b\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x04\x01",
    Malformed::TooLong { field: "login_target", length: 1025, limit: 1024 }
)]
fn bytes_that_cannot_become_a_frame_are_an_error_at_the_first_wrong_byte(
    #[case] bytes: &[u8],
    #[case] expected: Malformed,
) {
    assert_eq!(ClientFrame::decode(EIGHT, bytes), Err(expected));
}

#[test]
fn a_client_rejects_a_close_of_a_client() {
    let packet = "CLOSE_CONNECTION";
    assert_eq!(
        ServerFrame::decode(EIGHT, b"\x0b"),
        Err(Malformed::WrongSide { packet })
    );
}

#[test]
fn the_description_of_a_close_hides_its_connect_id_and_escapes_its_names() {
    assert_eq!(
        close(4711, "a\u{1b}", "b").to_string(),
        r#"CLOSE_CONNECTION connect_id=(not shown) requester="a\u{1b}" target="b""#
    );
}

#[test]
fn a_close_does_not_make_the_next_bytes_raw() {
    assert!(!Room::turns_the_stream(&close(1, "a", "b")));
    let login_private = chaton::ClientFrame::LoginPrivate { connect_id: 1 };
    assert!(Room::turns_the_stream(&login_private.into()));
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoders_panic_or_read_past_their_end(
        opcode in 9_i8..14,
        rest in prop::collection::vec(prop_oneof![Just(0_u8), 0_u8..8, any::<u8>()], 0..80),
        codec in prop_oneof![Just(EIGHT), Just(FOUR)],
    ) {
        let bytes = [&opcode.to_be_bytes(), rest.as_slice()].concat();
        if let Ok(Some((_, length))) = ClientFrame::decode(codec, &bytes) {
            prop_assert!(0 < length && length <= bytes.len());
        }
        if let Ok(Some((_, length))) = ServerFrame::decode(codec, &bytes) {
            prop_assert!(0 < length && length <= bytes.len());
        }
    }
}

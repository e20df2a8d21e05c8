//! Tests that each frame is encoded into the bytes that the document shows, and that these bytes are decoded into the frame.

use matou_protocols::chaton::{ClientFrame, Codec, LongWidth, ServerFrame};
use matou_protocols::wire::Malformed;
use proptest::prelude::*;
use rstest::rstest;

const EIGHT: Codec = Codec {
    long: LongWidth::Eight,
};
const FOUR: Codec = Codec {
    long: LongWidth::Four,
};

#[rstest]
#[case::login(EIGHT, b"\x00\0\0\0\x05alice", ClientFrame::Login { login: "alice" })]
#[case::login_that_will_be_refused(EIGHT, b"\x00\0\0\0\0", ClientFrame::Login { login: "" })]
#[case::message(
    EIGHT,
    b"\x03\0\0\0\x05alice\0\0\0\x05hello",
    ClientFrame::Message { login: "alice", msg: "hello" }
)]
#[case::empty_message(EIGHT, b"\x03\0\0\0\x01a\0\0\0\0", ClientFrame::Message { login: "a", msg: "" })]
#[case::message_counts_bytes(
    EIGHT,
    b"\x03\0\0\0\x01a\0\0\0\x04\xf0\x9f\x90\x88",
    ClientFrame::Message { login: "a", msg: "🐈" }
)]
#[case::message_private(
    EIGHT,
    b"\x04\0\0\0\x05alice\0\0\0\x03bob\0\0\0\x02hi",
    ClientFrame::MessagePrivate { sender: "alice", target: "bob", msg: "hi" }
)]
#[case::request_private(
    EIGHT,
    b"\x05\0\0\0\x05alice\0\0\0\x03bob",
    ClientFrame::RequestPrivate { requester: "alice", target: "bob" }
)]
#[case::ok_private(
    EIGHT,
    b"\x06\0\0\0\x05alice\0\0\0\x03bob",
    ClientFrame::OkPrivate { requester: "alice", target: "bob" }
)]
#[case::ko_private(
    EIGHT,
    b"\x07\0\0\0\x05alice\0\0\0\x03bob",
    ClientFrame::KoPrivate { requester: "alice", target: "bob" }
)]
#[case::login_private(
    EIGHT,
    b"\x09\x01\x02\x03\x04\x05\x06\x07\x08",
    ClientFrame::LoginPrivate { connect_id: 0x0102_0304_0506_0708 }
)]
#[case::login_private_of_four_bytes(
    FOUR,
    b"\x09\x01\x02\x03\x04",
    ClientFrame::LoginPrivate { connect_id: 0x0102_0304 }
)]
#[case::a_negative_id_is_a_frame(
    FOUR,
    b"\x09\xff\xff\xff\xfe",
    ClientFrame::LoginPrivate { connect_id: -2 }
)]
fn a_frame_of_the_client_is_encoded_and_decoded(
    #[case] codec: Codec,
    #[case] bytes: &[u8],
    #[case] frame: ClientFrame<'_>,
) {
    assert_eq!(
        ClientFrame::decode(codec, bytes),
        Ok(Some((frame, bytes.len())))
    );
    let with_more = [bytes, b"\x7f"].concat();
    assert_eq!(
        ClientFrame::decode(codec, &with_more),
        Ok(Some((frame, bytes.len())))
    );
    for length in 0..bytes.len() {
        assert_eq!(
            ClientFrame::decode(codec, &bytes[..length]),
            Ok(None),
            "the first {length} bytes"
        );
    }
    let mut encoded = Vec::new();
    frame.encode(codec, &mut encoded);
    assert_eq!(encoded, bytes);
}

#[rstest]
#[case::login_accepted(EIGHT, b"\x01", ServerFrame::LoginAccepted)]
#[case::login_refused(EIGHT, b"\x02", ServerFrame::LoginRefused)]
#[case::message(
    EIGHT,
    b"\x03\0\0\0\x05alice\0\0\0\x05hello",
    ServerFrame::Message { login: "alice", msg: "hello" }
)]
#[case::message_private(
    EIGHT,
    b"\x04\0\0\0\x05alice\0\0\0\x03bob\0\0\0\x02hi",
    ServerFrame::MessagePrivate { sender: "alice", target: "bob", msg: "hi" }
)]
#[case::request_private(
    EIGHT,
    b"\x05\0\0\0\x05alice\0\0\0\x03bob",
    ServerFrame::RequestPrivate { requester: "alice", target: "bob" }
)]
#[case::ko_private(
    EIGHT,
    b"\x07\0\0\0\x05alice\0\0\0\x03bob",
    ServerFrame::KoPrivate { requester: "alice", target: "bob" }
)]
#[case::id_private(
    EIGHT,
    b"\x08\0\0\0\x05alice\0\0\0\x03bob\x01\x02\x03\x04\x05\x06\x07\x08",
    ServerFrame::IdPrivate { requester: "alice", target: "bob", connect_id: 0x0102_0304_0506_0708 }
)]
#[case::id_private_of_four_bytes(
    FOUR,
    b"\x08\0\0\0\x05alice\0\0\0\x03bob\x01\x02\x03\x04",
    ServerFrame::IdPrivate { requester: "alice", target: "bob", connect_id: 0x0102_0304 }
)]
#[case::established(EIGHT, b"\x0a", ServerFrame::Established)]
fn a_frame_of_the_server_is_encoded_and_decoded(
    #[case] codec: Codec,
    #[case] bytes: &[u8],
    #[case] frame: ServerFrame<'_>,
) {
    assert_eq!(
        ServerFrame::decode(codec, bytes),
        Ok(Some((frame, bytes.len())))
    );
    let with_more = [bytes, b"\x7f"].concat();
    assert_eq!(
        ServerFrame::decode(codec, &with_more),
        Ok(Some((frame, bytes.len())))
    );
    for length in 0..bytes.len() {
        assert_eq!(
            ServerFrame::decode(codec, &bytes[..length]),
            Ok(None),
            "the first {length} bytes"
        );
    }
    let mut encoded = Vec::new();
    frame.encode(codec, &mut encoded);
    assert_eq!(encoded, bytes);
}

#[rstest]
#[case::after_the_last_command(b"\x0b", Malformed::UnknownOpcode(11))]
#[case::before_the_first_command(b"\xff", Malformed::UnknownOpcode(-1))]
#[case::login_accepted(b"\x01", Malformed::WrongSide { packet: "LOGIN_ACCEPTED" })]
#[case::login_refused(b"\x02", Malformed::WrongSide { packet: "LOGIN_REFUSED" })]
#[case::id_private(b"\x08", Malformed::WrongSide { packet: "ID_PRIVATE" })]
#[case::established(b"\x0a", Malformed::WrongSide { packet: "ESTABLISHED" })]
#[case::negative_length(
    b"\x00\xff\xff\xff\xff",
    Malformed::NegativeLength { field: "login", length: -1 }
)]
#[case::login_over_1024_bytes(
    b"\x00\0\0\x04\x01",
    Malformed::TooLong { field: "login", length: 1025, limit: 1024 }
)]
#[case::the_longest_length(
    b"\x00\x7f\xff\xff\xff",
    Malformed::TooLong { field: "login", length: 0x7fff_ffff, limit: 1024 }
)]
#[case::message_over_1024_bytes(
    b"\x03\0\0\0\x01a\0\0\x04\x01",
    Malformed::TooLong { field: "msg", length: 1025, limit: 1024 }
)]
#[case::login_that_is_not_utf8(b"\x00\0\0\0\x02\xc3\x28", Malformed::NotUtf8 { field: "login" })]
#[case::surrogate_half(
    b"\x05\0\0\0\x01a\0\0\0\x03\xed\xa0\x80",
    Malformed::NotUtf8 { field: "login_target" }
)]
fn bytes_that_cannot_become_a_frame_are_an_error_at_the_first_wrong_byte(
    #[case] bytes: &[u8],
    #[case] expected: Malformed,
) {
    assert_eq!(ClientFrame::decode(EIGHT, bytes), Err(expected));
}

#[rstest]
#[case::login(0, "LOGIN")]
#[case::ok_private(6, "OK_PRIVATE")]
#[case::login_private(9, "LOGIN_PRIVATE")]
fn a_client_rejects_the_commands_of_clients(#[case] opcode: u8, #[case] packet: &'static str) {
    assert_eq!(
        ServerFrame::decode(EIGHT, &[opcode]),
        Err(Malformed::WrongSide { packet })
    );
}

#[test]
fn a_message_may_have_1024_bytes() {
    let msg = "m".repeat(1024);
    let frame = ClientFrame::Message {
        login: "a",
        msg: &msg,
    };
    let mut bytes = Vec::new();
    frame.encode(EIGHT, &mut bytes);
    assert_eq!(
        ClientFrame::decode(EIGHT, &bytes),
        Ok(Some((frame, 1 + 4 + 1 + 4 + 1024)))
    );
}

#[test]
fn the_description_of_a_frame_hides_its_connect_id() {
    let from_client = ClientFrame::LoginPrivate { connect_id: 4711 }.to_string();
    let from_server = ServerFrame::IdPrivate {
        requester: "a",
        target: "b",
        connect_id: 4711,
    };
    for words in [from_client, from_server.to_string()] {
        assert!(!words.contains("4711"), "{words}");
    }
}

#[test]
fn the_description_of_a_frame_escapes_its_texts() {
    let words = ClientFrame::Message {
        login: "a\u{1b}[2J",
        msg: "x\u{202e}y\n",
    }
    .to_string();
    assert_eq!(words, r#"MESSAGE login="a\u{1b}[2J" msg="x\u{202e}y\n""#);
}

proptest! {
    #[test]
    fn a_decoded_frame_equals_the_encoded_one(
        opcode in 0_usize..7,
        texts in prop::array::uniform3("\\PC{0,64}"),
        connect_id in any::<i64>(),
    ) {
        let [one, two, msg] = &texts;
        let frame = [
            ClientFrame::Login { login: one },
            ClientFrame::Message { login: one, msg },
            ClientFrame::MessagePrivate { sender: one, target: two, msg },
            ClientFrame::RequestPrivate { requester: one, target: two },
            ClientFrame::OkPrivate { requester: one, target: two },
            ClientFrame::KoPrivate { requester: one, target: two },
            ClientFrame::LoginPrivate { connect_id },
        ][opcode];
        let mut bytes = Vec::new();
        frame.encode(EIGHT, &mut bytes);
        prop_assert_eq!(ClientFrame::decode(EIGHT, &bytes), Ok(Some((frame, bytes.len()))));
    }

    #[test]
    fn the_parts_of_an_explained_frame_have_all_its_bytes(
        login in "\\PC{0,40}",
        msg in "\\PC{0,40}",
        connect_id in any::<i64>(),
    ) {
        let codec = Codec::default();
        let (requester, target) = (&*login, &*msg);
        for frame in [
            ServerFrame::LoginRefused,
            ServerFrame::Message { login: &login, msg: &msg },
            ServerFrame::IdPrivate { requester, target, connect_id },
        ] {
            let mut bytes = Vec::new();
            frame.encode(codec, &mut bytes);
            let explained = frame.explained(codec, i8::from_be_bytes([bytes[0]]));
            prop_assert_eq!(explained.length(), bytes.len());
            for field in explained.fields {
                let value = format!("{:?}", String::from_utf8_lossy(&bytes[field.range]));
                prop_assert!(!field.value.starts_with('"') || field.value == value);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_decoders_panic_or_read_past_their_end(
        opcode in -1_i8..12,
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

    #[test]
    fn more_bytes_do_not_change_the_result_of_decoding(
        opcode in -1_i8..12,
        rest in prop::collection::vec(prop_oneof![Just(0_u8), 0_u8..4, any::<u8>()], 0..40),
        cut in 0_usize..40,
    ) {
        let bytes = [&opcode.to_be_bytes(), rest.as_slice()].concat();
        let first = ClientFrame::decode(EIGHT, &bytes[..cut.min(bytes.len())]);
        if first != Ok(None) {
            prop_assert_eq!(first, ClientFrame::decode(EIGHT, &bytes));
        }
    }
}

//! Tests that each packet is encoded into its bytes, and that these bytes are decoded into the packet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use matou_protocols::chatr::{Frame, Reason};
use matou_protocols::wire::Malformed;
use proptest::prelude::*;
use rstest::rstest;
use uuid::Uuid;

const UUID: Uuid = Uuid::from_bytes(*b"0123456789abcdef");
const IPV4: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const IPV6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));

#[rstest]
#[case::connect(
    b"\x1c\x00\x01\x02\x03\x040123456789abcdef\0\0\0\x03sig",
    Frame::Connect { version: 0x0102_0304, uuid: UUID, signature: b"sig" }
)]
#[case::disconnect(b"\x05\x01\x03bye", Frame::Disconnect { message: "bye" })]
#[case::a_message_counts_bytes(b"\x04\x01\x02\xc3\xa9", Frame::Disconnect { message: "é" })]
#[case::no_message(b"\x02\x01\0", Frame::Disconnect { message: "" })]
#[case::pong(b"\x09\x04\xff\xff\xff\xff\xff\xff\xff\xfe", Frame::Pong { id: -2 })]
#[case::request(
    b"\x16\x050123456789abcdef\x04\x0a\0\0\x01",
    Frame::ConnectionRequest { uuid: UUID, private_endpoint: IPV4 }
)]
#[case::accept(
    b"\x22\x060123456789abcdef\x06\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01",
    Frame::ConnectionRequestAccept { uuid: UUID, private_endpoint: IPV6 }
)]
#[case::denied(b"\x11\x070123456789abcdef", Frame::ConnectionRequestDenied { uuid: UUID })]
fn a_packet_of_a_client_is_encoded_and_decoded(#[case] bytes: &[u8], #[case] frame: Frame<'_>) {
    check_encoding_and_decoding(Frame::decode, bytes, frame);
    check_encoding_and_decoding(Frame::decode_first, bytes, frame);
}

#[rstest]
#[case::disconnect(b"\x10\x01\x0eInvalid Packet", Reason::InvalidPacket.frame())]
#[case::already(b"\x14\x01\x12Already connected!", Reason::AlreadyConnected.frame())]
#[case::forged(b"\x13\x01\x11Failed to verify!", Reason::FailedToVerify.frame())]
#[case::late(b"\x0a\x01\x08Time out", Reason::TimeOut.frame())]
#[case::busy(b"\x0d\x01\x0bServer busy", Reason::Busy.frame())]
#[case::connected(b"\x01\x02", Frame::Connected)]
#[case::ping(b"\x09\x03\0\0\0\0\0\0\x01\x02", Frame::Ping { id: 0x0102 })]
#[case::info(
    b"\x16\x080123456789abcdef\x04\x0a\0\0\x01",
    Frame::ClientInfo { uuid: UUID, public_endpoint: IPV4 }
)]
fn a_packet_of_the_server_is_encoded_and_decoded(#[case] bytes: &[u8], #[case] frame: Frame<'_>) {
    check_encoding_and_decoding(Frame::decode_from_server, bytes, frame);
}

type Decoded<'a> = Result<Option<(Frame<'a>, usize)>, Malformed>;

fn check_encoding_and_decoding<'a>(
    decode: impl Fn(&'a [u8]) -> Decoded<'a>,
    bytes: &'a [u8],
    frame: Frame<'a>,
) {
    assert_eq!(decode(bytes), Ok(Some((frame, bytes.len()))));
    for length in 0..bytes.len() {
        assert_eq!(
            decode(&bytes[..length]),
            Ok(None),
            "the first {length} bytes"
        );
    }
    assert_eq!(frame.encoded(), bytes);
}

#[rstest]
#[case(b"\x85\x00\x01\x03bye")]
#[case(b"\x85\x80\x80\x80\x00\x01\x03bye")]
#[case(b"\x06\x01\x83\x00bye")]
fn longer_forms_of_short_numbers_are_accepted(#[case] bytes: &[u8]) {
    let frame = Frame::Disconnect { message: "bye" };
    assert_eq!(Frame::decode(bytes), Ok(Some((frame, bytes.len()))));
}

#[test]
fn bytes_after_a_packet_are_not_decoded() {
    let bytes = b"\x11\x070123456789abcdef\x09";
    let decoded = Frame::decode(bytes).unwrap().unwrap();
    assert_eq!(decoded.1, bytes.len() - 1);
}

const fn wrong_length(packet: &'static str, length: u32) -> Malformed {
    Malformed::WrongLength { packet, length }
}

const fn unknown(field: &'static str, code: i16) -> Malformed {
    Malformed::UnknownCode { field, code }
}

/// The decoder rejects each of these inputs as soon as its last byte has arrived. The decoder needs no further bytes to
/// decide.
#[rstest]
#[case::no_opcode(b"\0", wrong_length("a packet", 0))]
#[case::six_bytes_of_length(b"\x81\x80\x80\x80\x80", Malformed::VarInt { field: "the packet" })]
#[case::above_an_int(b"\xff\xff\xff\xff\x0f", Malformed::VarInt { field: "the packet" })]
#[case::over_64_kib(b"\x81\x80\x04", Malformed::TooLong { field: "the packet", length: 65_537, limit: 65_536 })]
#[case::opcode_9(b"\x01\x09", unknown("the opcode", 9))]
#[case::opcode_255(b"\x05\xff", unknown("the opcode", 255))]
#[case::connected(b"\x01\x02", Malformed::WrongSide { packet: "PacketConnected" })]
#[case::ping(b"\x09\x03", Malformed::WrongSide { packet: "PacketPing" })]
#[case::info(b"\x16\x08", Malformed::WrongSide { packet: "PacketClientInfo" })]
#[case::connect_without_its_fields(b"\x18\x00", wrong_length("PacketConnect", 24))]
#[case::connect_over_2_kib(b"\x81\x10\x00", wrong_length("PacketConnect", 2049))]
#[case::a_signature_of_negative_length(
    b"\x19\x00\0\0\0\x010123456789abcdef\xff\xff\xff\xff",
    Malformed::NegativeLength { field: "the signature", length: -1 }
)]
#[case::a_signature_that_ends_early(
    b"\x1b\x00\0\0\0\x010123456789abcdef\0\0\0\x01ab",
    wrong_length("PacketConnect", 27)
)]
#[case::a_signature_that_would_go_on(
    b"\x1a\x00\0\0\0\x010123456789abcdef\0\0\0\x02a",
    wrong_length("PacketConnect", 26)
)]
#[case::disconnect_without_text(b"\x01\x01", wrong_length("PacketDisconnect", 1))]
#[case::text_that_would_go_on(b"\x03\x01\x02a", wrong_length("PacketDisconnect", 3))]
#[case::text_that_ends_early(b"\x04\x01\x01ab", wrong_length("PacketDisconnect", 4))]
#[case::text_that_is_none(b"\x03\x01\x01\xff", Malformed::NotUtf8 { field: "the message" })]
#[case::short_pong(b"\x08\x04", wrong_length("PacketPong", 8))]
#[case::long_pong(b"\x0a\x04", wrong_length("PacketPong", 10))]
#[case::request_without_address(b"\x11\x05", wrong_length("PacketConnectionRequest", 17))]
#[case::ipv4_that_ends_early(
    b"\x16\x050123456789abcdef\x06\x0a\0\0\x01",
    wrong_length("PacketConnectionRequest", 22)
)]
#[case::ipv4_that_goes_on(
    b"\x17\x060123456789abcdef\x04\x0a\0\0\x01\0",
    wrong_length("PacketConnectionRequestAccept", 23)
)]
#[case::ip_5(
    b"\x16\x050123456789abcdef\x05\x0a\0\0\x01",
    unknown("the address version", 5)
)]
#[case::short_denied(b"\x10\x07", wrong_length("PacketConnectionRequestDenied", 16))]
fn bytes_that_cannot_become_a_packet_are_an_error_at_the_first_wrong_byte(
    #[case] bytes: &[u8],
    #[case] expected: Malformed,
) {
    assert_eq!(Frame::decode(bytes), Err(expected));
    for length in 0..bytes.len() {
        assert_eq!(
            Frame::decode(&bytes[..length]),
            Ok(None),
            "the first {length} bytes"
        );
    }
}

#[rstest]
#[case::connect(b"\x1c\x00", "PacketConnect")]
#[case::pong(b"\x09\x04", "PacketPong")]
fn a_client_rejects_the_packets_of_clients(#[case] bytes: &[u8], #[case] packet: &'static str) {
    let expected = Err(Malformed::WrongSide { packet });
    assert_eq!(Frame::decode_from_server(bytes), expected);
}

#[test]
fn the_first_packet_has_its_own_maximum_length() {
    assert_eq!(Frame::decode_first(b"\x80\x10"), Ok(None));
    let (field, length, limit) = ("the packet", 2049, 2048);
    let expected = Malformed::TooLong {
        field,
        length,
        limit,
    };
    assert_eq!(Frame::decode_first(b"\x81\x10"), Err(expected));
}

#[test]
fn the_description_of_a_connect_hides_its_signature() {
    let frame = Frame::Connect {
        version: 1,
        uuid: UUID,
        signature: b"sesame",
    };
    let words = frame.to_string();
    assert!(
        words.contains("signature=(not shown)") && !words.contains("sesame"),
        "{words}"
    );
}

proptest! {
    #[test]
    fn a_decoded_text_equals_the_encoded_one(message in ".{0,300}", rest in any::<Vec<u8>>()) {
        let frame = Frame::Disconnect { message: &message };
        let bytes = frame.encoded();
        let longer = [&bytes[..], &rest].concat();
        prop_assert_eq!(Frame::decode(&longer), Ok(Some((frame, bytes.len()))));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in any::<Vec<u8>>()) {
        for decode in [Frame::decode, Frame::decode_first, Frame::decode_from_server] {
            if let Ok(Some((_, length))) = decode(&bytes) {
                prop_assert!(0 < length && length <= bytes.len());
            }
        }
    }
}

//! Tests that each packet between two clients is encoded into the bytes in the figures of the document, and that these bytes
//! are decoded into the packet.

use matou_protocols::chathack::{PeerFrame, Received};
use matou_protocols::wire::Malformed;
use rstest::rstest;

const LIMIT: usize = 1024;

#[rstest]
#[case::message(
    b"\x07\0\0\0\x05alice\0\0\0\x02hi",
    PeerFrame::Message { login: "alice", message: "hi" }
)]
#[case::file_without_its_bytes(
    b"\x08\0\0\0\x05alice\0\0\0\x07cat.png\x7f\xff\xff\xff",
    PeerFrame::File { login: "alice", name: "cat.png", size: i32::MAX }
)]
#[case::empty_file(
    b"\x08\0\0\0\x01a\0\0\0\x01b\0\0\0\0",
    PeerFrame::File { login: "a", name: "b", size: 0 }
)]
#[case::establishment(
    b"\x09\0\0\0\x05alice\xff\xff\xff\xff\xff\xff\xff\xff",
    PeerFrame::Establishment { login: "alice", id: -1 }
)]
fn a_packet_between_clients_is_encoded_and_decoded(
    #[case] bytes: &[u8],
    #[case] frame: PeerFrame<'_>,
) {
    let with_more = [bytes, b"\x7f"].concat();
    let decoded = Ok(Some((Received::Frame(frame), bytes.len())));
    assert_eq!(PeerFrame::decode(&with_more, LIMIT), decoded);
    for length in 0..bytes.len() {
        let decoded = PeerFrame::decode(&bytes[..length], LIMIT);
        assert_eq!(decoded, Ok(None), "the first {length} bytes");
    }
    let mut encoded = Vec::new();
    frame.encode(&mut encoded);
    assert_eq!(encoded, bytes);
}

#[rstest]
#[case::zero(b"\x00", Malformed::UnknownOpcode(0))]
#[case::after_the_last(b"\x0a", Malformed::UnknownOpcode(10))]
#[case::for_the_server(b"\x03", Malformed::WrongSide { packet: "a packet for the server" })]
#[case::negative_file(
    b"\x08\0\0\0\x01a\0\0\0\x01b\xff\xff\xff\xff",
    Malformed::NegativeLength { field: "file", length: -1 }
)]
#[case::long_file_name(
    b"\x08\0\0\0\x01a\0\0\x04\x01",
    Malformed::TooLong { field: "file name", length: 1025, limit: 1024 }
)]
fn bytes_that_cannot_become_a_packet_are_an_error_at_the_first_wrong_byte(
    #[case] bytes: &[u8],
    #[case] expected: Malformed,
) {
    assert_eq!(PeerFrame::decode(bytes, LIMIT), Err(expected));
}

#[test]
fn the_receiver_chooses_the_maximum_length_of_a_text() {
    let frame = |length: u32| [b"\x07\0\0\0\x01a", &length.to_be_bytes()[..]].concat();
    let too_long = |limit| Malformed::TooLong {
        field: "message",
        length: 2000,
        limit,
    };
    assert_eq!(
        PeerFrame::decode(&frame(2000), LIMIT),
        Ok(Some((Received::TooLong(too_long(LIMIT)), 2010)))
    );
    assert_eq!(PeerFrame::decode(&frame(2000), 2000), Ok(None));
}

//! Tests of the codec that `wire.kdl` describes. Some tests decode given bytes (each row of a table is one test), and others
//! decode random bytes.

mod shapes;

use conformance::grammar::{
    ByteOrder, Choice, Choices, Decoded, Extent, Field, Grammar, Head, IntType, Names, Opcodes,
    Packet, PacketId, Reading, Side, Transport, TypeDefinition, TypeKind, Value, Wire, Worth,
};
use proptest::prelude::*;
use rstest::rstest;

const BOTH: &[Side] = &[Side::Client, Side::Server];

const LOGIN: PacketId = PacketId(0);
const ID: PacketId = PacketId(2);
const UNLOCK: PacketId = PacketId(5);

fn grammar() -> Grammar {
    let int = |name: &str| IntType::named(name, ByteOrder::Big).expect("a name of the format");
    let definition = |name: &str, kind| TypeDefinition {
        name: name.to_owned(),
        kind,
    };
    let field = |name: &str, type_name: &str| Field {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        ..Field::default()
    };
    let packet = |name: &str, opcode, from, fields| Packet {
        name: name.to_owned(),
        opcodes: Opcodes::same(opcode, from),
        ambient: None,
        answered_by: None,
        fields,
    };
    let choice = |name: &str, long: &str| Choice {
        name: name.to_owned(),
        verdict: Worth::Pass,
        checks: Vec::new(),
        types: vec![definition("LONG", TypeKind::Int(int(long)))],
        opcode: None,
        renumbered: Vec::new(),
    };
    Grammar {
        name: "small".to_owned(),
        title: "Small".to_owned(),
        transport: Transport::Tcp,
        names: Names::Chosen,
        settings: Vec::new(),
        head: Head::of(None, int("int8")),
        types: vec![
            definition("INT", TypeKind::Int(int("int32"))),
            definition(
                "STRING",
                TypeKind::Text(Extent::Counted {
                    length: "INT".to_owned(),
                }),
            ),
            definition(
                "SHORT_KEY",
                TypeKind::Bytes(Extent::Fixed { size: 2, pad: None }),
            ),
            definition(
                "LONG_KEY",
                TypeKind::Bytes(Extent::Fixed { size: 4, pad: None }),
            ),
            definition(
                "KEY",
                TypeKind::OneOf {
                    cases: vec![
                        (1, "SHORT_KEY".to_owned()),
                        (-2, "LONG_KEY".to_owned()),
                        (3, "BLOB".to_owned()),
                    ],
                },
            ),
            definition(
                "BLOB",
                TypeKind::Bytes(Extent::Counted {
                    length: "INT".to_owned(),
                }),
            ),
        ],
        readings: vec![Reading {
            name: "long-width".to_owned(),
            title: "how wide".to_owned(),
            settled: false,
            choices: vec![choice("8", "int64"), choice("4", "int32")],
        }],
        packets: vec![
            packet(
                "LOGIN",
                0,
                &[Side::Client],
                vec![Field {
                    max_bytes: Some(30),
                    ..field("login", "STRING")
                }],
            ),
            packet("ACCEPTED", 1, &[Side::Server], Vec::new()),
            packet(
                "ID",
                8,
                BOTH,
                vec![
                    field("login", "STRING"),
                    Field {
                        min: Some(0),
                        ..field("id", "LONG")
                    },
                ],
            ),
            packet("DATA", 9, BOTH, vec![field("data", "BLOB")]),
            packet("DATA_BACK", 0, &[Side::Server], vec![field("data", "BLOB")]),
            packet(
                "UNLOCK",
                10,
                BOTH,
                vec![
                    field("door", "STRING"),
                    field("kind", "INT"),
                    Field {
                        by: Some(1),
                        ..field("key", "KEY")
                    },
                    field("turns", "INT"),
                ],
            ),
        ],
        identified_by: None,
        raw_after: Vec::new(),
        raw_proved_by: None,
        fence: None,
        fence_unidentified: None,
        load: None,
    }
}

fn wire() -> Wire {
    grammar().in_reading(&Choices::new())
}

fn four_bytes() -> Wire {
    grammar().in_reading(&Choices::from([("long-width".to_owned(), "4".to_owned())]))
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn a_packet_is_encoded_as_its_opcode_and_its_fields() {
    let bytes = wire()
        .encode(Side::Client, ID, &[text("é"), Value::Int(258)])
        .expect("the values fit");
    assert_eq!(bytes, [8, 0, 0, 0, 2, 0xc3, 0xa9, 0, 0, 0, 0, 0, 0, 1, 2]);
}

#[test]
fn a_reading_changes_the_width_of_a_type() {
    let bytes = four_bytes()
        .encode(Side::Client, ID, &[text(""), Value::Int(258)])
        .expect("the values fit");
    assert_eq!(bytes, [8, 0, 0, 0, 0, 0, 0, 1, 2]);
    let too_large = four_bytes().encode(Side::Client, ID, &[text(""), Value::Int(1 << 40)]);
    assert_eq!(
        too_large.map_err(|error| error.to_string()),
        Err(
            "1099511627776 does not fit into LONG, which ranges from -2147483648 to 2147483647"
                .to_owned()
        )
    );
}

#[test]
fn encoding_has_no_limits() {
    let bytes = wire()
        .encode(Side::Client, LOGIN, &[text(&"a".repeat(31))])
        .expect("limits are for decoding");
    assert_eq!(bytes.len(), 36);
    assert_eq!(wire().length_of("STRING", -1), [0xff; 4]);
    assert_eq!(wire().opcode_number(-2), [0xfe]);
    assert_eq!(wire().opcode(Side::Client, ID), [8]);
}

#[rstest]
#[case::text_for_a_number(ID, vec![text(""), text("")], "LONG takes a number, not text")]
#[case::number_for_text(LOGIN, vec![Value::Int(1)], "STRING takes text, not a number")]
#[case::bytes_for_text(LOGIN, vec![Value::Bytes(vec![])], "STRING takes text, not bytes")]
#[case::missing(ID, vec![text("")], "the number of fields of ID is 2, not 1")]
#[case::another_size(UNLOCK, unlock(1, &[1, 2, 3, 4]), "KEY has 2 bytes, not 4")]
#[case::no_case(UNLOCK, unlock(2, &[1, 2]), "KEY has no case for the value of the field that decides between its cases")]
#[case::unknown_packet(PacketId(99), vec![], "no packet has the index 99")]
fn a_value_that_cannot_be_encoded_is_an_error(
    #[case] packet: PacketId,
    #[case] values: Vec<Value>,
    #[case] error: &str,
) {
    assert_eq!(
        wire()
            .encode(Side::Client, packet, &values)
            .map_err(|error| error.to_string()),
        Err(error.to_owned())
    );
}

#[rstest]
#[case::unknown_opcode(Side::Server, &[99], 0, "opcode 99 is unknown")]
#[case::other_side(Side::Client, &[1], 0, "a client never sends ACCEPTED (opcode 1)")]
#[case::negative_length(Side::Client, &[0, 0xff, 0xff, 0xff, 0xff], 1, "the length of login is -1, which is not possible")]
#[case::limit_before_payload(Side::Client, &[0, 0, 0, 0, 31], 1, "the length of login is 31, more than the maximum of 30")]
#[case::not_utf8_early(Side::Client, &[0, 0, 0, 0, 9, b'a', 0xff], 6, "login is not UTF-8")]
#[case::cut_character(Side::Client, &[0, 0, 0, 0, 1, 0xc3], 5, "login is not UTF-8")]
#[case::no_case(Side::Server, &[10, 0, 0, 0, 0, 0, 0, 0, 2, 9], 5, "kind is 2, but key has no case for this value")]
#[case::below_min(Side::Server, &[8, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0], 5, "id is -72057594037927936, less than 0")]
fn the_error_for_invalid_bytes_names_the_place_and_the_value(
    #[case] from: Side,
    #[case] bytes: &[u8],
    #[case] offset: usize,
    #[case] reason: &str,
) {
    match wire().decode(from, bytes) {
        Decoded::Broken { at, why, .. } => assert_eq!((at, why.as_str()), (offset, reason)),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::nothing(&[], &[])]
#[case::opcode(&[8], &["opcode"])]
#[case::half_a_length(&[8, 0, 0], &["opcode"])]
#[case::half_a_character(&[8, 0, 0, 0, 2, 0xc3], &["opcode"])]
#[case::one_field(&[8, 0, 0, 0, 0, 1], &["opcode", "login"])]
#[case::half_a_key(&[10, 0, 0, 0, 0, 0, 0, 0, 1, 9], &["opcode", "door", "kind"])]
#[case::huge_claim(&[9, 0x7f, 0xff, 0xff, 0xff, 1], &["opcode"])]
fn a_partial_packet_names_its_complete_fields(#[case] bytes: &[u8], #[case] names: &[&str]) {
    match wire().decode(Side::Server, bytes) {
        Decoded::Partial(fields) => {
            assert_eq!(
                fields
                    .iter()
                    .map(|field| field.name.as_str())
                    .collect::<Vec<_>>(),
                names
            );
        }
        other => panic!("{other:?}"),
    }
}

fn unlock(kind: i128, key: &[u8]) -> Vec<Value> {
    vec![
        text(""),
        Value::Int(kind),
        Value::Bytes(key.to_vec()),
        Value::Int(7),
    ]
}

/// Decodes the field `key`. The form of `key` depends on the field `kind` before it.
#[rstest]
#[case::two_bytes(1, &[8, 9], &[8, 9])]
#[case::four_bytes(-2, &[6, 7, 8, 9], &[6, 7, 8, 9])]
#[case::after_a_length(3, &[9], &[0, 0, 0, 1, 9])]
fn a_field_decides_the_form_of_a_later_one(
    #[case] kind: i32,
    #[case] key: &[u8],
    #[case] laid_out: &[u8],
) {
    let values = unlock(kind.into(), key);
    let bytes = wire()
        .encode(Side::Client, UNLOCK, &values)
        .expect("the kind has a case");
    let kind = kind.to_be_bytes();
    assert_eq!(
        bytes,
        [&[10, 0, 0, 0, 0], &kind[..], laid_out, &[0, 0, 0, 7]].concat()
    );
    match wire().decode(Side::Server, &bytes) {
        Decoded::Frame(frame) => {
            let back: Vec<_> = frame.fields.into_iter().map(|field| field.value).collect();
            assert_eq!(back, values);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_sides_may_use_the_same_opcode() {
    let from_server = [0, 0, 0, 0, 1, 0xff, 77];
    match wire().decode(Side::Server, &from_server) {
        Decoded::Frame(frame) => {
            assert_eq!(grammar().packet(frame.packet).name, "DATA_BACK");
            assert_eq!(frame.length, 6);
            assert_eq!(frame.fields[0].bytes, 1..6);
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), server in any::<bool>()) {
        let from = if server { Side::Server } else { Side::Client };
        if let Decoded::Frame(frame) = wire().decode(from, &bytes) {
            prop_assert!(frame.length <= bytes.len());
            let values: Vec<_> = frame.fields.into_iter().map(|field| field.value).collect();
            prop_assert_eq!(wire().encode(from, frame.packet, &values).expect("it was decoded"), &bytes[..frame.length]);
        }
    }

    #[test]
    fn a_decoded_packet_equals_the_encoded_one_and_every_beginning_is_partial(login in "\\PC{0,20}", id in 0i64..) {
        let values = [Value::Text(login), Value::Int(id.into())];
        let bytes = wire().encode(Side::Client, ID, &values).expect("the values fit");
        for cut in 0..bytes.len() {
            prop_assert!(matches!(wire().decode(Side::Server, &bytes[..cut]), Decoded::Partial(_)));
        }
        match wire().decode(Side::Server, &bytes) {
            Decoded::Frame(frame) => {
                let back: Vec<_> = frame.fields.into_iter().map(|field| field.value).collect();
                prop_assert_eq!(back, values);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}

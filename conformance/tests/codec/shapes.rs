//! Tests of the shapes of packets that real documents use: heads with their parts in any order, both byte orders, texts with
//! and without a length, and lists.

use conformance::grammar::{Choices, Decoded, Grammar, Side, Value, Wire};
use conformance::source::SourceFile;
use conformance::suite::{Sources, Suite};
use proptest::prelude::*;
use rstest::rstest;

/// Returns the grammar of a wire.kdl that declares `types` and two packets. Clients send the packet A, which has the fields
/// `fields`.
fn grammar(types: &str, fields: &str) -> Grammar {
    let wire = format!(
        "protocol shapes {{\n{types}\npacket A 1 from=client {{ {fields} }}\npacket B 2 from=server\n}}\n"
    );
    let scenario = "scenario \"a\" { title \"t\"; checks S-1; client alice; alice < B; }\n";
    let suite = Suite::from_sources(Sources::new(
        SourceFile::new("spec.md", "- **S-1** (must, section 1) One.\n"),
        SourceFile::new("wire.kdl", wire),
        vec![SourceFile::new("scenarios/a.kdl", scenario)],
    ));
    suite
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .grammar
}

fn wire(types: &str, fields: &str) -> Wire {
    grammar(types, fields).in_reading(&Choices::new())
}

fn encode(wire: &Wire, values: &[Value]) -> Result<Vec<u8>, String> {
    let packet = conformance::grammar::PacketId(0);
    let bytes = wire.encode(Side::Client, packet, values);
    bytes.map_err(|error| error.to_string())
}

fn values_in(wire: &Wire, bytes: &[u8]) -> Vec<Value> {
    match wire.decode(Side::Client, bytes) {
        Decoded::Frame(frame) => {
            assert_eq!(frame.length, bytes.len());
            frame.fields.into_iter().map(|field| field.value).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn list(items: &[&str]) -> Value {
    Value::List(items.iter().map(|item| text(item)).collect())
}

const STRING: &str = "opcode uint8; type INT uint8; type STRING text len=INT";

#[rstest]
#[case::opcode_then_length(
    "frame { opcode uint8; length uint16 }",
    &[1, 0, 2, 7, 8]
)]
#[case::rest_counts_what_follows(
    "frame { length uint8 of=rest; opcode uint16; const uint8 9 }",
    &[5, 0, 1, 9, 7, 8]
)]
#[case::the_whole_frame(
    "frame { const (utf8)\"hi\" name=magic; opcode uint8; length uint16-le of=frame }",
    &[b'h', b'i', 1, 7, 0, 7, 8]
)]
#[case::all_little(
    "byte-order little; frame { const uint32 1; opcode uint32; length uint32 of=payload }",
    &[1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 7, 8]
)]
#[case::no_length("frame { const (hex)\"ca fe\"; opcode uint8 }", &[0xca, 0xfe, 1, 7, 8])]
#[case::the_short_form("length varint; opcode uint8", &[3, 1, 7, 8])]
fn a_head_has_the_order_of_the_document(#[case] head: &str, #[case] frame: &[u8]) {
    let types = format!("{head}; type PAIR bytes size=2");
    let wire = wire(&types, "field pair PAIR");
    let pair = Value::Bytes(vec![7, 8]);
    assert_eq!(
        encode(&wire, std::slice::from_ref(&pair)),
        Ok(frame.to_vec())
    );
    assert_eq!(values_in(&wire, frame), [pair]);
    for cut in 0..frame.len() {
        let part = wire.decode(Side::Client, &frame[..cut]);
        assert!(matches!(part, Decoded::Partial(_)), "{cut}: {part:?}");
    }
    // Together, the parts of the head and the fields must cover the whole frame.
    let Decoded::Frame(decoded) = wire.decode(Side::Client, frame) else {
        panic!("it is a frame");
    };
    let ranges = decoded.head.iter().chain(&decoded.fields);
    let mut at = 0;
    for field in ranges {
        assert_eq!(field.bytes.start, at, "{}", field.name);
        at = field.bytes.end;
    }
    assert_eq!(at, frame.len());
}

#[rstest]
#[case::other_constant(
    "frame { const uint16 1 name=version; opcode uint8 }", "",
    &[0, 2, 1], 0, "version is 2, not 1"
)]
#[case::other_magic(
    "frame { const (utf8)\"CHAT\" name=magic; opcode uint8 }",
    "",
    b"CH\x01",
    0,
    "magic is (hex)\"43 48 01\", not \"CHAT\""
)]
#[case::shorter_than_its_head(
    "frame { opcode uint8; length uint16 of=frame }", "",
    &[1, 0, 2], 1, "the length of the frame is 2, but the head alone has 3 bytes"
)]
#[case::longer_than_its_fields(
    "frame { opcode uint8; length uint8 }", "",
    &[1, 1], 2, "the number of surplus bytes after the fields of A is 1"
)]
#[case::opcode_before_the_length(
    "frame { opcode uint8; length uint16 }", "",
    &[99], 0, "opcode 99 is unknown"
)]
#[case::text_without_its_end(
    "frame { opcode uint8; length uint8 }; type LINE text ends=\"\\r\\n\"",
    "field line LINE",
    b"\x01\x03hi\r",
    2,
    "the frame ends inside line, before the end bytes 0d 0a"
)]
#[case::endless_text(
    "opcode uint8; type LINE text ends=0",
    "field line LINE max-bytes=2",
    b"\x01abcd",
    1,
    "line has more than 2 bytes"
)]
#[case::too_many_characters(
    "opcode uint8; type INT uint8; type STRING text len=INT", "field name STRING max-chars=2",
    "\u{1}\u{9}éàè".as_bytes(), 2, "name has more than 2 characters"
)]
#[case::too_long_to_the_end(
    "frame { opcode uint8; length uint8 }; type REST text rest",
    "field line REST max-bytes=2",
    b"\x01\x03abc",
    2,
    "line has more than 2 bytes"
)]
#[case::value_of_a_list(
    "opcode uint8; type INT uint8; type STRING text len=INT; type NAMES list of=STRING count=INT",
    "field names NAMES max-bytes=1",
    b"\x01\x02\x01a\x02bc",
    4,
    "the length of names 2 is 2, more than the maximum of 1"
)]
#[case::half_a_value(
    "frame { opcode uint8; length uint8 }; type INT uint16; type INTS list rest of=INT",
    "field numbers INTS",
    &[1, 3, 0, 1, 0], 4, "the frame ends inside numbers 2"
)]
fn a_wrong_byte_is_found_at_its_place(
    #[case] types: &str,
    #[case] fields: &str,
    #[case] bytes: &[u8],
    #[case] offset: usize,
    #[case] reason: &str,
) {
    match wire(types, fields).decode(Side::Client, bytes) {
        Decoded::Broken { at, why, .. } => assert_eq!((why.as_str(), at), (reason, offset)),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::padded("opcode uint8; type NAME text size=4 pad=0", "ab", b"\x01ab\0\0")]
#[case::full("opcode uint8; type NAME text size=4 pad=0", "abcd", b"\x01abcd")]
#[case::empty("opcode uint8; type NAME text size=4 pad=\" \"", "", b"\x01    ")]
#[case::ended("opcode uint8; type NAME text ends=0", "é", b"\x01\xc3\xa9\0")]
#[case::line("opcode uint8; type NAME text ends=\"\\r\\n\"", "a\r", b"\x01a\r\r\n")]
#[case::rest(
    "frame { opcode uint8; length uint8 }; type NAME text rest",
    "abc",
    b"\x01\x03abc"
)]
#[case::nothing(
    "frame { opcode uint8; length uint8 }; type NAME text rest",
    "",
    b"\x01\0"
)]
#[case::counted_little(
    "byte-order little; opcode uint8; type I uint16; type NAME text len=I",
    "a",
    b"\x01\x01\0a"
)]
fn a_text_ends_as_its_type_says(#[case] types: &str, #[case] value: &str, #[case] frame: &[u8]) {
    let wire = wire(types, "field name NAME");
    assert_eq!(encode(&wire, &[text(value)]), Ok(frame.to_vec()));
    assert_eq!(values_in(&wire, frame), [text(value)]);
}

#[rstest]
#[case::too_long(
    "type NAME text size=4 pad=0",
    "abcde",
    "5 bytes do not fit into NAME, which has 4"
)]
#[case::ends_with_the_filler(
    "type NAME text size=4 pad=\" \"",
    "a ",
    "NAME cannot end with the byte 20, which fills the space after a shorter value"
)]
#[case::contains_its_end(
    "type NAME text ends=\"\\r\\n\"",
    "a\r\nb",
    "NAME cannot contain 0d 0a, which marks its end"
)]
fn a_text_that_its_type_cannot_carry_is_refused(
    #[case] types: &str,
    #[case] value: &str,
    #[case] why: &str,
) {
    let wire = wire(&format!("opcode uint8; {types}"), "field name NAME");
    assert_eq!(encode(&wire, &[text(value)]), Err(why.to_owned()));
}

#[test]
fn a_frame_that_is_too_long_for_its_length_is_refused() {
    let types = "frame { opcode uint8; length uint8 of=frame }; type REST text rest";
    let wire = wire(types, "field line REST");
    assert_eq!(
        encode(&wire, &[text(&"a".repeat(254))]),
        Err("the frame would have the length 256, but the maximum is 255".to_owned())
    );
}

#[test]
fn a_list_is_counted_and_its_parts_are_described() {
    let types = format!("{STRING}; type NAMES list of=STRING count=INT");
    let wire = wire(&types, "field names NAMES; field last INT");
    let frame = b"\x01\x02\x01a\x00\x09";
    let values = [list(&["a", ""]), Value::Int(9)];
    assert_eq!(encode(&wire, &values), Ok(frame.to_vec()));
    assert_eq!(values_in(&wire, frame), values);
    let Decoded::Frame(decoded) = wire.decode(Side::Client, frame) else {
        panic!("it is a frame");
    };
    let parts = decoded.fields[0].parts.iter();
    let parts: Vec<_> = parts
        .map(|part| (part.name.as_str(), part.bytes.clone()))
        .collect();
    assert_eq!(
        parts,
        [
            ("number of names", 1..2),
            ("names 1", 2..4),
            ("names 2", 4..5)
        ]
    );
    assert_eq!(wire.length_of("NAMES", 3), [3]);
}

#[test]
fn a_wrong_number_of_values_waits_for_bytes_and_takes_no_memory() {
    let types = "opcode uint8; type INT uint32; type INTS list of=INT count=INT";
    let wire = wire(types, "field numbers INTS");
    let bytes = [1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1];
    assert!(matches!(
        wire.decode(Side::Client, &bytes),
        Decoded::Partial(_)
    ));
}

#[test]
fn a_packet_may_have_a_number_for_each_direction() {
    let text = "protocol shapes {\n opcode uint8\n packet SAY from-client=2 from-server=3\n packet B 2 from=server\n}\n";
    let scenario =
        "scenario \"a\" { title \"t\"; checks S-1; client alice; alice > SAY; alice < SAY; }\n";
    let suite = Suite::from_sources(Sources::new(
        SourceFile::new("spec.md", "- **S-1** (must, section 1) One.\n"),
        SourceFile::new("wire.kdl", text),
        vec![SourceFile::new("scenarios/a.kdl", scenario)],
    ));
    let grammar = suite
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .grammar;
    let wire = grammar.in_reading(&Choices::new());
    let say = grammar.packet_named("SAY").expect("it is declared");
    assert_eq!(wire.encode(Side::Client, say, &[]), Ok(vec![2]));
    assert_eq!(wire.encode(Side::Server, say, &[]), Ok(vec![3]));
    let name = |side, byte| match wire.decode(side, &[byte]) {
        Decoded::Frame(frame) => grammar.packet(frame.packet).name.clone(),
        Decoded::Broken { why, .. } => why,
        Decoded::Partial(_) => String::new(),
    };
    assert_eq!(name(Side::Client, 2), "SAY");
    assert_eq!(name(Side::Server, 3), "SAY");
    assert_eq!(name(Side::Server, 2), "B");
    assert_eq!(
        name(Side::Client, 3),
        "opcode 3 means SAY only if a server sends it; a client sends SAY with opcode 2"
    );
}

const DEPENDENT: &str = "frame { opcode uint8; length uint8 }; type INT uint8; type STRING text len=INT; type REST text rest";

#[rstest]
#[case::absent("field n INT; optional { field s STRING; field m INT }", vec![Value::Int(5), Value::Absent, Value::Absent], b"\x01\x01\x05")]
#[case::present("field n INT; optional { field s STRING; field m INT }", vec![Value::Int(5), text("a"), Value::Int(6)], b"\x01\x04\x05\x01a\x06")]
#[case::one_of_two("optional { field n INT }; optional { field m INT }", vec![Value::Int(5), Value::Absent], b"\x01\x01\x05")]
#[case::decided("field n INT; when n=1 { field s REST }; when n=2 { field m INT; field k INT }", vec![Value::Int(1), text("ab"), Value::Absent, Value::Absent], b"\x01\x03\x01ab")]
#[case::decided_otherwise("field n INT; when n=1 { field s REST }; when n=2 { field m INT; field k INT }", vec![Value::Int(2), Value::Absent, Value::Int(3), Value::Int(4)], b"\x01\x03\x02\x03\x04")]
#[case::neither("field n INT; when n=1 { field s STRING }; field last INT", vec![Value::Int(3), Value::Absent, Value::Int(7)], b"\x01\x02\x03\x07")]
fn a_field_may_be_missing(#[case] fields: &str, #[case] values: Vec<Value>, #[case] frame: &[u8]) {
    let wire = wire(DEPENDENT, fields);
    assert_eq!(encode(&wire, &values), Ok(frame.to_vec()));
    assert_eq!(values_in(&wire, frame), values);
    for cut in 0..frame.len() {
        assert!(matches!(
            wire.decode(Side::Client, &frame[..cut]),
            Decoded::Partial(_)
        ));
    }
}

#[rstest]
#[case::needed("field n INT", vec![Value::Absent], "in A, n is missing")]
#[case::together("optional { field n INT; field m INT }", vec![Value::Int(1), Value::Absent], "in A, n and m can only be sent together")]
#[case::in_order("optional { field n INT }; optional { field m INT }", vec![Value::Absent, Value::Int(1)], "in A, m can be sent only if n is also sent")]
#[case::surplus("field n INT; when n=1 { field m INT }", vec![Value::Int(2), Value::Int(1)], "in A, m must be sent if n is 1, and must not be sent otherwise")]
#[case::lacking("field n INT; when n=1 { field m INT }", vec![Value::Int(1), Value::Absent], "in A, m must be sent if n is 1, and must not be sent otherwise")]
fn values_that_contradict_each_other_are_refused(
    #[case] fields: &str,
    #[case] values: Vec<Value>,
    #[case] why: &str,
) {
    assert_eq!(
        encode(&wire(DEPENDENT, fields), &values),
        Err(why.to_owned())
    );
}

#[rstest]
#[case::big("opcode uint8", &[1, 0x80, 0x83])]
#[case::little("byte-order little; opcode uint8", &[1, 0x83, 0x80])]
fn fields_share_the_bits_of_an_integer(#[case] head: &str, #[case] frame: &[u8]) {
    let wire = wire(head, "bits uint16 { version 9; kind 6; last 1 }");
    let values = [Value::Int(0x101), Value::Int(1), Value::Int(1)];
    assert_eq!(encode(&wire, &values), Ok(frame.to_vec()));
    assert_eq!(values_in(&wire, frame), values);
    assert!(matches!(
        wire.decode(Side::Client, &frame[..2]),
        Decoded::Partial(_)
    ));
    let too_wide = [Value::Int(512), Value::Int(1), Value::Int(1)];
    let why = "512 does not fit into version, which ranges from 0 to 511".to_owned();
    assert_eq!(encode(&wire, &too_wide), Err(why));
}

#[test]
fn a_frame_that_ends_inside_an_optional_block_is_broken() {
    let wire = wire(DEPENDENT, "optional { field n INT; field m INT }");
    match wire.decode(Side::Client, &[1, 1, 5]) {
        Decoded::Broken { why, .. } => assert_eq!(why, "the frame ends inside m"),
        other => panic!("{other:?}"),
    }
}

const MANY: &str = "byte-order little
    frame { const uint16 0x0102; length uint16 of=rest; opcode uint24 }
    type INT uint16; type STRING text len=INT; type LINE text ends=0; type NAME text size=6 pad=0
    type NAMES list of=NAME count=INT; type BLOBS list rest of=BLOB; type BLOB bytes len=INT";
const MANY_FIELDS: &str = "field line LINE; field names NAMES; field blobs BLOBS";

proptest! {
    #[test]
    fn values_of_all_shapes_come_back_and_every_beginning_is_partial(
        line in "[^\0]{0,9}",
        names in prop::collection::vec("[a-z]{0,6}", 0..4),
        blobs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 0..4),
    ) {
        let wire = wire(MANY, MANY_FIELDS);
        let values = [
            Value::Text(line),
            Value::List(names.into_iter().map(Value::Text).collect()),
            Value::List(blobs.into_iter().map(Value::Bytes).collect()),
        ];
        let bytes = encode(&wire, &values).expect("the values fit");
        for cut in 0..bytes.len() {
            prop_assert!(matches!(wire.decode(Side::Client, &bytes[..cut]), Decoded::Partial(_)));
        }
        prop_assert_eq!(values_in(&wire, &bytes), values);
    }

    #[test]
    fn no_bytes_make_a_decoder_of_any_shape_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..48),
        with_head in any::<bool>(),
    ) {
        let wire = wire(MANY, MANY_FIELDS);
        if with_head && bytes.len() > 7 {
            let length = u8::try_from(bytes.len() - 4).expect("it is short");
            bytes[..7].copy_from_slice(&[2, 1, length, 0, 1, 0, 0]);
        }
        if let Decoded::Frame(frame) = wire.decode(Side::Client, &bytes) {
            let values: Vec<_> = frame.fields.into_iter().map(|field| field.value).collect();
            prop_assert_eq!(encode(&wire, &values).expect("it was decoded"), &bytes[..frame.length]);
        }
    }
}

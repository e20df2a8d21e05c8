//! Tests of every shape that a packet can have. Each test has its own small protocol.

use conformance::grammar::{Choices, Grammar, Side, Value};
use conformance::source::SourceFile;
use conformance::suite::{Sources, Suite};
use rstest::rstest;

use crate::capture::{Said, each_byte, side_by_side};
use crate::expected::{encoded, expected};
use crate::tshark::{dissected, is_missing};

/// Returns the grammar of a protocol that declares `types` and two packets. Clients send the packet A, which has the fields
/// `fields`.
pub(crate) fn grammar(types: &str, fields: &str) -> Grammar {
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

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

const STRING: &str = "opcode uint8; type INT uint8; type STRING text len=INT";
const FRAMED: &str = "frame { opcode uint8; length uint8 }; type INT uint8; type STRING text len=INT; type REST text rest";
const INTS: &str = "opcode uint8; type A int8; type B int16; type C int24; type D int32; type E int64; type F uint64; type G varint; type H int24-le; type I int64-le; type J uint32-le";
const INT_FIELDS: &str = "field a A; field b B; field c C; field d D; field e E; field f F; field g G; field h H; field i I; field j J";
const BITS: &str = "bits uint16 { version 9; kind 6; last 1 }; bits uint64-le { high 1; middle 60; low 3 }; bits uint64 { all 64 }";
const ONE_OF: &str = "opcode uint8; type V uint8; type IPV4 bytes size=4; type IPV6 bytes size=16; type ADDRESS one-of { case 4 IPV4; case 6 IPV6 }";
const ONE_OF_FIELDS: &str = "field v V; field address ADDRESS by=v";
const PADDED: &str = "opcode uint8; type NAME text size=4 pad=\" \"; type KEY bytes size=4 pad=0";

fn integers(negative: bool) -> Vec<Value> {
    let signed = [1, 2, 3, 4, 8].map(|width| 1_i128 << (8 * width - 1));
    let end = |limit: i128| Value::Int(if negative { -limit } else { limit - 1 });
    let [a, b, c, d, e] = signed.map(end);
    let f = if negative { 0 } else { i128::from(u64::MAX) };
    let g = if negative { 300 } else { 2_147_483_647 };
    let [h, i] = [c.clone(), e.clone()];
    let rest = [f, g].map(Value::Int);
    let j = Value::Int(if negative { 1 } else { 0xff_ff_ff_ff });
    [vec![a, b, c, d, e], rest.to_vec(), vec![h, i, j]].concat()
}

#[rstest]
#[case::length_after_opcode("frame { opcode uint8; length uint16 }; type P bytes size=2", "field p P", vec![Value::Bytes(vec![7, 8])])]
#[case::rest_counts_what_follows("frame { length uint8 of=rest; opcode uint16; const uint8 9 name=nine }; type P bytes rest", "field p P", vec![Value::Bytes(Vec::new())])]
#[case::the_whole_frame("frame { const (utf8)\"hi\" name=magic; opcode uint8; length uint16-le of=frame }; type P bytes size=2", "field p P", vec![Value::Bytes(vec![7, 8])])]
#[case::all_little("byte-order little; frame { const uint32 1 name=one; opcode uint32; length uint32 of=payload }", "", vec![])]
#[case::no_length("frame { const (hex)\"ca fe\" name=magic; opcode uint8 }", "", vec![])]
#[case::varint_length("length varint; opcode uint8; type REST text rest", "field r REST", vec![text(&"x".repeat(300))])]
#[case::largest_integers(INTS, INT_FIELDS, integers(false))]
#[case::smallest_integers(INTS, INT_FIELDS, integers(true))]
#[case::bits("opcode uint8", BITS, [0x101, 1, 1, 1, (1 << 60) - 2, 5, i128::from(u64::MAX)].map(Value::Int).to_vec())]
#[case::padded(PADDED, "field name NAME; field key KEY", vec![text("a b"), Value::Bytes(vec![0, 1])])]
#[case::nothing_but_padding(PADDED, "field name NAME; field key KEY", vec![text(""), Value::Bytes(Vec::new())])]
#[case::line("opcode uint8; type LINE text ends=\"\\r\\n\"", "field a LINE; field b LINE", vec![text("a\r"), text("")])]
#[case::counted_bytes("opcode uint8; type INT uint8; type BLOB bytes len=INT", "field a BLOB; field b BLOB", vec![Value::Bytes(vec![0, 255]), Value::Bytes(Vec::new())])]
#[case::list(&format!("{STRING}; type NAMES list of=STRING count=INT"), "field names NAMES; field last INT", vec![Value::List(vec![text("a"), text(""), text("é")]), Value::Int(9)])]
#[case::list_to_the_end(&format!("{FRAMED}; type INTS list rest of=INT"), "field ints INTS", vec![Value::List([1, 2].map(Value::Int).to_vec())])]
#[case::address(ONE_OF, ONE_OF_FIELDS, vec![Value::Int(4), Value::Bytes(vec![192, 0, 2, 1])])]
#[case::long_address(ONE_OF, ONE_OF_FIELDS, vec![Value::Int(6), Value::Bytes(vec![0; 16])])]
#[case::uuid("opcode uint8; type UUID uuid", "field id UUID", vec![text("6ba7b810-9dad-11d1-80b4-00c04fd430c8")])]
#[case::optional_absent(FRAMED, "field n INT; optional { field s STRING; field m INT }", vec![Value::Int(5), Value::Absent, Value::Absent])]
#[case::optional_present(FRAMED, "field n INT; optional { field s STRING; field m INT }", vec![Value::Int(5), text("a"), Value::Int(6)])]
#[case::when(FRAMED, "field n INT; when n=1 { field s REST }; when n=2 { field m INT }", vec![Value::Int(1), text("ab"), Value::Absent])]
#[case::when_otherwise(FRAMED, "field n INT; when n=1 { field s REST }; when n=2 { field m INT }", vec![Value::Int(2), Value::Absent, Value::Int(3)])]
#[case::names_of_lua_and_wireshark(STRING, "field end STRING; field packet-2 STRING; field opcode INT; field length INT", vec![text("a"), text("\\\"\u{1}"), Value::Int(1), Value::Int(2)])]
fn a_shape_is_shown_as_the_suite_decodes_it(
    #[case] types: &str,
    #[case] fields: &str,
    #[case] values: Vec<Value>,
) {
    if is_missing() {
        return;
    }
    let grammar = grammar(types, fields);
    let frame = encoded(&grammar, Side::Client, "A", &values);
    let said = vec![
        Said::new(0, Side::Client, &frame),
        Said::new(0, Side::Client, &frame),
    ];
    let said = side_by_side(&[said.clone(), each_byte(&said)]);
    let wanted = expected(&grammar, &Choices::new(), &said);
    assert_eq!(wanted[&(0, false)].len(), 2);
    assert!(wanted[&(0, false)][0].mistakes.is_empty());
    assert_eq!(dissected(&grammar, &said, &[]), wanted);
}

const HEAD: &str = "frame { opcode uint8; length uint8 }";

#[rstest]
#[case::other_version("frame { const uint16 1 name=version; opcode uint8 }", "", &[0, 2, 1], "version is 2, not 1")]
#[case::other_magic(
    "frame { const (utf8)\"CHAT\" name=magic; opcode uint8 }",
    "",
    b"CH\x01",
    "magic is (hex)\"43 48 01\", not \"CHAT\""
)]
#[case::shorter_than_its_head("frame { opcode uint8; length uint16 of=frame }", "", &[1, 0, 2], "the length of the frame is 2, but the head alone has 3 bytes")]
#[case::longer_than_its_fields(HEAD, "", &[1, 1, 0], "the number of surplus bytes after the fields of A is 1")]
#[case::text_without_its_end(&format!("{HEAD}; type LINE text ends=\"\\r\\n\""), "field line LINE", b"\x01\x03hi\r", "the frame ends inside line, before the end bytes 0d 0a")]
#[case::long_line(
    "opcode uint8; type LINE text ends=0",
    "field line LINE max-bytes=2",
    b"\x01abcd\0",
    "line has more than 2 bytes"
)]
#[case::too_many_characters(STRING, "field name STRING max-chars=2", "\u{1}\u{6}éàè".as_bytes(), "name has more than 2 characters")]
#[case::value_of_a_list(&format!("{STRING}; type NAMES list of=STRING count=INT"), "field names NAMES max-bytes=1", b"\x01\x02\x01a\x02bc", "the length of names 2 is 2, more than the maximum of 1")]
#[case::half_a_value(&format!("{HEAD}; type INT uint16; type INTS list rest of=INT"), "field numbers INTS", &[1, 3, 0, 1, 0], "the frame ends inside numbers 2")]
#[case::no_case(ONE_OF, ONE_OF_FIELDS, &[1, 5], "v is 5, but address has no case for this value")]
#[case::too_small("opcode uint8; type N int64", "field n N min=-9007199254740993", &[1, 0xff, 0xdf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], "n is -9007199254740994, less than -9007199254740993")]
#[case::endless_varint("length varint; opcode uint8", "", &[0x80; 5], "the length is a varint that does not end within 5 bytes")]
fn a_mistake_has_the_words_of_the_suite(
    #[case] types: &str,
    #[case] fields: &str,
    #[case] bytes: &[u8],
    #[case] why: &str,
) {
    if is_missing() {
        return;
    }
    let grammar = grammar(types, fields);
    let said = [Said::new(0, Side::Client, bytes)];
    let wanted = expected(&grammar, &Choices::new(), &said);
    assert_eq!(wanted[&(0, false)][0].mistakes, [why]);
    assert_eq!(
        dissected(&grammar, &said, &[])[&(0, false)][0].mistakes,
        [why]
    );
}

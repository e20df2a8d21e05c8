//! Mistakes in the shapes of wire.kdl: heads, byte orders, ends of texts, lists, and opcodes that depend on the direction.
//! Also mistakes in the steps that use these shapes.

use conformance::source::Severity;
use rstest::rstest;

use super::{assert_found, suite, unmark};

const SPEC: &str = "- **S-1** (must, section 1) One.\n";

/// Checks that lint finds this mistake in a wire.kdl whose protocol has this content and the packet Z.
fn assert_wire_mistake(content: &str, message: &str, help: &str) {
    let (text, place) = unmark(&format!(
        "protocol a {{ {content}; packet Z 9 from=both; }}"
    ));
    let scenario = "scenario \"a\" { title \"t\"; checks S-1; client alice; alice < Z; }\n";
    let found = suite(SPEC, &text, &[scenario]).expect_err("a mistake");
    assert_found(&found, Severity::Error, "wire.kdl", place, message, help);
}

#[rstest]
#[case::no_opcode("«frame { length uint16; }", "no opcode", "opcode uint8")]
#[case::part(
    "frame { opcode uint8; «lenght uint16; }",
    "not a part of a head",
    "did you mean length?"
)]
#[case::twice(
    "«opcode uint8; frame { opcode uint8; }",
    "described twice",
    "inside `frame`"
)]
#[case::second_length(
    "frame { opcode uint8; length uint8; «length uint8; }",
    "a second `length` in the head",
    "keep one"
)]
#[case::counts(
    "frame { opcode uint8; length uint16 «of=al; }",
    "cannot count `al`",
    "payload, rest, frame"
)]
#[case::varint(
    "frame { opcode uint8; length «varint of=frame; }",
    "its own bytes",
    "of=rest"
)]
#[case::order(
    "opcode uint8; «length uint32",
    "`length` is written after `opcode`",
    "frame { opcode uint8; length uint32 of=payload }"
)]
#[case::constant(
    "frame { const uint8 «300; opcode uint8; }",
    "300 does not fit into uint8",
    "0 to 255"
)]
#[case::no_constant(
    "frame { const «\"CHAT\"; opcode uint8; }",
    "cannot be the value of a constant",
    "(utf8)\"CHAT\""
)]
#[case::name_of_a_constant(
    "frame { const uint8 1 «name=length; opcode uint8; }",
    "cannot be the name of a constant",
    "name=version"
)]
#[case::byte_order("byte-order «litle; opcode uint8", "not litle", "did you mean little?")]
#[case::order_in_a_name(
    "opcode uint8; type I «int32le",
    "not a kind of type",
    "did you mean int32-le?"
)]
#[case::pad_alone(
    "opcode uint8; type T bytes len=I «pad=0; type I uint8",
    "there is no `size`",
    "size=32 pad=0"
)]
#[case::filler(
    "opcode uint8; type T text size=4 «pad=\"ab\"",
    "61 62 is not one byte",
    "pad=0"
)]
#[case::marker(
    "opcode uint8; type T text «ends=300",
    "300 is not a byte or a text",
    "0 to 255"
)]
#[case::end_and_rest(
    "opcode uint8; type T text «ends=0 rest",
    "only one word can say where",
    "`rest`"
)]
#[case::third_word(
    "opcode uint8; type T text «all",
    "`all` does not belong here",
    "`rest`"
)]
#[case::frame_without_end(
    "opcode uint8; type T text rest; packet A 1 from=both { field x «T; }",
    "nothing says where a frame ends",
    "length uint16 of=payload"
)]
#[case::after_the_rest(
    "frame { opcode uint8; length uint8; }; type T text rest; type I uint8; packet A 1 from=both { field x T; «field y I; }",
    "no field can follow x",
    "move x to the end"
)]
#[case::list_of_nothing(
    "opcode uint8; «type L list count=I; type I uint8",
    "type of the values of this list",
    "of=STRING"
)]
#[case::endless_list(
    "opcode uint8; «type L list of=I; type I uint8",
    "where this list ends",
    "count=INT"
)]
#[case::list_of_lists(
    "opcode uint8; type L list of=I count=I; type M list «of=L count=I; type I uint8",
    "no type L whose values are numbers, UUIDs, texts or bytes",
    "did you mean I?"
)]
#[case::count_of_a_list(
    "opcode uint8; type L list of=I «count=J; type I uint8",
    "no type J whose values are integers",
    "I"
)]
#[case::list_in_a_field(
    "opcode uint8; type I uint8; packet A 1 from=both { field x «list of=I count=I; }",
    "a kind of type",
    "type NAMES list of=STRING count=INT"
)]
#[case::limit_of_a_number(
    "opcode uint8; type I uint8; packet A 1 from=both { field x I «max-chars=3; }",
    "limits only text",
    "max-chars"
)]
#[case::one_direction(
    "opcode uint8; packet A «from-client=1",
    "one direction only",
    "packet A 1 from=client"
)]
#[case::no_number(
    "opcode uint8; «packet A from=client",
    "opcode of A is missing",
    "packet A 0 from=client"
)]
#[case::numbered_twice(
    "opcode uint8; packet A «1 from-client=1 from-server=2",
    "opcodes for single directions",
    "from-server=3"
)]
#[case::from_twice(
    "opcode uint8; packet A from-client=1 from-server=2 «from=both",
    "already name the senders",
    "remove `from`"
)]
#[case::clash_in_one_direction(
    "opcode uint8; packet A from-client=1 from-server=2; «packet B 2 from=server",
    "B has the opcode 2, which A already has",
    "different opcodes"
)]
#[case::direction_too_wide(
    "opcode uint8; packet A from-client=1 from-server=«256",
    "256 does not fit",
    "255"
)]
#[case::optional_without_length(
    "opcode uint8; type I uint8; packet A 1 from=both { «optional { field x I; }; }",
    "whether these fields follow",
    "length uint16 of=payload"
)]
#[case::empty_optional(
    "frame { opcode uint8; length uint8; }; packet A 1 from=both { «optional; }",
    "has no fields",
    "optional { field topic STRING }"
)]
#[case::after_optional(
    "frame { opcode uint8; length uint8; }; type I uint8; packet A 1 from=both { optional { field x I; }; «field y I; }",
    "may end before the optional field x",
    "before the `optional` block"
)]
#[case::when_of_nothing(
    "opcode uint8; type I uint8; packet A 1 from=both { field x I; when «x { field y I; }; }",
    "one earlier field, and the number",
    "when success=0"
)]
#[case::when_of_another(
    "opcode uint8; type I uint8; packet A 1 from=both { field kind I; when «kinds=1 { field y I; }; }",
    "no earlier field kinds",
    "did you mean kind?"
)]
#[case::signed_bits(
    "opcode uint8; packet A 1 from=both { bits «int8 { x 8; }; }",
    "int8 cannot be divided",
    "unsigned integer"
)]
#[case::no_bits(
    "opcode uint8; packet A 1 from=both { bits uint8 { «x; }; }",
    "the number of bits of x is missing",
    "version 9"
)]
#[case::too_few_bits(
    "opcode uint8; packet A 1 from=both { «bits uint8 { x 3; y 4; }; }",
    "have 7 bits, but uint8 has 8",
    "unused 3"
)]
#[case::count_of_a_built_in_type(
    "opcode uint8; type I uint8; type L list of=I «count=uint16",
    "no type uint16 whose values are integers",
    "count=COUNT"
)]
#[case::list_of_a_built_in_type(
    "opcode uint8; type I uint8; type L list «of=uint24 count=I",
    "no type uint24",
    "name: type ITEM uint24, then of=ITEM"
)]
#[case::length_that_is_a_number(
    "opcode uint8; type T text «len=12",
    "no type 12 whose values are integers",
    "write size=12"
)]
#[case::count_that_is_a_number(
    "opcode uint8; type I uint8; type L list of=I «count=3",
    "no type 3 whose values are integers",
    "then count=COUNT"
)]
#[case::counted_without_a_frame(
    "opcode uint8; length uint16 «of=payload",
    "only inside `frame`",
    "frame { opcode uint8; length uint16 of=payload }"
)]
#[case::when_of_too_large_a_number(
    "opcode uint8; type I uint8; packet A 1 from=both { field x I; when «x=300 { field y I; }; }",
    "x can never be 300",
    "from 0 to 255"
)]
#[case::when_of_more_than_a_number(
    "opcode uint8; type I uint8; packet A 1 from=both { field x I; when «x>1 { field y I; }; }",
    "`x>1` is a comparison",
    "one exact number"
)]
#[case::when_of_at_least_a_number(
    "opcode uint8; type I uint8; packet A 1 from=both { field x I; when «x>=1 { field y I; }; }",
    "`x>` is a comparison",
    "one exact number"
)]
#[case::optional_rest(
    "frame { opcode uint8; length uint8; }; type T text rest; packet A 1 from=both { optional { «field t T; }; }",
    "an empty t has the same bytes as a frame without t",
    "without `optional`: field t T"
)]
#[case::optional_list_without_a_number(
    "frame { opcode uint8; length uint8; }; type I uint8; type L list rest of=I; packet A 1 from=both { optional { «field l L; }; }",
    "an empty l has the same bytes",
    "without `optional`: field l L"
)]
#[case::nested(
    "opcode uint8; type I uint8; packet A 1 from=both { field x I; when x=1 { «when x=2 { field y I; }; }; }",
    "cannot be in this block",
    "fields only"
)]
#[case::rest_before_a_field(
    "frame { opcode uint8; length uint8; }; type T text rest; type I uint8; packet A 1 from=both { field x I; when x=1 { field t T; }; «field y I; }",
    "no field can follow t",
    "move t"
)]
fn a_mistake_in_a_shape_is_explained(
    #[case] content: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    // If the wrong entry has a key (`from-server=`), the mark belongs before the key.
    let content = content.replace("from-server=«", "«from-server=");
    assert_wire_mistake(&content, message, help);
}

const WIRE: &str = "protocol a {
    frame { opcode uint8; length uint8; }
    type COUNT uint8
    type NAME text size=8 pad=0
    type LINE text ends=\"\\n\"
    type NAMES list of=NAME count=COUNT
    packet WHO 1 from=client { field names NAMES; }
    packet MEMBERS 2 from=server { field number COUNT; field names NAMES max-chars=4; }
    packet SAY 3 from=both { field line LINE max-chars=5; }
    packet RESULT 4 from=both { field code COUNT; when code=1 { field why LINE; }; }
    packet FLAGS 6 from=both { bits uint8 { version 3; kind 5; }; }
    type SUMS list of=COUNT count=COUNT
    packet SUM 7 from=both { field sums SUMS; }
    packet MOOD 5 from=both { optional { field mood COUNT; field more COUNT; }; }
    fence { to > WHO names=_; to < SAY line=_; }
}
";

/// Checks that lint finds this mistake in a scenario with two lanes and these steps.
fn assert_step_mistake(steps: &str, message: &str, help: &str) {
    let source = format!(
        "scenario \"a\" {{\n title \"t\"\n checks S-1\n client al name-bytes=8 name-fill=\"x\"\n client beatrice\n {steps}\n}}\n"
    );
    let (text, place) = unmark(&source);
    let wire = WIRE.replace("fence { to > WHO names=_; to < SAY line=_; }", "");
    let found = suite(SPEC, &wire, &[&text]).expect_err("a mistake");
    assert_found(
        &found,
        Severity::Error,
        "scenarios/0.kdl",
        place,
        message,
        help,
    );
}

#[rstest]
#[case::list_on_the_line("al > WHO «names=\"x\"", "names takes a list", "{ names \"a\" @bob }")]
#[case::no_list(
    "al < «MEMBERS number=1",
    "MEMBERS lacks names",
    "number=... { names ... }"
)]
#[case::value_of_a_list("al > WHO { names @al «3; }", "names takes text", "names \"hi\"")]
#[case::lane_in_a_list(
    "al > WHO { names «beatrice; }",
    "not its name",
    "write names @beatrice"
)]
#[case::numbers_on_the_line("al > SUM «sums=770", "sums takes a list", "{ sums 1 2 }")]
#[case::text_among_numbers(
    "al > SUM { sums 1 «\"2\"; }",
    "sums takes a number",
    "a number without quotes: sums 5"
)]
#[case::twice(
    "al > WHO { names @al; «names @al; }",
    "names is given twice",
    "keep one"
)]
#[case::both(
    "al < MEMBERS number=1 names=_ { «names @al; }",
    "names is given twice",
    "keep one"
)]
#[case::order(
    "al < MEMBERS number=1 { names @al «order=some; }",
    "no meaning in a list",
    "order=any"
)]
#[case::sent_order(
    "al > WHO { «names @al order=any; }",
    "their order are fixed",
    "receives"
)]
#[case::remembered(
    "al < MEMBERS number=1 { names «?x order=any; }",
    "which value of this list",
    "`_`"
)]
#[case::other_block("al > WHO { names @al; «within \"1s\"; }", "a send", "")]
#[case::misspelt_list(
    "al > WHO { names @al; «name @al; }",
    "does not belong here",
    "did you mean names?"
)]
#[case::long_value(
    "al > WHO { names «\"123456789\"; }",
    "9 bytes do not fit into names, which has 8",
    "NAME"
)]
#[case::long_name(
    "al > WHO { names «@beatrice; }",
    "at least 15 bytes",
    "client beatrice name-bytes=8"
)]
#[case::end_in_a_text("al > SAY «line=\"a\\nb\"", "line cannot contain 0a", "type LINE")]
#[case::characters(
    "al < SAY «line=\"123456\"",
    "6 characters can never arrive",
    "limits this field"
)]
#[case::characters_in_a_list(
    "al < MEMBERS number=1 { names «\"12345\"; }",
    "5 characters can never arrive",
    "limits"
)]
#[case::framed(
    "al > «framed (hex)\"00\"",
    "the opcode of this frame is missing",
    "framed (opcode)99"
)]
#[case::frame_length(
    "al > raw (opcode)1 «(length)256",
    "256 is not the length of a frame",
    "from 0 to 255"
)]
#[case::due("al > «RESULT code=1", "RESULT lacks why", "code=... why=...")]
#[case::not_due("al < «RESULT code=2 why=\"x\"", "does not have why", "only if code=1")]
#[case::apart("al > «MOOD mood=1", "MOOD lacks more", "name every field")]
#[case::without_the_first("al > «MOOD more=1", "does not have more", "together with mood")]
#[case::bits(
    "al > FLAGS «version=8 kind=0",
    "8 does not fit into version, which ranges from 0 to 7",
    ""
)]
#[case::pause("«pause \"1s\"", "lacks its reason", "because=")]
#[case::pause_of_nothing("pause «\"soon\" because=\"t\"", "not a duration", "ms, s or min")]
fn a_mistake_in_a_step_with_a_shape_is_explained(
    #[case] steps: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    assert_step_mistake(steps, message, help);
}

#[test]
fn steps_with_lists_and_pauses_are_read() {
    let scenario = "scenario \"a\" {
        title \"t\"
        checks S-1
        client al name-bytes=4 name-fill=\"x\"
        client bob name-bytes=4 name-fill=\"x\"
        al > WHO { names; split every=1 }
        pause \"20ms\" because=\"WHO has no answer\"
        bob > WHO { names @al @bob }
        al < MEMBERS number=?n { names ?first \"ab\"; within \"1s\" }
        al < MEMBERS number=_ names=?all
        bob > WHO names=$all
        bob < MEMBERS number=$n { names $first _ others=yes order=any }
        al < any-order { MEMBERS number=2 { names @bob @al }; SAY line=\"hi\" }
        al > glued { WHO { names \"x\" }; SAY line=\"\" }
        al > raw (opcode)WHO (length)9 (NAMES.len)1 (NAME)@al
        al < SAY line=_
        al > RESULT code=1 why=\"x\"
        al < RESULT code=0
        al < RESULT code=_
        al < RESULT code=?code why=_
        al > FLAGS version=7 kind=31
        al < FLAGS version=_ kind=?kind
        al > MOOD
        al < MOOD mood=_ more=?more
    }\n";
    let wire = WIRE.replace("fence { to > WHO names=_; to < SAY line=_; }", "");
    if let Err(mistakes) = suite(SPEC, &wire, &[scenario]) {
        panic!("{mistakes}");
    }
}

#[test]
fn a_fence_cannot_send_any_list() {
    let found = suite(SPEC, WIRE, &[]).expect_err("a mistake");
    let text = found.to_string();
    assert!(text.contains("is not a list"), "{text}");
}

/// A dialect (a protocol that extends another one) can change a packet's opcode for one direction. In the other direction
/// the packet keeps its opcode.
#[test]
fn a_dialect_renumbers_one_direction() {
    let wire = "protocol ours extends=chaton {
        renumber MESSAGE 20
        renumber MESSAGE 21 from=client
        renumber MESSAGE 23 from=server
    }\n";
    let ours = suite("", wire, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let grammar = &ours.grammar;
    let message = grammar.packet_named("MESSAGE").expect("it is inherited");
    let opcodes = grammar.packet(message).opcodes;
    assert_eq!((opcodes.client, opcodes.server), (Some(21), Some(23)));
}

#[rstest]
#[case("renumber LOGIN 9 «from=server", "a server never sends LOGIN", "from=")]
#[case("renumber LOGIN 9 «from=srver", "not a side", "did you mean server?")]
fn a_wrong_direction_of_a_renumber_is_explained(
    #[case] line: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let (text, place) = unmark(&format!("protocol ours extends=chaton {{ {line}; }}"));
    let found = suite("", &text, &[]).expect_err("a mistake");
    assert_found(&found, Severity::Error, "wire.kdl", place, message, help);
}

/// The head of a dialect replaces the head of the protocol that it extends, whatever that head looks like.
#[test]
fn a_dialect_has_its_own_head_and_byte_order() {
    let wire = "protocol ours extends=chaton {
        byte-order little
        frame { opcode int8; length uint32 }
    }\n";
    let ours = suite("", wire, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let wire = ours
        .grammar
        .in_reading(&conformance::grammar::Choices::new());
    let login = ours.grammar.packet_named("LOGIN").expect("it is inherited");
    let values = [conformance::grammar::Value::Text("a".to_owned())];
    assert_eq!(
        wire.encode(conformance::grammar::Side::Client, login, &values),
        Ok(vec![0, 5, 0, 0, 0, 1, 0, 0, 0, b'a'])
    );
}

//! Mistakes in wire.kdl.

use conformance::source::Severity;
use rstest::rstest;

use super::{SHARED, SPEC, assert_found, suite, unmark};

#[rstest]
#[case::nothing("«", "no protocol", "protocol NAME")]
#[case::no_protocol(
    "«protocoll echo { }",
    "must begin with `protocol`",
    "did you mean protocol?"
)]
#[case::word(
    "protocol a { opcode int8; «pakcet A 0 from=both; packet B 1 from=both; }",
    "has no meaning in wire.kdl",
    "did you mean packet?"
)]
#[case::no_opcode(
    "«protocol a { packet A 0 from=both; }",
    "integer type of the opcode",
    "opcode int8"
)]
#[case::strange_opcode(
    "protocol a { opcode «byte; packet A 0 from=both; }",
    "not an integer",
    "int8"
)]
#[case::layout(
    "protocol a { opcode int8; type T «int31; packet A 0 from=both; }",
    "not a kind of type",
    "int32"
)]
#[case::no_length(
    "protocol a { opcode int8; type T «text; packet A 0 from=both; }",
    "needs a length",
    "len=INT"
)]
#[case::length_of_nothing(
    "protocol a { opcode int8; type T text «len=INT; packet A 0 from=both; }",
    "no type INT whose values are integers",
    "none"
)]
#[case::size_of_text(
    "protocol a { opcode int8; type T text «size=4; packet A 0 from=both; }",
    "shorter than 4 bytes",
    "size=4 pad=0"
)]
#[case::size_and_length(
    "protocol a { opcode int8; type I int8; type T bytes len=I «size=4; packet A 0 from=both; }",
    "only one word can say where",
    "`size`"
)]
#[case::no_size(
    "protocol a { opcode int8; type T bytes «size=0; packet A 0 from=both; }",
    "not a possible number of bytes",
    "size=16"
)]
#[case::no_cases(
    "protocol a { opcode int8; «type T one-of; packet A 0 from=both; }",
    "has no cases",
    "case 4 IPV4"
)]
#[case::strange_case(
    "protocol a { opcode int8; type T one-of { «case IPV4; case 6 V; }; type V bytes size=4; packet A 0 from=both; }",
    "a number and a type",
    "case 4 IPV4"
)]
#[case::same_case(
    "protocol a { opcode int8; type V bytes size=4; type T one-of { case 4 V; «case 4 V; }; packet A 0 from=both; }",
    "a second case 4",
    "one of them"
)]
#[case::case_of_nothing(
    "protocol a { opcode int8; type VA bytes size=4; type T one-of { case 4 «VB; }; packet A 0 from=both; }",
    "no type VB whose values are bytes",
    "did you mean VA?"
)]
#[case::case_of_cases(
    "protocol a { opcode int8; type V bytes size=4; type T one-of { case 4 V; case 5 «T; }; packet A 0 from=both; }",
    "no type T whose values are bytes",
    "did you mean V?"
)]
#[case::undecided(
    "protocol a { opcode int8; type V bytes size=4; type T one-of { case 4 V; }; packet A 0 from=both { field x «T; }; }",
    "between the cases of T",
    "by=version"
)]
#[case::decided_for_nothing(
    "protocol a { opcode int8; type T int8; packet A 0 from=both { field n T; field x T «by=n; }; }",
    "T has no cases",
    "remove `by`"
)]
#[case::decided_by_nothing(
    "protocol a { opcode int8; type I int8; type V bytes size=4; type T one-of { case 4 V; }; packet A 0 from=both { field kind I; field x T «by=kinds; }; }",
    "no earlier field kinds",
    "did you mean kind?"
)]
#[case::decided_too_late(
    "protocol a { opcode int8; type I int8; type V bytes size=4; type T one-of { case 4 V; }; packet A 0 from=both { field x T «by=kind; field kind I; }; }",
    "no earlier field kind ",
    "none"
)]
#[case::same_type(
    "protocol a { opcode int8; type T int8; «type T int16; packet A 0 from=both; }",
    "a second type T",
    "another name"
)]
#[case::no_sender(
    "protocol a { opcode int8; «packet A 0; }",
    "the sender of this packet",
    "from=client"
)]
#[case::sender(
    "protocol a { opcode int8; packet B 1 from=both; packet A 0 «from=servr; }",
    "not a side",
    "did you mean server?"
)]
#[case::small_letters(
    "protocol a { opcode int8; packet B 1 from=both; packet «a 0 from=both; }",
    "cannot be the name",
    "CAPITALS"
)]
#[case::opcode_too_large(
    "protocol a { opcode int8; packet A «128 from=both; }",
    "does not fit into the opcode",
    "127"
)]
#[case::same_opcode(
    "protocol a { opcode int8; packet A 0 from=both; «packet B 0 from=client; }",
    "opcode 0, which A already has",
    "different opcodes"
)]
#[case::same_packet(
    "protocol a { opcode int8; packet A 0 from=both; packet «A 1 from=both; }",
    "a second packet A",
    "another name"
)]
#[case::type_of_a_field(
    "protocol a { opcode int8; type T int8; packet A 0 from=both { field x «U; }; }",
    "no type U",
    "T"
)]
#[case::limit_of_a_number(
    "protocol a { opcode int8; type T int8; packet A 0 from=both { field x T «max-bytes=3; }; }",
    "limits only text",
    "min"
)]
#[case::ambient(
    "protocol a { opcode int8; type T int8; packet A 0 from=both «ambient=x { field x T; }; }",
    "no text field x",
    "ambient=login"
)]
#[case::one_choice(
    "protocol a { opcode int8; «reading r { title \"t\"; choice \"x\"; }; packet A 0 from=both; }",
    "fewer than two choices",
    "two choices"
)]
#[case::choices_differ(
    "protocol a { opcode int8; «reading r { title \"t\"; choice \"x\" { type T int8; }; choice \"y\"; }; packet A 0 from=both; }",
    "does not define the same types",
    "each of its choices"
)]
#[case::cited(
    "protocol a { opcode int8; reading r { title \"t\"; choice \"x\"; choice \"y\" «checks=ECHO-9; }; packet HELLO 0 from=client { field name T; }; packet WELCOME 1 from=server; type I int8; type T text len=I; }",
    "no requirement ECHO-9",
    "ECHO-1"
)]
#[case::a_misspelt_packet_has_no_consequences(
    "protocol a { opcode int8; «packt AB 0 from=both; fence { to > AB; to < AB; }; }",
    "`packt` has no meaning in wire.kdl",
    "did you mean packet?"
)]
#[case::a_packet_with_a_mistake_has_no_consequences(
    "protocol a { opcode int8; packet AB 0 «from=nobody; fence { to > AB; to < AB; }; identified-by AB; }",
    "",
    "server"
)]
#[case::a_misspelt_type_has_no_consequences(
    "protocol a { opcode int8; «tpye I int8; packet A 0 from=both { field x I; }; }",
    "`tpye` has no meaning in wire.kdl",
    "did you mean type?"
)]
#[case::fence_of_nothing(
    "protocol a { opcode int8; packet A 0 from=both; «fence { from > A; }; }",
    "proves nothing",
    "`to` must receive"
)]
#[case::fence_side(
    "protocol a { opcode int8; packet A 0 from=client; fence { to < «A; }; }",
    "a server never sends A",
    "arrow"
)]
#[case::fence_packet(
    "protocol a { opcode int8; packet AB 0 from=both; fence { to > «AC; to < AB; }; }",
    "no packet AC",
    "did you mean AB?"
)]
#[case::fence_value(
    "protocol a { opcode int8; type I int8; packet A 0 from=both { field x I; }; fence { to < A «x=\"t\"; to < A x=_; }; }",
    "is not a number",
    "$token"
)]
#[case::fence_alone(
    "protocol a { opcode int8; packet A 0 from=both; fence unidentified { «from > A; to < A; }; }",
    "cannot be in this fence",
    "only the lane `to`"
)]
#[case::identified_by(
    "protocol a { opcode int8; packet AB 0 from=both; identified-by «AC; }",
    "no packet AC",
    "did you mean AB?"
)]
#[case::identified_by_what_a_client_sends(
    "protocol a { opcode int8; packet A 0 from=client; «identified-by A; }",
    "a server never sends A",
    "accepts a login"
)]
#[case::identified_after(
    "protocol a { opcode int8; packet AB 0 from=both; identified-by AB { «before AB; }; }",
    "only `after`",
    "after CR"
)]
#[case::identified_after_what_the_server_sends(
    "protocol a { opcode int8; packet A 0 from=server; identified-by A { after «A; }; }",
    "a client never sends A",
    "arrow"
)]
#[case::raw_after(
    "protocol a { opcode int8; packet AB 0 from=both; raw-after «AC; }",
    "no packet AC",
    "did you mean AB?"
)]
#[case::raw_after_nothing(
    "protocol a { opcode int8; packet AB 0 from=both; «raw-after; }",
    "`raw-after` names no packet",
    "write: raw-after ESTABLISHED"
)]
#[case::raw_after_with_another_word(
    "protocol a { opcode int8; packet AB 0 from=both; raw-after AB { «before AB; }; }",
    "only `after` and `proved-by`",
    "proved-by \"tunnel-relays-a-line\""
)]
#[case::raw_after_proved_twice(
    "protocol a { opcode int8; packet AB 0 from=both; raw-after AB { proved-by \"x\"; «proved-by \"x\"; }; }",
    "second `proved-by` of `raw-after`",
    "keep one"
)]
fn a_mistake_in_the_grammar_is_explained(
    #[case] source: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let (text, place) = unmark(source);
    let found = suite(SPEC, &text, &[SHARED]).expect_err("a mistake");
    assert_found(&found, Severity::Error, "wire.kdl", place, message, help);
}

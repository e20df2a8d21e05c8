//! Tests that lint accepts or rejects every file quickly and without a panic, whatever the file contains.

use proptest::prelude::*;
use rstest::rstest;

use super::{SHARED, SPEC, WIRE, suite};

const EVERYTHING: &str = include_str!("../data/echo/scenarios/all.kdl");

/// Words from the files of a suite, and the characters that people most often get wrong.
const PARTS: [&str; 44] = [
    "scenario",
    "fragment",
    "probe",
    "\"a\"",
    "{",
    "}",
    "{",
    "}",
    ";",
    "\n",
    " ",
    "client",
    "alice",
    "who",
    "@alice",
    "$n",
    "?n",
    ">",
    "<",
    "HELLO",
    "name=",
    "\"x\"",
    "(x3)",
    "(hex)",
    "(each)",
    "either",
    "case",
    "together",
    "repeat 3 as=i",
    "use",
    "hello",
    "when",
    "mirror=yes",
    "raw",
    "/-",
    "/*",
    "*/",
    "//",
    "\"",
    "#\"",
    "\"\"\"",
    "\\",
    "title",
    "checks ECHO-1",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,200}") {
        let _ = suite(SPEC, WIRE, &[SHARED, &text]);
        let _ = suite(&text, WIRE, &[SHARED]);
        let _ = suite(SPEC, &text, &[SHARED]);
    }

    #[test]
    fn any_words_get_an_answer(parts in prop::collection::vec(prop::sample::select(&PARTS[..]), 0..80), glue in "[ ]?") {
        let text = parts.join(&glue);
        let _ = suite(SPEC, WIRE, &[SHARED, &text]).map_err(|mistakes| mistakes.to_string());
    }

    #[test]
    fn a_suite_with_a_typing_error_gets_an_answer(at in 0..EVERYTHING.len(), length in 0..12_usize, instead in "\\PC{0,3}|[{}\"/\\-<>=$@?#\n]{1,3}") {
        let text = with_slip(EVERYTHING, at, length, &instead);
        let _ = suite(SPEC, WIRE, &[&text]).map_err(|mistakes| mistakes.to_string());
        let wire = with_slip(WIRE, at % WIRE.len(), length, &instead);
        let _ = suite(SPEC, &wire, &[EVERYTHING]).map_err(|mistakes| mistakes.to_string());
    }
}

fn with_slip(text: &str, at: usize, length: usize, instead: &str) -> String {
    let near = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = near(at);
    let end = near((at + length).min(text.len())).max(start);
    format!("{}{instead}{}", &text[..start], &text[end..])
}

#[test]
fn only_a_part_of_a_long_line_is_shown() {
    let text = format!("scenario {}«", "é ".repeat(50_000)).replace('«', "a=1,b");
    let shown = suite(SPEC, WIRE, &[SHARED, &text])
        .expect_err("a comma")
        .to_string();
    assert!(shown.len() < 20_000, "{} bytes", shown.len());
    assert!(
        shown.contains("a=1,b") && shown.contains("1.kdl:1:100013"),
        "{shown}"
    );
}

/// The KDL parser recurses on some of these texts. If a file repeats such a text many times, the parser's stack could
/// overflow. So lint checks each text before it calls the parser.
#[rstest]
#[case::parentheses("a (")]
#[case::closed_parentheses("(a)")]
#[case::marks("(a)(b)")]
#[case::texts("\"a\"\"b\"")]
#[case::text_and_word("\"a\"b ")]
#[case::text_as_key("\"a\"=\"b\"=")]
#[case::number_as_node("1 2\n")]
#[case::number_as_key("1=2 ")]
#[case::blocks_without_name("{};")]
#[case::blocks_in_a_row("a {} {}\n")]
#[case::entries_after_blocks("a {} b c=1 {}\n")]
#[case::switched_off("/-a\n")]
#[case::switched_off_blocks("a /-{}\n")]
#[case::continuations("a \\ // b\n")]
#[case::broken_continuations("a \\ b ")]
#[case::signs("= ")]
#[case::empty_nodes(";")]
#[case::raw_texts("a #\"x\"# ")]
#[case::comments("a/**/b")]
#[case::commas("a,b ")]
fn nonsense_that_is_repeated_many_times_gets_an_answer(#[case] unit: &str) {
    let many = unit.repeat(1_000);
    for text in [
        many.clone(),
        format!("scenario \"a\" {{ {many} }}"),
        format!("a {many}"),
    ] {
        let _ = suite(SPEC, WIRE, &[SHARED, &text]).map_err(|mistakes| mistakes.to_string().len());
    }
}

#[test]
fn fragments_that_double_their_steps_are_reported() {
    let mut text = String::from("fragment f0 who { who < WELCOME; }\n");
    for level in 1..60 {
        text.push_str(&format!(
            "fragment f{level} who {{ use f{0} who; use f{0} who; }}\n",
            level - 1
        ));
    }
    text.push_str("scenario \"a\" { title \"t\"; checks ECHO-1; client a; use f59 a; }");
    let found = suite(SPEC, WIRE, &[SHARED, &text])
        .expect_err("it is too large")
        .to_string();
    assert!(found.contains("more than 10000 steps"), "{found}");
}

#[test]
fn a_long_chain_of_fragments_is_reported() {
    let mut text = String::from("fragment f0 who { who < WELCOME; }\n");
    for level in 1..5000 {
        text.push_str(&format!(
            "fragment f{level} who {{ use f{} who; }}\n",
            level - 1
        ));
    }
    text.push_str("scenario \"a\" { title \"t\"; checks ECHO-1; client a; use f4999 a; }");
    let found = suite(SPEC, WIRE, &[SHARED, &text])
        .expect_err("it is too deep")
        .to_string();
    assert!(found.contains("nested more than 64 levels deep"), "{found}");
}

#[test]
fn warnings_never_hide_a_mistake() {
    let unused: String = (0..300)
        .map(|index| format!("fragment f{index} who {{ client who; }}\n"))
        .collect();
    let text =
        format!("{unused}scenario \"a\" {{ title \"t\"; checks ECHO-1; client a; b < WELCOME; }}");
    let found = suite(SPEC, WIRE, &[SHARED, &text]).expect_err("it has a mistake");
    assert_eq!(found.errors(), 1);
}

#[test]
fn repeated_blocks_of_long_text_are_reported() {
    let long = "a".repeat(200_000);
    let text = format!(
        "scenario \"a\" {{ title \"t\"; checks ECHO-1; client a; repeat 9000 {{ a > SAY name=@a text=\"{long}\"; }}; a < closed; }}"
    );
    let found = suite(SPEC, WIRE, &[SHARED, &text])
        .expect_err("it is too large")
        .to_string();
    assert!(
        found.contains("including fragments and repetitions"),
        "{found}"
    );
}

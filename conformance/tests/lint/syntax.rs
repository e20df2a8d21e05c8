//! Mistakes in KDL syntax, and parts of KDL that surprise people who write it.

use rstest::rstest;

use super::{assert_scenario_mistake, assert_step_mistake};

#[rstest]
#[case::comma("alice > SAY name=@alice«, text=\"hi\"", "comma", "space")]
#[case::comma_after_text("bob < SAY name=\"x\"«, text=\"hi\"", "comma", "space")]
#[case::braces_after_dollar(
    "alice > SAY name=«${a} text=\"hi\"",
    "brace after `$`",
    "without braces"
)]
#[case::no_blanks_around_the_arrow("«alice>HELLO name=@alice", "read as one name", "alice > HELLO")]
#[case::no_blank_after_the_arrow("alice «<WELCOME", "read as one name", "< WELCOME")]
#[case::comparison("alice «>= 3", "would be read as the name of a field", "name=value")]
#[case::same_field_twice(
    "alice > HELLO name=@alice «name=@bob",
    "name is given twice",
    "keep one"
)]
#[case::leading_zeros("alice > raw (hex)«0080", "leading zeros", "(hex)\"0080\"")]
#[case::bare_time(
    "alice < closed { within «1s; }",
    "neither a number nor a word",
    "in quotes: \"1s\""
)]
#[case::bare_milliseconds(
    "alice < closed { within «500ms; }",
    "neither a number nor a word",
    "\"500ms\""
)]
#[case::bare_fraction("alice < closed { within «1.5; }", "is a fraction", "\"1.5s\"")]
#[case::bare_hex(
    "alice > raw (hex)«00ff",
    "neither a number nor a word",
    "(hex)\"00ff\""
)]
#[case::number_and_letters("alice > HELLO name=«3rd", "neither a number nor a word", "\"3rd\"")]
#[case::null("alice > HELLO name=«null", "reserved word", "\"null\"")]
#[case::truth("alice > HELLO name=«true", "reserved word", "\"true\"")]
#[case::infinity("alice > HELLO name=«inf", "reserved word", "\"inf\"")]
#[case::true_of_a_list(
    "alice < WELCOME others=«#true",
    "#true is not a value of `others`",
    "others=yes"
)]
#[case::bare_true_of_a_list(
    "alice < WELCOME others=«true",
    "true is not a value of `others`",
    "others=yes"
)]
#[case::keyword("alice > HELLO name=«#true", "#true is not a value", "text in quotes")]
#[case::hash_comment("«# a remark", "does not begin a comment", "`//`")]
#[case::hash_comment_after_a_step("alice < WELCOME «#remark", "does not begin a comment", "`//`")]
#[case::single_quotes("alice > HELLO name=«'x'", "single quotes", "double quotes")]
#[case::word_before_text("alice > raw «hex\"00\"", "no space between", "(hex)\"...\"")]
#[case::arrow_that_is_none(
    "alice «-> HELLO name=@alice",
    "not an arrow",
    "write `>` before what the lane does"
)]
#[case::escape("alice > HELLO name=\"x«\\q\"", "`\\q` has no meaning", "\\n")]
#[case::number_of_a_character(
    "alice > HELLO name=\"x«\\u{d800}\"",
    "not the hexadecimal number of a character",
    "\\u{e9}"
)]
#[case::empty_mark("alice > raw «()\"x\"", "one word in parentheses", "(hex)")]
#[case::open_mark("alice > raw «(hex \"x\"", "one word in parentheses", "(hex)")]
#[case::lone_parenthesis("alice > raw hex«)5", "no matching `(`", "(hex)")]
#[case::blanks_around("alice > HELLO name «= @alice", "spaces around", "without spaces")]
#[case::a_blank_after("alice > HELLO name«= @alice", "spaces around", "without spaces")]
#[case::point_first("alice < closed { within «.5; }", "is a fraction", "\"0.5s\"")]
#[case::no_value("alice > HELLO name«=\n", "value is missing", "name=value")]
#[case::two_signs("alice > HELLO name«==@alice", "value is missing", "name=value")]
#[case::brackets("alice < any-order «[", "brackets", "{ }")]
#[case::brackets_of_a_list("alice > HELLO name=«[", "brackets", "{ items 1 2 }")]
#[case::lone_slash("alice < WELCOME «/ bob", "a single `/`", "`//`")]
#[case::open_text("alice > HELLO name=«\"x", "no closing quote", "\"")]
#[case::open_comment("«/* alice", "never closed", "`//`")]
#[case::nested_switching_off("/-either { «/-case; }", "has already switched off", "`//`")]
#[case::twice_switched_off("/- «/- alice", "has already switched off", "`//`")]
#[case::closing_too_much("}\n«}", "no matching `{`", "remove it")]
#[case::invisible("alice > HELLO name=\"x«\u{200b}\"", "invisible", "\\u{200b}")]
#[case::type_before_step(
    "(«quick)alice < WELCOME",
    "cannot begin with the mark",
    "before values"
)]
#[case::a_block_of_text("alice > HELLO name=«\"\"\"x\"\"\"", "next line", "one `\"`")]
fn a_trap_of_the_syntax_is_explained(
    #[case] steps: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    assert_step_mistake(steps, message, help);
}

#[test]
fn a_brace_that_is_never_closed_is_reported() {
    assert_scenario_mistake(
        "scenario \"a\" «{\n    title \"x\"\n",
        "never closed",
        "`}`",
    );
}

#[test]
fn too_deep_nesting_is_reported() {
    let before = "a {".repeat(32);
    assert_scenario_mistake(
        &format!("{before} b «{{ {}", "c {".repeat(5000)),
        "nested more than 32 levels deep",
        "missing",
    );
    assert_scenario_mistake(
        &format!("«/*{}", "/*".repeat(5000)),
        "comments are nested",
        "`//`",
    );
}

#[test]
fn a_mistake_that_the_parser_finds_is_explained() {
    assert_step_mistake("«{ }", "this cannot be read: found child block", "a lane");
    assert_step_mistake(
        "alice > raw «\"a\"\"b\"",
        "this cannot be read: expected quoted string",
        "separated by spaces",
    );
    assert_step_mistake(
        "together { alice < WELCOME; } «bob < WELCOME",
        "does not belong here",
        "the block comes last",
    );
    assert_step_mistake(
        "«5 > HELLO",
        "this cannot be read: found invalid node name",
        "a lane",
    );
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let text = format!("«scenario \"a\" {{ }}\n{}", "// x\n".repeat(60_000));
    assert_scenario_mistake(&text, "the maximum is 262144", "divide it");
}

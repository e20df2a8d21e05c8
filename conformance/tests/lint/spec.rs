//! Mistakes in spec.md, and the requirements that are read from it.

use conformance::source::Severity;
use conformance::suite::Level;
use rstest::rstest;

use super::{SHARED, SPEC, WIRE, assert_found, suite, unmark};

#[rstest]
#[case::nothing("«no requirement anywhere\n", "no requirements", "**CHATON-1.3**")]
#[case::level(
    "«- **ECHO-1** (shall, section 1) A name.\n",
    "not a level",
    "must, should, may"
)]
#[case::no_level(
    "«- **ECHO-1** A name.\n",
    "level and its section",
    "(must, section 1)"
)]
#[case::no_sentence("«- **ECHO-1** (must, section 1)\n", "no text", "(must, section 1)")]
#[case::open_id(
    "«- **ECHO-1 (must, section 1) A name.\n",
    "there is no **",
    "**CHATON-1.3**"
)]
#[case::two_words(
    "«- **ECHO 1** (must, section 1) A name.\n",
    "one word",
    "**CHATON-1.3**"
)]
#[case::twice(
    "- **ECHO-1** (must, section 1) A.\n- **«ECHO-1** (may, section 2) B.\n",
    "the requirement ECHO-1 is defined twice",
    "another number"
)]
fn a_mistake_in_the_requirements_is_explained(
    #[case] source: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let (text, place) = unmark(source);
    let found = suite(&text, WIRE, &[SHARED]).expect_err("a mistake");
    assert_found(&found, Severity::Error, "spec.md", place, message, help);
}

#[test]
fn requirements_are_read_with_level_section_and_remarks() {
    let suite = suite(SPEC, WIRE, &[SHARED]).expect("the source has no mistakes");
    let second = suite.requirement("ECHO-2").expect("it exists");
    assert_eq!((second.level, second.section.as_str()), (Level::Must, "2"));
    assert_eq!(second.text, "The server sends a SAY to all clients.");
    assert_eq!(
        second.remarks,
        "The document does not say whether the speaker is included."
    );
}

//! Tests of the picture of a conversation.

use std::path::Path;

use conformance::grammar::Choices;
use conformance::report::trace_picture;
use conformance::run::{Direction, Event};
use conformance::suite::Suite;
use conformance::trace::Trace;
use rstest::rstest;

use crate::recorded::traces;
use crate::{assert_kept, conformance, err, xml};

/// The pictures that the lessons of the course show.
#[rstest]
#[case("login-accepted")]
#[case("broadcast")]
#[case("tunnel-established")]
fn the_pictures_of_the_course_are_what_the_command_writes(#[case] case: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let path = folder.path().join("new/trace.svg");
    let svg = path.to_str().expect("a path in UTF-8");
    let output = conformance(&["show", "chaton", case, "--trace", "--svg", svg]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let written = std::fs::read_to_string(&path).expect("the file was written");
    let textbook = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/textbook/pictures");
    assert_kept(&textbook.join(format!("trace-{case}.svg")), &written);
}

#[test]
fn every_picture_is_well_formed_and_has_every_frame() {
    for name in Suite::built_in_names() {
        let suite = Suite::built_in(name).expect("it is a protocol");
        for (id, trace) in traces(&suite) {
            let picture = trace_picture(&trace);
            xml::assert_well_formed(&picture);
            let is_frame = |direction| matches!(direction, Direction::Sends | Direction::Sees);
            let frames = trace
                .blocks
                .iter()
                .filter(|block| is_frame(block.direction));
            assert_eq!(
                picture.matches("<path ").count(),
                frames.count(),
                "{name}: {id} has an arrow for each frame"
            );
            for lane in &trace.lanes {
                let is_named = picture.contains(&format!(">{lane}"));
                assert!(is_named, "{name}: {id}: {lane}");
            }
        }
    }
}

/// Bytes that a server sends appear in the picture only as text, never as markup.
#[test]
fn nothing_that_a_server_sends_is_markup() {
    let suite = Suite::built_in("chaton").expect("it is a protocol");
    let scenario = suite.scenario("broadcast").expect("it is a case");
    let mut said = vec![3, 0, 0, 0, 1, b'a', 0, 0, 0, 40];
    said.extend("</text><script>\u{202e}\u{1b}]&\"'-->::x ##[y]".as_bytes());
    said.resize(50, b'<');
    let event = Event::of_words("<lane>", 0, Direction::Sees, String::new());
    let event = event.with_bytes(&said, said.len());
    let choices = Choices::new();
    let trace = Trace::of(&suite, scenario, &choices, &[event], "<&>".to_owned());
    let picture = trace_picture(&trace);
    xml::assert_well_formed(&picture);
    assert!(!picture.contains("<script"), "{picture}");
    assert!(!picture.contains('\u{202e}'), "{picture}");
    assert!(picture.contains("&lt;lane&gt;"), "{picture}");
}

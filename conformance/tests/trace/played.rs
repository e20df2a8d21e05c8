//! Tests of conversations that are played against a server.

use conformance::grammar::Choices;
use conformance::report::{Paint, trace_picture, trace_text};
use conformance::trace::Trace;

use crate::protocol::{HELLO, TELL, judge, suite};
use crate::target::{Quirk, Target};
use crate::{conformance, out, server, xml};

#[test]
fn a_case_that_a_server_fails_shows_where_it_fails() {
    let address = server::start();
    let output = conformance(&["show", "chaton", "login-taken", &address, "--trace"]);
    let shown = out(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    let login = shown.find("twin > LOGIN, ").expect("twin sends its login");
    let failure = shown.find("the case fails here").expect("the case fails");
    assert!(login < failure, "{shown}");
    assert!(
        shown.contains("expected  on twin: LOGIN_REFUSED\n"),
        "{shown}"
    );
    assert!(
        shown.contains(&format!("played against {address}: fail\n")),
        "{shown}"
    );
}

#[test]
fn a_case_that_a_server_passes_has_its_times() {
    let address = server::start();
    let output = conformance(&["show", "chaton", "login-accepted", &address, "--trace"]);
    let shown = out(&output);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(
        shown.contains("alice < LOGIN_ACCEPTED, 1 byte, after "),
        "{shown}"
    );
    assert!(!shown.contains("fails"), "{shown}");
}

/// The frame that no step expected comes before the failure, and the picture shows both.
#[test]
fn a_wrong_frame_is_followed_by_the_failure() {
    let target = Target::start(Quirk::WrongText);
    let report = judge(target.address, &[HELLO, TELL]);
    let suite = suite(&[HELLO, TELL]);
    let scenario = suite.scenario("tell").expect("it is a case");
    let case = report.case("tell").expect("it was played");
    let trace = Trace::of(
        &suite,
        scenario,
        &Choices::new(),
        &case.conversation,
        "played".to_owned(),
    );
    let trace = trace.with_failure(case.failure.as_ref());
    let text = trace_text(&trace, Paint::Plain);
    let unexpected = text.find("(not expected)").expect("the frame is marked");
    let failure = text.find("the case fails here").expect("the case fails");
    assert!(unexpected < failure, "{text}");
    let picture = trace_picture(&trace);
    xml::assert_well_formed(&picture);
    assert!(picture.contains("The case fails here, on "), "{picture}");
    assert!(picture.contains("Expected: TELL "), "{picture}");
}

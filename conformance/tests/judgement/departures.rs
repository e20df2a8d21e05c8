//! Tests of cases about clients that have left. Before the runner plays the next step, it must wait until the target has
//! noticed the departure.

use conformance::run::Verdict;

use crate::protocol::{HELLO, case, judge};
use crate::target::{Quirk, Target};

const TELL_TO_THE_DEPARTED: &str = r#"
scenario "departed" {
    title "a tell to a client that has left disturbs no client"
    checks PARLEY-2
    use login alice
    use login bob
    bob > DEPARTS
    alice > TELL sender=@alice target=@bob text="come back"
    alice < silence
}
"#;

/// Judges a server five times. The server crashes when a frame is for a client that has left. Returns in how many of the
/// five runs the case fails.
fn times_found(scenario: &str) -> usize {
    let blames = |_: &usize| {
        let target = Target::start(Quirk::DiesOfTellToTheDeparted);
        let report = judge(target.address, &[HELLO, scenario]);
        case(&report, "departed").verdict == Verdict::Fail
    };
    (0..5).filter(blames).count()
}

fn passes_without_the_mistake(scenario: &str) -> bool {
    let target = Target::start(Quirk::None);
    judge(target.address, &[HELLO, scenario]).count(Verdict::Pass) == 2
}

#[test]
fn a_server_that_dies_of_a_frame_to_a_client_that_has_closed_is_always_found() {
    let scenario = TELL_TO_THE_DEPARTED.replace("DEPARTS", "close");
    assert_eq!(times_found(&scenario), 5);
    assert!(passes_without_the_mistake(&scenario));
}

/// A server does not answer a reset, so the runner cannot see whether the server has noticed the reset. It only waits for a
/// short time. On a busy machine the server may need longer to notice the reset, so not every run has to find the fault.
#[test]
fn a_server_that_dies_of_a_frame_to_a_client_that_was_cut_is_found() {
    let scenario = TELL_TO_THE_DEPARTED.replace("DEPARTS", "abort");
    assert_ne!(times_found(&scenario), 0);
    assert!(passes_without_the_mistake(&scenario));
}

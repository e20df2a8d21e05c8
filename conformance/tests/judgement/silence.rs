//! Silence is proved.

use conformance::run::{FailureKind, Verdict};

use crate::protocol::{HELLO, TELL, case, judge};
use crate::target::{Quirk, Target};

const TO_NOBODY: &str = r#"
scenario "nobody" {
    title "a tell for nobody is ignored"
    checks PARLEY-2
    use login alice
    alice > TELL sender=@alice target="nobody" text="hi"
    alice < silence
}
"#;

#[test]
fn a_frame_for_somebody_else_breaks_it() {
    let target = Target::start(Quirk::TellsEverybody);
    let report = judge(target.address, &[HELLO, TELL]);
    let tell = case(&report, "tell");
    assert_eq!(tell.verdict, Verdict::Fail);
    let failure = tell.failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert_eq!(failure.lane.as_deref(), Some("carol"));
    assert!(failure.got.starts_with("TELL "), "{}", failure.got);
}

#[test]
fn an_answer_to_ones_own_doing_breaks_it() {
    let target = Target::start(Quirk::RefusesTellToNobody);
    let report = judge(target.address, &[HELLO, TO_NOBODY]);
    let failure = case(&report, "nobody").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Unexpected);
    assert_eq!(failure.got, "REFUSED");
}

#[test]
fn a_closed_connection_is_not_silence() {
    let target = Target::start(Quirk::ClosesAtTellToNobody);
    let report = judge(target.address, &[HELLO, TO_NOBODY]);
    let failure = case(&report, "nobody").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Ended);
}

#[test]
fn it_holds_for_lanes_that_are_known_not_known_and_whose_provoker_has_left() {
    const ALL: &str = r#"
        scenario "known" {
            title "nothing comes to a lane that the server knows"
            checks PARLEY-2
            use login alice
            alice > TELL sender=@alice target="nobody" text="hi"
            alice < silence
            alice < silence
        }
        scenario "unknown" {
            title "nothing comes to a lane that the server does not know"
            checks PARLEY-3
            use login alice
            client carol
            alice > SAY name=@alice text="hi"
            alice < SAY name=@alice text="hi"
            carol < silence after=alice
        }
        scenario "left" {
            title "nothing comes of a client that has left"
            checks PARLEY-2
            use login alice
            use login bob
            alice > TELL sender=@alice target="nobody" text="hi"
            alice > close
            bob < silence after=alice
        }
        scenario "time" {
            title "nothing comes for a while"
            checks PARLEY-2
            use login alice
            alice < silence { within "50ms"; }
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, ALL]);
    assert_eq!(report.count(Verdict::Pass), 5, "{report:#?}");
    let note = &case(&report, "time").notes[0];
    assert_eq!(note, "silence on alice is supported by time only");
}

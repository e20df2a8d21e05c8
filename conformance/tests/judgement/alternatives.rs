//! `either`, `eventually`, `together`, `any-order`.

use conformance::run::{FailureKind, Verdict};

use crate::protocol::{HELLO, case, judge};
use crate::target::{Quirk, Target};

const NOBODY: &str = r#"
scenario "nobody" {
    title "a tell for nobody is ignored or refused"
    checks PARLEY-6
    use login alice
    use login bob
    alice > TELL sender=@alice target="nobody" text="hi"
    alice < either {
        case "ignores it" { silence; }
        case "refuses it" verdict=note { REFUSED; }
    }
    bob > TELL sender=@bob target=@alice text="go on"
    alice < TELL sender=@bob target=@alice text="go on"
}
"#;

#[test]
fn the_first_alternative_that_fits_is_taken_and_named() {
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, NOBODY]);
    assert_eq!(
        case(&report, "nobody").verdict,
        Verdict::Pass,
        "{report:#?}"
    );
}

#[test]
fn the_answer_to_a_fence_that_lost_is_put_aside() {
    let target = Target::start(Quirk::RefusesTellToNobody);
    let report = judge(target.address, &[HELLO, NOBODY]);
    let nobody = case(&report, "nobody");
    assert_eq!(nobody.verdict, Verdict::Note, "{report:#?}");
    assert_eq!(nobody.notes, ["refuses it"]);
}

#[test]
fn where_none_fits_all_are_named() {
    let target = Target::start(Quirk::ClosesAtTellToNobody);
    let report = judge(target.address, &[HELLO, NOBODY]);
    let failure = case(&report, "nobody").failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::NoAlternative);
    for name in ["ignores it", "refuses it"] {
        assert!(failure.expected.contains(name), "{}", failure.expected);
    }
    assert_eq!(failure.got, "the connection was closed (FIN)");
}

#[test]
fn alternatives_over_several_lanes_take_back_what_they_took() {
    const RACE: &str = r#"
        scenario "race" {
            title "of two that want one name, one gets it"
            checks PARLEY-1
            client alice
            client bob
            together {
                alice > HELLO name=@alice
                bob > HELLO name=@alice
            }
            either {
                case "alice wins" { alice < WELCOME; bob < REFUSED; }
                case "bob wins" { bob < WELCOME; alice < REFUSED; }
            }
        }"#;
    let target = Target::start(Quirk::None);
    for _ in 0..10 {
        let report = judge(target.address, &[HELLO, RACE]);
        assert_eq!(case(&report, "race").verdict, Verdict::Pass, "{report:#?}");
    }
}

#[test]
fn what_happens_in_its_own_time_is_tried_again() {
    const FREE: &str = r#"
        scenario "free" {
            title "a name is free again"
            checks PARLEY-1
            use login alice
            alice > close
            eventually 20 {
                client again name=alice
                again > HELLO name=@again
                again < WELCOME
            }
            again < silence
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, FREE]);
    assert_eq!(case(&report, "free").verdict, Verdict::Pass, "{report:#?}");
}

#[test]
fn any_order_takes_each_frame_once() {
    const TWO: &str = r#"
        scenario "two" {
            title "what two say comes in any order"
            checks PARLEY-2
            use login alice
            use login bob
            use login carol
            together {
                alice > TELL sender=@alice target=@carol text="1"
                bob > TELL sender=@bob target=@carol text="2"
            }
            carol < any-order {
                TELL sender=@bob target=@carol text="2"
                TELL sender=@alice target=@carol text="1"
            }
            carol < silence
        }"#;
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, TWO]);
    assert_eq!(case(&report, "two").verdict, Verdict::Pass, "{report:#?}");
}

//! Tests of readings, the questions that a document leaves open. Probes find out which answer (choice) a target follows.

use conformance::run::{Report, Verdict};

use crate::protocol::{HELLO, case, judge};
use crate::target::{Quirk, Target};

const PROBES: &str = r#"
probe number-width {
    title "the server sends a number of this width"
    checks PARLEY-5
    use login alice
    alice > ASK
    alice < NUMBER number=42
    alice < silence
}
probe echo {
    title "a sender receives its own message, or does not"
    checks PARLEY-3
    use login alice
    use login bob
    alice > SAY name=@alice text="hi"
    bob < SAY name=@alice text="hi"
    when echo=yes { alice < SAY name=@alice text="hi"; }
    alice < silence after=bob
}
scenario "again" {
    title "the readings hold in other cases"
    checks PARLEY-3
    use login alice
    alice > ASK
    alice < NUMBER number=?number
    alice > SAY name=@alice text="hi"
    when echo=yes { alice < SAY name=@alice text="hi"; }
    alice < silence
}
"#;

fn readings(report: &Report) -> Vec<(&str, &str, bool)> {
    report
        .readings
        .iter()
        .map(|reading| (&*reading.name, &*reading.choice, reading.proved))
        .collect()
}

#[test]
fn the_first_choice_that_passes_the_probe_is_taken() {
    let target = Target::start(Quirk::None);
    let report = judge(target.address, &[HELLO, PROBES]);
    assert_eq!(
        readings(&report),
        [("number-width", "8", true), ("echo", "yes", true)]
    );
    assert_eq!(report.count(Verdict::Pass), 4, "{report:#?}");
}

#[test]
fn a_target_that_follows_another_choice_does_not_fail() {
    let target = Target::start(Quirk::ShortNumbers);
    let report = judge(target.address, &[HELLO, PROBES]);
    assert_eq!(readings(&report)[0], ("number-width", "4", true));
    assert_eq!(report.count(Verdict::Pass), 4, "{report:#?}");
}

#[test]
fn a_choice_can_have_the_verdict_non_strict() {
    let target = Target::start(Quirk::NoEcho);
    let report = judge(target.address, &[HELLO, PROBES]);
    assert_eq!(readings(&report)[1], ("echo", "no", true));
    let probe = report
        .cases
        .iter()
        .find(|case| case.requirements.contains(&"PARLEY-4".to_owned()))
        .expect("the probe judges the requirement of the choice");
    assert_eq!(probe.verdict, Verdict::NonStrict);
    assert_eq!(case(&report, "again").verdict, Verdict::Pass);
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn cases_note_that_no_probe_has_settled_their_reading() {
    let target = Target::start(Quirk::NoNumbers);
    let report = judge(target.address, &[HELLO, PROBES]);
    assert_eq!(readings(&report)[0], ("number-width", "8", false));
    let note = "no probe confirmed which choice of the reading number-width the server follows; the case was judged with the choice 8";
    assert!(case(&report, "again").notes.contains(&note.to_owned()));
    assert!(case(&report, "hello").notes.is_empty());
}

//! Tests of cases about clients that have left: what follows a departure comes after the target has noticed it.

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

#[test]
fn a_server_that_dies_of_a_frame_to_a_client_that_has_left_is_always_found() {
    for departs in ["close", "abort"] {
        let scenario = TELL_TO_THE_DEPARTED.replace("DEPARTS", departs);
        for _ in 0..5 {
            let target = Target::start(Quirk::DiesOfTellToTheDeparted);
            let report = judge(target.address, &[HELLO, &scenario]);
            let departed = case(&report, "departed");
            assert_eq!(departed.verdict, Verdict::Fail, "{departs}: {departed:#?}");
        }
        let target = Target::start(Quirk::None);
        let report = judge(target.address, &[HELLO, &scenario]);
        assert_eq!(report.count(Verdict::Pass), 2, "{report:#?}");
    }
}

//! Tests of settings that a user gives for a target.

use std::collections::BTreeMap;

use conformance::report::to_json;
use conformance::run::{Options, Verdict};

use crate::protocol::{HELLO, case, judge_with, options};
use crate::target::{Quirk, Target};

/// A scenario that logs in under a name that comes from a setting.
const OWNER: &str = r#"
scenario "owner" {
    title "the owner speaks under the given name and says the given word"
    checks PARLEY-2
    sets owner word
    use login alice
    client carol name=$owner
    carol > HELLO name=@carol
    carol < WELCOME
    alice > TELL sender=@alice target=$owner text=$word
    carol < TELL sender=@alice target="arnaud" text="007"
    alice < silence after=carol
}
"#;

fn told(settings: &[(&str, &str)]) -> Options {
    let pairs = settings.iter();
    let pairs = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Options {
        settings: pairs.collect::<BTreeMap<_, _>>(),
        ..options()
    }
}

#[test]
fn a_lane_may_have_the_name_of_a_setting_and_digits_stay_text() {
    let target = Target::start(Quirk::None);
    let given = told(&[("owner", "arnaud"), ("word", "007")]);
    let report = judge_with(target.address, &[HELLO, OWNER], &given);
    let owner = case(&report, "owner");
    assert_eq!(owner.verdict, Verdict::Pass, "{owner:#?}");
}

#[test]
fn a_case_whose_settings_are_missing_is_unsupported() {
    let target = Target::start(Quirk::None);
    let given = told(&[("owner", "arnaud")]);
    let report = judge_with(target.address, &[HELLO, OWNER], &given);
    assert_eq!(case(&report, "owner").verdict, Verdict::Unsupported);
    assert_eq!(report.exit_code(), 4);
    assert_eq!(report.musts_not_judged(), 1);
    let json: serde_json::Value =
        serde_json::from_str(&to_json(&report)).expect("the report is JSON");
    assert_eq!(
        json["sentence"],
        "No case failed, but 1 MUST of Parley was not judged: 1 case, because it needs --set word=...."
    );
}

//! Tests of the HTML page about a run.

use conformance::report::to_html;
use conformance::run::run_suite;

use crate::protocol::{HELLO, TELL, options, suite};
use crate::target::{Quirk, Target, not_listening};

const AGAIN: &str = "conformance run parley 127.0.0.1:1";

fn page(quirk: Quirk, scenarios: &[&str]) -> String {
    let target = Target::start(quirk);
    let suite = suite(scenarios);
    let report = run_suite(&suite, target.address, &options()).expect("the options name no case");
    to_html(&suite, &report, AGAIN)
}

/// Returns the start tag of the element with this id.
fn tag<'a>(page: &'a str, id: &str) -> &'a str {
    let at = page
        .find(&format!("id=\"{id}\""))
        .unwrap_or_else(|| panic!("nothing has the id {id}"));
    let start = page[..at].rfind('<').expect("an id is in a tag");
    let end = at + page[at..].find('>').expect("a tag ends");
    &page[start..end]
}

#[test]
fn a_page_loads_nothing_from_elsewhere() {
    let page = page(Quirk::WrongText, &[HELLO, TELL]);
    for outside in ["http://", "https://", " src=", "@import", "url(", "<link"] {
        assert!(!page.contains(outside), "the page has {outside:?}");
    }
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

#[test]
fn every_requirement_has_the_colour_of_the_worst_verdict_of_its_cases() {
    let wrong = page(Quirk::WrongText, &[HELLO, TELL]);
    assert!(tag(&wrong, "PARLEY-1").contains("v-pass"));
    assert!(tag(&wrong, "PARLEY-2").contains("v-fail"));
    assert!(tag(&wrong, "PARLEY-5").contains("v-unjudged"));
    assert!(wrong.contains("href=\"#case-tell\""));
    let right = page(Quirk::None, &[HELLO, TELL]);
    assert!(tag(&right, "PARLEY-2").contains("v-pass"));
}

#[test]
fn a_failed_case_shows_when_it_failed_its_bytes_and_the_command_that_repeats_it() {
    let page = page(Quirk::WrongText, &[HELLO, TELL]);
    assert!(tag(&page, "case-tell").ends_with(" open"));
    for part in [
        "The failure is here, on bob.",
        "data-about=\"text = &quot;something else&quot; · 18 bytes from offset 31\"",
        &format!("{AGAIN} --only tell"),
        "1 case failed",
    ] {
        assert!(page.contains(part), "{part:?} is missing");
    }
}

#[test]
fn the_page_escapes_the_texts_of_the_target() {
    const MARKUP: &str = r#"
scenario "markup" {
    title "markup is text"
    checks PARLEY-3
    use login alice
    alice > SAY name=@alice text="<script>alert(1)</script><b title='x'>"
    alice < SAY name=@alice text="<script>alert(1)</script><b title='x'>"
}"#;
    let page = page(Quirk::None, &[HELLO, MARKUP]);
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains("<script>alert") && !page.contains("<b title"));
}

#[test]
fn the_page_says_when_nothing_listens() {
    let suite = suite(&[HELLO]);
    let report = run_suite(&suite, not_listening(), &options()).expect("the options name no case");
    let page = to_html(&suite, &report, AGAIN);
    assert!(page.contains("The server cannot be judged: nothing listens on"));
}

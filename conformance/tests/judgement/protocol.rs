//! A tiny protocol for the tests, and the functions that judge a target with scenarios of this protocol.

use std::net::SocketAddr;
use std::time::Duration;

use conformance::run::{Options, Outcome, Report, run_suite};
use conformance::source::SourceFile;
use conformance::suite::{Sources, Suite};

const SPEC: &str = r"
- **PARLEY-1** (must, section 1) A new name is welcomed.
- **PARLEY-2** (must, section 2) A TELL reaches only its target.
- **PARLEY-3** (must, section 2) A SAY reaches all clients.
- **PARLEY-4** (should, section 2) A SAY also reaches its sender.
- **PARLEY-5** (should, section 3) A client that asks receives a number.
- **PARLEY-6** (may, section 3) The server may refuse an unknown target.
";

const WIRE: &str = r#"
protocol parley {
    title "Parley"
    opcode int8
    type INT int32
    type STRING text len=INT
    reading number-width {
        title "how many bytes a NUMBER takes"
        choice "8" { type LONG int64; }
        choice "4" { type LONG int32; }
    }
    reading echo {
        title "a sender gets its own SAY"
        choice "yes"
        choice "no" verdict=non-strict checks=PARLEY-4
    }
    packet HELLO 0 from=client { field name STRING max-bytes=30; }
    packet WELCOME 1 from=server
    packet REFUSED 2 from=server
    packet SAY 3 from=both ambient=name {
        field name STRING max-bytes=30
        field text STRING max-bytes=100
    }
    packet TELL 4 from=both {
        field sender STRING max-bytes=30
        field target STRING max-bytes=30
        field text STRING max-bytes=100
    }
    packet ASK 5 from=client
    packet NUMBER 6 from=server { field number LONG; }
    packet DONE 7 from=server
    identified-by WELCOME
    fence {
        from > TELL sender=@from target=@to text=$token
        // ANSWERED
        to < TELL sender=@from target=@to text=$token
        // PROVED
    }
    fence unidentified {
        to > HELLO name=@to
        to < WELCOME
    }
}
"#;

/// The scenario of a login, and the fragment that logs in. Nearly every test needs both.
pub(crate) const HELLO: &str = r#"
fragment login who {
    proved-by "hello"
    client who
    who > HELLO name=@who
    who < WELCOME
}
scenario "hello" {
    title "a new name is welcomed"
    checks PARLEY-1
    client alice
    alice > HELLO name=@alice
    alice < WELCOME
}
"#;

/// A scenario with a TELL from one client to another.
pub(crate) const TELL: &str = r#"
scenario "tell" {
    title "a tell reaches only its target"
    checks PARLEY-2
    use login alice
    use login bob
    use login carol
    alice > TELL sender=@alice target=@bob text="hé"
    bob < TELL sender=@alice target=@bob text="hé"
    carol < silence after=alice
}
"#;

/// Returns the suite of the tiny protocol with these scenarios.
pub(crate) fn suite(scenarios: &[&str]) -> Suite {
    suite_of(WIRE, scenarios)
}

/// Returns the suite of the same protocol, but `field` declares the name in HELLO, for example `name SHORT`. The protocol
/// then also has the type SHORT with this layout, for example `size=12 pad=0`.
pub(crate) fn suite_with_names(field: &str, layout: &str, scenarios: &[&str]) -> Suite {
    let wire = WIRE
        .replace(
            "HELLO 0 from=client { field name STRING max-bytes=30; }",
            &format!("HELLO 0 from=client {{ field {field}; }}"),
        )
        .replace(
            "    reading number-width",
            &format!("    type SHORT text {layout}\n    reading number-width"),
        );
    suite_of(&wire, scenarios)
}

/// Returns the suite of the same protocol with TLS.
pub(crate) fn suite_over_tls(scenarios: &[&str]) -> Suite {
    suite_of(
        &WIRE.replace("opcode int8", "over tls; opcode int8"),
        scenarios,
    )
}

/// Returns the suite of the same protocol with one difference: the server answers a TELL with DONE.
pub(crate) fn suite_with_answers(scenarios: &[&str]) -> Suite {
    suite_of(&WIRE.replace("// ANSWERED", "from < DONE"), scenarios)
}

/// Returns the suite of the same protocol with one difference: a WELCOME only counts as the end of a login if it answers a
/// HELLO.
pub(crate) fn suite_with_welcome_after_hello(scenarios: &[&str]) -> Suite {
    let wire = WIRE.replace(
        "identified-by WELCOME",
        "identified-by WELCOME { after HELLO; }",
    );
    suite_of(&wire, scenarios)
}

/// Returns the suite of the same protocol with one difference: the fence is a SAY, which the server sends to all clients.
pub(crate) fn suite_with_loud_fences(scenarios: &[&str]) -> Suite {
    let wire = WIRE
        .replace(
            "from > TELL sender=@from target=@to text=$token",
            "from > SAY name=@from text=$token",
        )
        .replace(
            "to < TELL sender=@from target=@to text=$token",
            "to < SAY name=@from text=$token",
        );
    suite_of(&wire, scenarios)
}

fn suite_of(wire: &str, scenarios: &[&str]) -> Suite {
    let file = |name: &str, text: &str| SourceFile::new(name.to_owned(), text.to_owned());
    // If the suite has the scenario "tell", this scenario proves that a fence works. Then the report names this scenario as
    // the cause when the answer to a fence does not arrive.
    let proved = scenarios.contains(&TELL).then_some("proved-by \"tell\"");
    let wire = wire.replace("// PROVED", proved.unwrap_or_default());
    let sources = Sources::new(
        file("spec.md", SPEC),
        file("wire.kdl", &wire),
        scenarios
            .iter()
            .enumerate()
            .map(|(index, text)| file(&format!("scenarios/{index}.kdl"), text))
            .collect(),
    );
    Suite::from_sources(sources)
        .unwrap_or_else(|mistakes| panic!("the suite of the test has mistakes:\n{mistakes}"))
}

/// Options with short waits. The targets of these tests answer at once or never. On a busy machine, an immediate answer may
/// still take up to a second.
pub(crate) fn options() -> Options {
    Options {
        jobs: 1,
        wait: Duration::from_secs(3),
        seed: Some(1),
        ..Options::default()
    }
}

/// Judges a target with these scenarios.
pub(crate) fn judge(target: SocketAddr, scenarios: &[&str]) -> Report {
    judge_with(target, scenarios, &options())
}

/// Judges a target with these scenarios and options.
pub(crate) fn judge_with(target: SocketAddr, scenarios: &[&str], options: &Options) -> Report {
    run_suite(&suite(scenarios), target, options).expect("the options name known scenarios")
}

/// Returns the case with this id. Panics if the case was not run.
pub(crate) fn case<'a>(report: &'a Report, id: &str) -> &'a Outcome {
    report
        .case(id)
        .unwrap_or_else(|| panic!("{id} was not run: {report:#?}"))
}

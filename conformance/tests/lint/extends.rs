//! Tests of protocols that extend another protocol: what they inherit, what they change, and the mistakes that lint finds.

use std::fs;

use conformance::grammar::{Choices, Side, Value};
use conformance::source::{Diagnostics, Severity};
use conformance::suite::Suite;
use rstest::rstest;

use super::{assert_found, suite, unmark};

const SPEC: &str = "- **MINE-1** (must, section 1) A thing of our own.\n";
const OWN: &str =
    "scenario \"own\" { title \"t\"; checks MINE-1; use login alice; alice < silence; }\n";

fn wire(inside: &str) -> String {
    format!("protocol mine extends=chaton {{\n{inside}\n}}")
}

fn dialect(inside: &str, scenarios: &str) -> Result<Suite, Diagnostics> {
    suite(SPEC, &wire(inside), &[OWN, scenarios])
}

fn read(inside: &str, scenarios: &str) -> Suite {
    dialect(inside, scenarios).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn a_protocol_inherits_what_it_does_not_change() {
    let chaton = Suite::built_in("chaton").expect("the protocol is built in");
    let mine = read("", "");
    assert_eq!(mine.name, "mine");
    assert_eq!(mine.grammar.title, "mine");
    assert_eq!(mine.grammar.packets, chaton.grammar.packets);
    assert_eq!(mine.scenarios.len(), chaton.scenarios.len() + 1);
    assert_eq!(mine.requirements.len(), chaton.requirements.len() + 1);
    let coverage = mine.coverage();
    assert_eq!(coverage.checked(), coverage.requirements.len());
    assert_eq!(mine.warnings.0, []);
    assert!(
        mine.sources
            .files()
            .any(|file| file.name == "chaton/spec.md")
    );
}

#[test]
fn a_protocol_changes_packets_types_and_requirements_by_their_names() {
    let mine = suite(
        "- **CHATON-1.2** (should, section 9) A login may take up to 12 bytes.\n- **MINE-1** (must, section 1) A thing.\n",
        &wire(
            "title \"Mine\"\nopcode int32\ntype SHORT int16\ntype STRING text len=SHORT\nrenumber MESSAGE 103\npacket LOGIN 0 from=client { field login STRING max-bytes=12; }\npacket BYE 99 from=client",
        ),
        &[OWN],
    )
    .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let wire = mine.grammar.in_reading(&Choices::new());
    let [login, message, bye] =
        ["LOGIN", "MESSAGE", "BYE"].map(|name| mine.grammar.packet_named(name).expect("it exists"));
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(
        wire.encode(Side::Client, login, &[text("a")]),
        Ok(vec![0, 0, 0, 0, 0, 1, b'a'])
    );
    assert_eq!(wire.opcode(Side::Client, message), [0, 0, 0, 103]);
    assert_eq!(wire.opcode(Side::Client, bye), [0, 0, 0, 99]);
    assert_eq!(mine.grammar.packet(login).fields[0].max_bytes, Some(12));
    let changed = mine.requirement("CHATON-1.2").expect("it exists");
    assert_eq!(changed.section, "9");
    let first = mine
        .requirements
        .first()
        .expect("the suite has requirements");
    assert_eq!(first.id, "CHATON-0.1");
}

#[test]
fn a_choice_that_renumbers_packets_is_probed_before_the_inherited_readings() {
    let mine = read(
        "reading table { title \"t\"; choice \"a\"; choice \"b\" { renumber MESSAGE 4; renumber MESSAGE_PRIVATE 3; } }",
        "probe table { title \"t\"; use login alice; }",
    );
    let order: Vec<_> = mine.grammar.readings.iter().map(|it| &*it.name).collect();
    assert_eq!(order, ["table", "long-width", "echo"]);
    let message = mine.grammar.packet_named("MESSAGE").expect("it exists");
    let in_choice = |choice: &str| {
        let choices = Choices::from([("table".to_owned(), choice.to_owned())]);
        mine.grammar.in_reading(&choices)
    };
    let text = || Value::Text("a".to_owned());
    for (choice, opcode) in [("a", 3), ("b", 4)] {
        let wire = in_choice(choice);
        let bytes = wire
            .encode(Side::Client, message, &[text(), text()])
            .expect("it fits");
        assert_eq!(bytes[0], opcode);
        let decoded = wire.decode(Side::Server, &bytes);
        let conformance::grammar::Decoded::Frame(frame) = decoded else {
            panic!("{decoded:?}")
        };
        assert_eq!(frame.packet, message);
    }
}

#[test]
fn a_settled_reading_has_only_one_choice_and_no_probe() {
    let mine = read("settle long-width \"4\"\nsettle echo \"no\"", "");
    assert!(mine.scenario("probe-long-width").is_none());
    assert!(mine.scenario("probe-echo").is_none());
    assert_eq!(mine.warnings.0, []);
    let open = mine
        .grammar
        .packet_named("LOGIN_PRIVATE")
        .expect("it exists");
    let wire = mine.grammar.in_reading(&Choices::new());
    assert_eq!(
        wire.encode(Side::Client, open, &[Value::Int(1)]),
        Ok(vec![9, 0, 0, 0, 1])
    );
    assert_eq!(
        mine.grammar.kinds_of_type("LONG", &Choices::new()).len(),
        1,
        "the other width is no longer possible"
    );
}

#[test]
fn scenarios_and_fragments_are_replaced_and_scenarios_removed() {
    let mine = read(
        "",
        "scenario \"whisper-to-oneself\" { replaces; title \"another\"; checks CHATON-2.13; use login alice; }\n\
         fragment talk from to { replaces; proved-by \"whisper\"; from > MESSAGE_PRIVATE sender=@from target=@to msg=\"hi\"; to < MESSAGE_PRIVATE sender=@from target=@to msg=\"hi\"; }\n\
         remove \"request-to-oneself\" \"fifty-clients\"",
    );
    let replaced = mine.scenario("whisper-to-oneself").expect("it exists");
    assert_eq!(replaced.title, "another");
    assert!(mine.scenario("fifty-clients").is_none());
    let talks = mine.scenario("whisper-to-unknown-name").expect("it exists");
    assert!(
        talks
            .steps
            .iter()
            .any(|step| step.text.contains("msg=\"hi\""))
    );
}

#[test]
fn a_requirement_that_is_unchecked_after_a_removal_is_a_warning() {
    let mine = read("", "remove \"fifty-clients\"");
    let warnings: Vec<_> = mine.warnings.0.iter().collect();
    let [only] = warnings.as_slice() else {
        panic!("{}", mine.warnings)
    };
    assert_eq!(only.message, "no scenario checks CHATON-5.5");
    assert!(
        only.help
            .as_ref()
            .is_some_and(|help| help.contains("inherits this line from chaton"))
    );
}

#[rstest]
#[case::unknown_base(
    "protocol mine «extends=chatom { }",
    "no protocol \"chatom\" to extend",
    "did you mean chaton?"
)]
#[case::no_base(
    "protocol mine «extends=irc { }",
    "no protocol \"irc\" to extend",
    "chatos-groupe2"
)]
#[case::unknown_packet(
    "protocol mine extends=chaton { renumber «MESAGE 4; }",
    "chaton has no packet with the name MESAGE",
    "did you mean MESSAGE?"
)]
#[case::own_packet(
    "protocol mine extends=chaton { renumber «BYE 4; packet BYE 30 from=client; }",
    "chaton has no packet with the name BYE",
    "there are"
)]
#[case::clash(
    "protocol mine extends=chaton { «renumber MESSAGE 4; }",
    "MESSAGE has the opcode 4, which MESSAGE_PRIVATE already has",
    "must have different opcodes"
)]
#[case::clash_of_a_new_one(
    "protocol mine extends=chaton { «packet BYE 3 from=client; }",
    "BYE has the opcode 3, which MESSAGE already has",
    "must have different opcodes"
)]
#[case::clash_in_a_choice(
    "protocol mine extends=chaton { reading r { title \"t\"; choice \"a\"; choice \"b\" { «renumber MESSAGE 4; }; } }",
    "MESSAGE has the opcode 4, which MESSAGE_PRIVATE already has",
    "must have different opcodes"
)]
#[case::unknown_in_a_choice(
    "protocol mine extends=chaton { reading r { title \"t\"; choice \"a\"; choice \"b\" { renumber «MESAGE 14; }; } }",
    "there is no packet MESAGE",
    "did you mean MESSAGE?"
)]
#[case::twice_in_a_choice(
    "protocol mine extends=chaton { reading r { title \"t\"; choice \"a\"; choice \"b\" { renumber MESSAGE 14; «renumber MESSAGE 15; }; } }",
    "a second renumber MESSAGE",
    "remove it"
)]
#[case::too_wide(
    "protocol mine extends=chaton { renumber MESSAGE «200; }",
    "200 does not fit into the opcode",
    "127"
)]
#[case::no_number(
    "protocol mine extends=chaton { renumber MESSAGE «x; }",
    "x is not an opcode",
    "renumber MESSAGE 4"
)]
#[case::lacks_number(
    "protocol mine extends=chaton { «renumber MESSAGE; }",
    "is not complete",
    "renumber MESSAGE 4"
)]
#[case::unknown_reading(
    "protocol mine extends=chaton { settle «eco \"yes\"; }",
    "chaton has no reading with the name eco",
    "did you mean echo?"
)]
#[case::unknown_choice(
    "protocol mine extends=chaton { settle echo «maybe; }",
    "reading echo has no choice maybe",
    "yes, no"
)]
#[case::type_of_a_reading(
    "protocol mine extends=chaton { «type LONG int64; }",
    "LONG depends on the reading long-width",
    "settle long-width"
)]
#[case::removes_nothing(
    "protocol mine extends=chaton { remove packet «PING; }",
    "chaton has no packet with the name PING",
    "there are"
)]
#[case::removes_a_fence(
    "protocol mine extends=chaton { remove «fence unidentified; }",
    "`fence` cannot be removed",
    "packet, type, reading"
)]
#[case::packet_twice(
    "protocol mine extends=chaton { packet LOGIN 0 from=client { field login STRING; }; packet «LOGIN 0 from=client { field login STRING; }; }",
    "a second packet LOGIN",
    "another name"
)]
#[case::renumbers_without_base(
    "protocol mine { opcode int8; packet A 1 from=both; «renumber A 4; }",
    "inherits nothing that `renumber` could change",
    "extends=chaton"
)]
#[case::settles_without_base(
    "protocol mine { opcode int8; packet A 1 from=both; «settle echo \"no\"; }",
    "inherits nothing that `settle` could change",
    "extends=chaton"
)]
#[case::removes_without_base(
    "protocol mine { opcode int8; packet A 1 from=both; «remove packet B; }",
    "inherits nothing that `remove` could change",
    "extends=chaton"
)]
fn a_mistake_in_a_grammar_that_extends_another_is_explained(
    #[case] source: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let (text, place) = unmark(source);
    let found = suite(SPEC, &text, &[OWN]).expect_err("a mistake");
    assert_found(&found, Severity::Error, "wire.kdl", place, message, help);
}

#[rstest]
#[case::removes_nothing(
    "remove «\"whispr\"",
    "chaton has no scenario \"whispr\"",
    "did you mean whisper?"
)]
#[case::removes_its_own("remove «\"own\"", "chaton has no scenario \"own\"", "inherited")]
#[case::removes_twice(
    "remove \"whisper-to-oneself\" «\"whisper-to-oneself\"",
    "of chaton is already removed or replaced",
    "only once"
)]
#[case::lacks_an_id("«remove", "names no scenario", "remove \"whisper-to-oneself\"")]
#[case::unmarked(
    "scenario «\"whisper\" { title \"t\"; checks MINE-1; use login alice; }",
    "chaton already has a scenario whisper",
    "write `replaces`"
)]
#[case::unmarked_fragment(
    "fragment «talk from to { from > MESSAGE_PRIVATE sender=@from target=@to msg=\"hi\"; to < closed; }",
    "chaton already has a fragment talk",
    "write `replaces`"
)]
#[case::unmarked_probe(
    "probe «echo { title \"t\"; use login alice; }",
    "chaton already has a probe echo",
    "write `replaces`"
)]
#[case::replaces_nothing(
    "scenario \"whispr\" { «replaces; title \"t\"; checks MINE-1; use login alice; }",
    "chaton has no scenario whispr to replace",
    "did you mean whisper?"
)]
#[case::replaces_something_new(
    "scenario \"quite-another\" { «replaces; title \"t\"; checks MINE-1; use login alice; }",
    "chaton has no scenario quite-another to replace",
    "remove `replaces`"
)]
#[case::replaces_with_a_name(
    "scenario \"whisper\" { replaces «\"whisper\"; title \"t\"; checks MINE-1; use login alice; }",
    "`replaces` takes no value",
    "same name"
)]
fn a_mistake_in_scenarios_that_replace_or_remove_others_is_explained(
    #[case] source: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let (text, place) = unmark(source);
    let found = dialect("", &text).expect_err("a mistake");
    assert_found(
        &found,
        Severity::Error,
        "scenarios/1.kdl",
        place,
        message,
        help,
    );
}

#[rstest]
#[case::removes("«remove \"hello\"", "inherits nothing that `remove` could change")]
#[case::replaces(
    "scenario \"other\" { «replaces; title \"t\"; checks ECHO-1; client a; }",
    "inherits nothing that `replaces` could change"
)]
fn a_protocol_that_inherits_nothing_cannot_remove_or_replace(
    #[case] source: &str,
    #[case] message: &str,
) {
    super::assert_scenario_mistake(source, message, "extends=chaton");
}

#[test]
fn a_mistake_in_an_inherited_file_names_the_file() {
    let found = dialect("remove packet KO_PRIVATE", "").expect_err("scenarios use it");
    let first = found.0.first().expect("a mistake");
    assert!(first.file.name.starts_with("chaton/scenarios/"), "{found}");
    let help = first.help.as_deref().unwrap_or_default();
    assert!(
        help.contains("your protocol inherits this line from chaton"),
        "{found}"
    );
}

#[test]
fn a_folder_that_extends_a_protocol_needs_only_the_changed_files() {
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let wire = folder.path().join("wire.kdl");
    fs::write(&wire, "protocol mine extends=chaton { renumber LOGIN 42; }")
        .expect("the file can be written");
    let mine = Suite::read_folder(folder.path()).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(mine.grammar.packets[0].opcodes.client, Some(42));
    assert!(mine.scenario("whisper").is_some());
}

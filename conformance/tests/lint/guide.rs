//! Tests that lint accepts every example of GUIDE.md.

use conformance::profile::{read_known, read_profile};
use conformance::suite::Suite;

use super::{SHARED, suite};

const GUIDE: &str = include_str!("../../GUIDE.md");

const SPEC: &str = "\
- **CHATON-1.3** (must, section 1) One.
- **CHATON-1.4** (must, section 1) Two.
- **CHATON-2.3** (must, section 1) Three.
- **CHATON-2.6** (must, section 1) Four.
- **CHATON-2.8** (must, section 1) Five.
";

/// The scenario and the fragments that the examples use.
const FRAGMENTS: &str = r#"
fragment talk who text { who > MESSAGE login=@who msg=$text; who < MESSAGE login=@who msg=$text; }
scenario "login-accepted" { title "t"; checks CHATON-1.3; use login alice; use talk alice "hi"; }
"#;

/// Returns the indented blocks of the section with this heading.
fn blocks(heading: &str) -> Vec<String> {
    let (_, section) = GUIDE
        .split_once(&format!("{heading}\n"))
        .expect("the guide has the heading");
    let next = ["\n## ", "\n### "]
        .into_iter()
        .filter_map(|mark| section.find(mark))
        .min();
    let end = next.unwrap_or(section.len());
    let mut blocks = vec![String::new()];
    for line in section[..end].lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(code), Some(block)) => {
                block.push_str(code);
                block.push('\n');
            }
            (None, Some(block)) if !block.is_empty() => blocks.push(String::new()),
            _ => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// Splits a block into its steps. A step is one line, or several lines up to a closing brace.
fn steps(block: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    for line in block.lines() {
        if let Some(step) = steps.last_mut() {
            step.push_str(line);
            step.push('\n');
        }
        let is_inside = line.starts_with([' ', '\t'])
            || line
                .split("//")
                .next()
                .is_some_and(|code| code.trim_end().ends_with('{'));
        if !is_inside {
            steps.push(String::new());
        }
    }
    steps.retain(|step| !step.is_empty());
    steps
}

fn wire() -> String {
    blocks("### wire.kdl")
        .first()
        .expect("the grammar is shown")
        .clone()
}

/// Returns the grammar without `proved-by`, for suites that do not have the scenario that proves the fence.
fn wire_alone() -> String {
    wire().replace("proved-by", "// proved-by")
}

#[test]
fn every_step_of_the_guide_is_read() {
    let login = steps(&blocks("### Repeating, sharing, choosing").concat())
        .into_iter()
        .find(|step| step.starts_with("fragment login"))
        .expect("the guide shows a fragment");
    let headings = [
        "### The beginning and the end of a lane",
        "### Sending",
        "### Expecting",
        "### Order",
        "### Alternatives",
        "### Repeating, sharing, choosing",
    ];
    let mut read = 0;
    for step in headings
        .iter()
        .flat_map(|heading| blocks(heading))
        .flat_map(|block| steps(&block))
    {
        if step.starts_with("fragment") {
            continue;
        }
        let blob = if step.contains("$blob") {
            "bob > random 1048576 as=blob"
        } else {
            ""
        };
        let scenario = format!(
            "scenario \"case\" {{\n title \"t\"\n checks CHATON-1.4 CHATON-2.3 CHATON-2.6 CHATON-2.8\n sets login\n client alice\n client bob\n client carol\n \
             alice < ID_PRIVATE connect_id=?a\n alice < ID_PRIVATE connect_id=?b\n alice < ID_PRIVATE connect_id=?c\n {blob}\n {step}\n}}\n"
        );
        if let Err(mistakes) = suite(SPEC, &wire_alone(), &[FRAGMENTS, &login, &scenario]) {
            panic!("{mistakes}");
        }
        read += 1;
    }
    assert!(read > 30, "only {read} steps were found");
}

#[test]
fn the_explained_scenario_and_the_probe_are_read() {
    let fragments = blocks("### Repeating, sharing, choosing").concat();
    let login = steps(&fragments)
        .into_iter()
        .find(|step| step.starts_with("fragment login"))
        .expect("a fragment");
    let whisper = blocks("## Reading a scenario").concat();
    let probe = blocks("### Probes").concat();
    let suite = suite(SPEC, &wire(), &[FRAGMENTS, &login, &whisper, &probe])
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert!(suite.scenario("whisper").is_some() && suite.scenario("probe-long-width").is_some());
}

#[test]
fn the_head_of_the_guide_is_read() {
    let head = blocks("### The head of a scenario")
        .into_iter()
        .next()
        .expect("a head");
    for line in head.lines() {
        let title = if line.starts_with("title") {
            ""
        } else {
            "title \"t\""
        };
        let checks = if line.starts_with("checks") {
            ""
        } else {
            "checks CHATON-1.3"
        };
        let scenario =
            format!("scenario \"case\" {{\n {title}\n {checks}\n {line}\n client alice\n}}\n");
        let echo = suite(
            &format!("{SPEC}{}", super::SPEC),
            super::WIRE,
            &[SHARED, &scenario],
        );
        if let Err(mistakes) = echo {
            panic!("{mistakes}");
        }
    }
}

#[test]
fn the_protocol_with_tls_and_identities_is_read() {
    let [wire, steps] =
        <[String; 2]>::try_from(blocks("### TLS, identities, and packets that come unasked"))
            .expect("the section has a grammar and some steps");
    let spec = "- **PAGER-1** (must, section 1) One.\n";
    let scenario = format!("scenario \"a\" {{\n title \"t\"\n checks PAGER-1\n {steps}\n}}\n");
    suite(spec, &wire, &[&scenario]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
}

#[test]
fn the_load_of_the_guide_is_read() {
    let load = blocks("### How a load speaks the protocol").concat();
    let wire = format!("protocol loaded extends=chaton {{\n title \"t\"\n{load}}}\n");
    let suite = suite("", &wire, &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let load = suite.grammar.load.as_ref().expect("it is declared");
    assert_eq!((load.login.len(), load.tunnel.len()), (2, 9));
    assert!(load.message.is_some());
}

/// The guide also shows single declarations in its text. The test reads a grammar that contains such a declaration.
#[test]
fn the_single_declarations_of_the_guide_are_read() {
    for (shown, of_the_grammar) in [
        (
            "identified-by ERROR code=1 { after LOGIN }",
            "identified-by LOGIN_ACCEPTED",
        ),
        (
            "from < ERROR code=1",
            "to < MESSAGE_PRIVATE sender=@from target=@to msg=$token",
        ),
    ] {
        let in_the_guide = shown.replace("LOGIN", "CR");
        assert!(GUIDE.contains(&in_the_guide), "{in_the_guide}");
        let wire = wire_alone();
        let with = if shown.starts_with("from") {
            format!("{shown}; {of_the_grammar}")
        } else {
            shown.to_owned()
        };
        let wire = wire.replace(of_the_grammar, &with).replace(
            "packet LOGIN_ACCEPTED",
            "packet ERROR 30 from=server { field code INT }\n packet LOGIN_ACCEPTED",
        );
        let scenario = "scenario \"a\" { title \"t\"; checks CHATON-1.3; client a; }";
        suite(SPEC, &wire, &[scenario]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    }
}

#[test]
fn the_requirement_of_the_guide_is_read() {
    let spec = blocks("### spec.md").concat();
    let scenario = "scenario \"a\" { title \"t\"; checks CHATON-1.3; client a; }";
    let wire = wire_alone().replace("checks=CHATON-2.3", "");
    let suite = suite(&spec, &wire, &[scenario]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(suite.requirements.len(), 1);
}

#[test]
fn the_protocol_that_extends_another_one_is_read() {
    let [wire, scenarios, spec] =
        <[String; 3]>::try_from(blocks("### A protocol that extends another one"))
            .expect("the section has three files");
    let suite = suite(&spec, &wire, &[&scenarios]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(suite.name, "our-chat");
    assert!(suite.scenario("unknown-opcodes").is_none());
    assert!(suite.scenario("whisper-to-unknown-name").is_some());
    assert!(suite.scenario("probe-long-width").is_none());
    let of_spec = suite.requirement("CHATON-1.2").expect("it is inherited");
    assert!(of_spec.text.contains("24 bytes"));
}

#[test]
fn the_files_about_a_server_are_read() {
    let chaton = Suite::built_in("chaton").expect("the protocol is built in");
    let folder = tempfile::tempdir().expect("a temporary folder can be created");
    let file = |heading: &str| {
        let path = folder.path().join("file.kdl");
        let first = blocks(heading)
            .into_iter()
            .find(|block| !block.starts_with("conformance"));
        std::fs::write(&path, first.expect("the file is shown")).expect("the file can be written");
        path
    };
    let known =
        read_known(&file("### Known deviations"), &chaton).expect("the source has no mistakes");
    assert_eq!(known.len(), 2);
    let profile = read_profile(&file("### Profiles"), &chaton).expect("the source has no mistakes");
    assert_eq!(profile.scale, Some(2.0));
    assert_eq!(profile.unsupported.len(), 1);
    // The test writes the profile to a file and reads it back. The profile must be unchanged.
    let path = folder.path().join("saved.kdl");
    std::fs::write(&path, profile.to_kdl(&chaton)).expect("the file can be written");
    assert_eq!(
        read_profile(&path, &chaton).expect("the source has no mistakes"),
        profile
    );
}

/// Returns the code in the second column of the table of shapes.
fn shapes() -> Vec<String> {
    let (_, section) = GUIDE
        .split_once("### Shapes of packets\n")
        .expect("the guide has the heading");
    let (section, _) = section
        .split_once("\n### ")
        .expect("another section follows");
    let code = |row: &str| {
        let (_, code) = row.strip_suffix("` |")?.rsplit_once("| `")?;
        Some(code.to_owned())
    };
    section.lines().filter_map(code).collect()
}

#[test]
fn every_shape_of_the_guide_is_read() {
    let rows = shapes();
    assert!(rows.len() > 20, "only {} rows were found", rows.len());
    for row in rows {
        let is_content = ["field", "bits"].iter().any(|word| row.starts_with(word));
        let mut parts = vec![match is_content {
            true => format!("packet A 1 from=both {{ {row} }}"),
            false => row.clone(),
        }];
        // A row alone is not a whole grammar. The test adds a head and the types that the row uses. If the row declares a
        // type, the test adds a packet that uses it.
        if !row.contains("opcode") {
            parts.push("frame { opcode uint8; length uint16 }".to_owned());
        }
        for (name, known) in [
            ("INT", "type INT uint16"),
            ("STRING", "type STRING text len=INT"),
        ] {
            if !row.contains(&format!("type {name} ")) {
                parts.push(known.to_owned());
            }
        }
        if let Some(name) = row
            .strip_prefix("type ")
            .and_then(|row| row.split(' ').next())
        {
            parts.push(format!("packet A 1 from=both {{ field x {name} }}"));
        }
        let wire = format!(
            "protocol shapes {{\n{}\npacket Z 99 from=both\n}}\n",
            parts.join("\n")
        );
        let scenario = "scenario \"a\" { title \"t\"; checks S-1; client alice; alice < Z; }\n";
        if let Err(mistakes) = suite("- **S-1** (must, section 1) One.\n", &wire, &[scenario]) {
            panic!("{row}\n{mistakes}");
        }
    }
}

#[test]
fn the_steps_with_lists_of_the_guide_are_read() {
    let steps = blocks("### Shapes of packets").concat();
    let wire = "protocol club {
        opcode uint8
        type INT uint8
        type STRING text len=INT
        type NAMES list of=STRING count=INT
        packet INVITE 1 from=client { field room STRING; field names NAMES }
        packet MEMBERS 2 from=server { field names NAMES }
    }\n";
    let scenario = format!(
        "scenario \"a\" {{\n title \"t\"\n checks S-1\n client alice\n client bob\n {steps}\n}}\n"
    );
    suite("- **S-1** (must, section 1) One.\n", wire, &[&scenario])
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
}

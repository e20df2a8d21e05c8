//! Tests of the command `conformance dissector`, of the file that it prints, and of the settings of Wireshark.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use conformance::dissector::{default_port, dissector};
use conformance::grammar::{Choices, Side, Value};
use conformance::suite::Suite;
use rstest::rstest;

use crate::capture::{PORT, Said};
use crate::expected::{encoded, expected};
use crate::lodge::lodge;
use crate::tshark::{dissected, dissected_at, is_missing, tshark, tshark_on};

fn conformance(arguments: &[&str]) -> Output {
    Command::cargo_bin("conformance")
        .expect("the command is built with its tests")
        .args(arguments)
        .output()
        .expect("the program starts")
}

#[test]
fn the_command_prints_the_dissector_of_a_protocol_or_of_a_folder() {
    let output = conformance(&["dissector", "chaton"]);
    assert!(output.status.success());
    let chaton = Suite::built_in("chaton").expect("it is a protocol").grammar;
    let printed = String::from_utf8(output.stdout).expect("it is UTF-8");
    assert_eq!(printed, dissector(&chaton, Some(7777)));
    assert!(printed.contains("no preferences here: echo\n"));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lodge");
    let folder = folder.to_str().expect("the path is UTF-8");
    let output = conformance(&["dissector", folder, "--port", "9000"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        dissector(&lodge(), Some(9000))
    );
}

#[rstest]
#[case::protocol(&["dissector", "chatn"], "mean chaton?")]
#[case::port(&["dissector", "chaton", "--port", "0"], "0 is not in 1..")]
fn wrong_usage_is_explained(#[case] arguments: &[&str], #[case] said: &str) {
    let output = conformance(arguments);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains(said), "{error}");
}

/// The file has only printable ASCII characters, whatever is in wire.kdl. So every editor and every terminal shows the file
/// correctly.
#[test]
fn every_protocol_has_a_default_port_and_a_file_of_plain_characters() {
    for name in Suite::built_in_names() {
        assert!(default_port(name).is_some(), "{name} has no default port");
        let suite = Suite::built_in(name).expect("it is a protocol");
        let file = dissector(&suite.grammar, None);
        assert!(
            file.bytes()
                .all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte))
        );
    }
}

#[test]
fn a_preference_answers_an_open_question() {
    if is_missing() {
        return;
    }
    let chaton = Suite::built_in("chaton").expect("it is a protocol").grammar;
    let said = [Said::new(0, Side::Client, &[9, 0, 0, 0, 7])];
    let choices = Choices::from([("long-width".to_owned(), "4".to_owned())]);
    let wanted = expected(&chaton, &choices, &said);
    assert_eq!(wanted[&(0, false)][0].fields["connect_id"], ["7"]);
    assert_eq!(
        dissected(&chaton, &said, &["-o", "chaton.long_width:4"]),
        wanted
    );
    assert!(
        dissected(&chaton, &said, &[]).is_empty(),
        "a LONG of 8 bytes is not complete"
    );
}

#[test]
fn a_preference_renumbers_packets() {
    if is_missing() {
        return;
    }
    let chatos = Suite::built_in("chatos-groupe2")
        .expect("it is a protocol")
        .grammar;
    let values = ["alice", "hi"].map(|text| Value::Text(text.to_owned()));
    let mut message = encoded(&chatos, Side::Client, "MESSAGE", &values);
    message[0] = 4;
    let said = [Said::new(0, Side::Client, &message)];
    let shown = dissected(&chatos, &said, &["-o", "chatos_groupe2.opcodes:table"]);
    assert_eq!(shown[&(0, false)][0].what, "MESSAGE");
}

/// Wireshark has protocols with these names, so the dissectors get other names.
#[test]
fn a_name_that_wireshark_knows_is_changed() {
    if is_missing() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/echo");
    let echo = Suite::read_folder(&folder).expect("lint finds nothing wrong with it");
    let said = [Said::new(0, Side::Server, &[1])];
    let options = ["-Y", "my_echo", "-T", "fields", "-e", "my_echo.packet"];
    let output = tshark(&echo.grammar, Some(PORT), &said, &options);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "WELCOME\n");
}

#[rstest]
#[case::by_default(Some(PORT), &[], true)]
#[case::another_port(Some(PORT), &["-o", "chaton.ports:1,8000-8010"], false)]
#[case::several_ports(Some(1), &["-o", "chaton.ports:1,7000-8000"], true)]
#[case::no_port(None, &[], false)]
#[case::decode_as(None, &["-d", "tcp.port==7777,chaton"], true)]
fn the_port_decides_which_packets_are_dissected(
    #[case] port: Option<u16>,
    #[case] options: &[&str],
    #[case] are_dissected: bool,
) {
    if is_missing() {
        return;
    }
    let chaton = Suite::built_in("chaton").expect("it is a protocol").grammar;
    let said = [
        Said::new(0, Side::Client, &[0, 0, 0, 0, 1, b'a']),
        Said::new(0, Side::Server, &[1]),
    ];
    let shown = dissected_at(&chaton, port, &said, options);
    if are_dissected {
        assert_eq!(shown, expected(&chaton, &Choices::new(), &said));
    } else {
        assert!(shown.is_empty(), "{shown:?}");
    }
}

/// A conversation with a server of Chatr Connect over TLS. The client sends one frame in three records of TLS. The capture
/// also contains the keys of the connection, so Wireshark can decrypt it.
#[rstest]
#[case::one_pass(&[])]
#[case::two_passes(&["-2"])]
fn frames_inside_tls_are_dissected(#[case] passes: &[&str]) {
    if is_missing() {
        return;
    }
    let capture = include_bytes!("../data/captures/chatr-tls.pcapng");
    let chatr = Suite::built_in("chatr").expect("it is a protocol").grammar;
    let options = ["-Y", "chatr", "-T", "fields", "-e", "_ws.col.Info"];
    let output = tshark_on(&chatr, Some(34_521), capture, &[passes, &options].concat());
    let uuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!(
            "CONNECT version=1 uuid={uuid} signature=256 bytes\nDISCONNECT message=\"Failed to verify!\"\n"
        )
    );
}

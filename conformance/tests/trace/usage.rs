//! Tests of wrong usage.

use rstest::rstest;

use crate::target::not_listening;
use crate::{conformance, err};

const ECHO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/echo");

/// A path that cannot be written, because Cargo.toml is a file and not a folder.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml/trace.svg");

#[rstest]
#[case::unknown_case(&["chaton", "login-acepted", "--trace"], "did you mean login-accepted?")]
#[case::setting_alone(&["chaton", "whisper", "--trace", "--set", "a=b"], "<TARGET>")]
#[case::unwritable(&["chaton", "whisper", "--svg", FILE], "cannot write ")]
#[case::no_address(&["chaton", "whisper", "nowhere", "--trace"], "\"nowhere\" is not an address")]
#[case::unknown_setting(&["chaton", "whisper", "127.0.0.1:1", "--trace", "--set", "a=b"], "there is no setting a")]
#[case::folder(&[ECHO, "hello", "--trace"], "the program has no recorded conversation of hello, because it is a case of your folder;")]
#[case::too_long(&["chaton", "slow-reader", "--trace"], "because its conversation has 1000 events or more; play the case against a server: conformance show chaton slow-reader 127.0.0.1:7777 --trace\n")]
#[case::what_to_do(&[ECHO, "hello", "--trace"], " hello 127.0.0.1:7777 --trace\n")]
#[case::with_a_setting(&[ECHO, "everything", "--trace"], " everything 127.0.0.1:7777 --trace --set patience=...\n")]
fn wrong_usage_is_explained_and_exits_with_2(#[case] arguments: &[&str], #[case] said: &str) {
    let output = conformance(&[&["show"], arguments].concat());
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains(said), "{}", err(&output));
}

#[test]
fn where_no_server_listens_nothing_is_played() {
    let address = not_listening().to_string();
    let output = conformance(&["show", "chaton", "whisper", &address]);
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    assert!(
        err(&output).starts_with("cannot play whisper: "),
        "{}",
        err(&output)
    );
}

#[test]
fn a_picture_never_replaces_a_file_of_the_suite() {
    let wire = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/echo/wire.kdl");
    let output = conformance(&[
        "show",
        ECHO,
        "hello",
        "127.0.0.1:1",
        "--trace",
        "--svg",
        wire,
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(
        err(&output).contains("this command reads"),
        "{}",
        err(&output)
    );
}

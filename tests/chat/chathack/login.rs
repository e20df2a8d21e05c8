//! Tests of logins with and without a password.

use super::{Server, logged_in};

fn with_alice() -> Server {
    Server::with_accounts("chathack=127.0.0.1:0", &[("alice", "town hall")])
}

#[test]
fn the_password_may_be_the_first_line_of_the_input() {
    let server = with_alice();
    let bob = logged_in(&server, "bob", &[]);
    let mut alice = server.chat("alice", &["--password-stdin"]).lines();
    alice.say("town hall");
    alice.expect("-- logged in as alice");
    alice.say("hello");
    bob.expect("<alice> hello");
    alice.quit();
    bob.quit();
}

#[test]
fn a_command_may_print_the_password() {
    let server = with_alice();
    let options = ["--password-command", "printf 'town hall\n'"];
    logged_in(&server, "alice", &options).quit();
}

#[test]
fn a_refused_login_is_explained_and_ends_a_script() {
    let server = with_alice();
    let refused = |options: &[&str]| {
        let (events, code, errors) = server.chat("alice", options).lines().ended();
        assert_eq!((events.len(), code), (1, 3), "{events:?} {errors}");
        errors
    };
    let errors = refused(&["--password-command", "echo townhall"]);
    assert!(
        errors.contains("the password is wrong, or no account has this login"),
        "{errors}"
    );
    let errors = refused(&[]);
    assert!(
        errors.contains(
            "the login belongs to an account (if the account is yours, log in with --password)"
        ),
        "{errors}"
    );
    let right = ["--password-command", "echo town hall"];
    let alice = logged_in(&server, "alice", &right);
    let errors = refused(&right);
    assert!(
        errors.contains("this account is already connected"),
        "{errors}"
    );
    alice.quit();
}

#[test]
fn a_failing_password_command_is_reported_before_anything_is_sent() {
    let server = with_alice();
    let options = ["--password-command", "exit 7"];
    let (events, code, errors) = server.chat("alice", &options).lines().ended();
    assert_eq!((&*events, code), (&[][..], 2));
    assert!(errors.contains("exit status: 7"), "{errors}");
}

#[test]
fn other_protocols_have_no_passwords() {
    let server = Server::start();
    let options = ["--password-command", "echo x"];
    let (_, code, errors) = server.chat("alice", &options).lines().ended();
    assert_eq!(code, 2);
    assert!(errors.contains("Chaton has no passwords"), "{errors}");
}

#[test]
fn a_person_whose_login_is_in_use_chooses_another() {
    let server = with_alice();
    let mut alice = server.wide_terminal("alice", &[], (24, 160));
    alice.expect("belongs to an account");
    alice.expect("login: alice_");
    alice.say("");
    alice.expect("logged in as alice_");
}

//! Tests of logins, with and without a password.

use matou_protocols::chathack::{Answer, ClientFrame, Options};
use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::conversation::Said;
use crate::frames::*;
use crate::script::{Chat, NOTHING};

fn client() -> Chat {
    let mut chat = Chat::new(Options::default());
    chat.arrives("client");
    chat
}

#[test]
fn the_password_of_an_account_logs_in() {
    let mut chat = client();
    assert_eq!(
        chat.says("client", account("arnaud", "townhall")),
        ["client < CONNECTED"]
    );
    assert_eq!(chat.login_of("client").as_deref(), Some("arnaud"));
}

#[rstest]
#[case::a_wrong_password(account("arnaud", "Townhall"))]
#[case::no_password(account("arnaud", ""))]
#[case::the_password_of_another_account(account("arnaud", "seashell"))]
#[case::an_unknown_login(account("unknown", "townhall"))]
fn a_wrong_password_and_an_unknown_login_get_the_same_answer(#[case] frame: ClientFrame<'_>) {
    let mut chat = client();
    assert_eq!(
        chat.says("client", frame),
        ["client < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(
        chat.asked, 1,
        "the room looks at the accounts in both cases"
    );
    assert_eq!(chat.flow("client"), Flow::Frames);
    assert_eq!(
        chat.says("client", account("arnaud", "townhall")),
        ["client < CONNECTED"]
    );
}

#[test]
fn a_guest_can_have_only_a_login_that_is_free_and_has_no_account() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("client");
    for taken in ["arnaud", "alice"] {
        assert_eq!(
            chat.says("client", guest(taken)),
            ["client < LOGIN_ALREADY_EXISTS"]
        );
    }
    assert_eq!(chat.says("client", guest("bob")), ["client < CONNECTED"]);
}

#[test]
fn an_account_cannot_log_in_on_a_second_connection() {
    let mut chat = client();
    chat.says("client", account("arnaud", "townhall"));
    chat.arrives("other");
    assert_eq!(
        chat.says("other", account("arnaud", "townhall")),
        ["other < LOGIN_ALREADY_EXISTS"]
    );
    // The answer to a wrong password does not reveal that this account is already connected.
    assert_eq!(
        chat.says("other", account("arnaud", "wrong")),
        ["other < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.says("other", guest("other")), ["other < CONNECTED"]);
    assert_eq!(
        chat.says("client", say("arnaud", "still me")),
        ["other < arnaud: still me"]
    );
}

#[rstest]
#[case::of_no_byte("")]
#[case::of_256_bytes(&"p".repeat(256))]
#[case::with_a_control_character("al\u{7}ice")]
#[case::with_an_invisible_character("alice\u{200b}")]
#[case::with_white_space_around(" alice")]
fn an_invalid_login_is_refused_without_a_look_at_the_accounts(#[case] login: &str) {
    for frame in [guest(login), account(login, "townhall")] {
        let mut chat = client();
        assert_eq!(
            chat.says("client", frame),
            ["client < PASSWORD_OR_LOGIN_ERROR"]
        );
        assert_eq!(chat.asked, 0);
        assert_eq!(chat.flow("client"), Flow::Frames);
    }
}

#[test]
fn a_login_of_255_bytes_is_accepted() {
    let mut chat = client();
    let longest = "p".repeat(255);
    assert_eq!(chat.says("client", guest(&longest)), ["client < CONNECTED"]);
}

#[test]
fn a_password_of_more_than_255_bytes_is_refused_without_a_look_at_the_accounts() {
    let mut chat = client();
    assert_eq!(
        chat.says("client", account("arnaud", &"p".repeat(256))),
        ["client < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.asked, 0);
}

#[test]
fn a_client_that_has_a_login_keeps_it() {
    let mut chat = Chat::among(["alice", "bob"]);
    for frame in [
        guest("queen"),
        guest("alice"),
        account("arnaud", "townhall"),
        account("arnaud", "wrong"),
    ] {
        assert_eq!(
            chat.says("alice", frame),
            ["alice < PACKET_ERROR"],
            "{frame}"
        );
    }
    assert_eq!(chat.says("alice", say("alice", "me")), ["bob < alice: me"]);
}

#[test]
fn the_fifth_failed_login_closes_the_connection() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("client");
    chat.says("client", account("arnaud", "wrong"));
    chat.says("client", guest("alice"));
    chat.says("client", guest(""));
    // A packet that is not a login does not count as an attempt to log in.
    chat.says("client", say("client", "?"));
    chat.says("client", guest("arnaud"));
    assert_eq!(
        chat.says("client", account("arnaud", "wrong")),
        ["client < PASSWORD_OR_LOGIN_ERROR", "client is closed"]
    );
    assert_eq!(chat.flow("client"), Flow::Closed);
    assert_eq!(chat.is_gone("client"), NOTHING);
}

#[test]
fn during_a_look_at_the_accounts_other_clients_continue_and_later_packets_wait() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.answers_come_later = true;
    chat.arrives("client");
    let bytes = [
        account("arnaud", "townhall").bytes(&()),
        say("arnaud", "hello").bytes(&()),
    ]
    .concat();
    assert_eq!(chat.sends("client", &bytes), NOTHING);
    assert_eq!(chat.says("alice", say("alice", "1")), ["bob < alice: 1"]);
    // The time limit does not run while a client waits for the server.
    assert_eq!(chat.is_late("client", Overdue::Identification), NOTHING);
    assert_eq!(chat.is_answered("client"), ["client < CONNECTED"]);
    assert_eq!(
        chat.says("alice", say("alice", "2")),
        ["bob < alice: 2", "client < alice: 2"]
    );
}

#[test]
fn when_two_clients_want_one_login_the_first_to_be_answered_gets_it() {
    let mut chat = Chat::new(Options::default());
    chat.answers_come_later = true;
    chat.arrives("one");
    chat.arrives("other");
    assert_eq!(chat.says("one", guest("alice")), NOTHING);
    assert_eq!(chat.says("other", guest("alice")), NOTHING);
    assert_eq!(chat.is_answered("other"), ["other < CONNECTED"]);
    assert_eq!(chat.is_answered("one"), ["one < LOGIN_ALREADY_EXISTS"]);
}

#[test]
fn a_client_that_leaves_before_the_answer_does_not_take_the_login() {
    let mut chat = Chat::new(Options::default());
    chat.answers_come_later = true;
    chat.arrives("one");
    chat.says("one", guest("alice"));
    assert_eq!(chat.hangs_up("one"), ["one is closed"]);
    assert_eq!(chat.is_answered("one"), NOTHING);
    assert_eq!(chat.is_gone("one"), NOTHING);
    chat.arrives("other");
    chat.says("other", guest("alice"));
    assert_eq!(chat.is_answered("other"), ["other < CONNECTED"]);
}

#[test]
fn an_error_of_the_accounts_closes_the_connection() {
    let mut chat = client();
    chat.answers_come_later = true;
    chat.says("client", account("arnaud", "townhall"));
    assert_eq!(
        chat.is_answered_with("client", Answer::Unknown),
        ["client is closed"]
    );
}

/// Returns a chat in which two connections from one address have sent ten wrong passwords in total.
fn a_guesser() -> Chat {
    let mut chat = Chat::new(Options::default());
    for who in ["g1", "g2"] {
        chat.arrives_from(who, "192.0.2.9");
        for _ in 0..5 {
            chat.says(who, account("arnaud", "guess"));
        }
    }
    assert_eq!(chat.asked, 10);
    chat
}

#[test]
fn after_ten_wrong_passwords_in_a_minute_the_passwords_of_an_address_are_not_checked() {
    let mut chat = a_guesser();
    chat.arrives_from("g3", "192.0.2.9");
    assert_eq!(
        chat.says("g3", account("arnaud", "townhall")),
        ["g3 < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.asked, 10, "the server does not hash the password");
    // The limit for wrong passwords applies neither to guests nor to other addresses.
    assert_eq!(chat.says("g3", guest("guest")), ["g3 < CONNECTED"]);
    chat.arrives_from("elsewhere", "192.0.2.10");
    assert_eq!(
        chat.says("elsewhere", account("arnaud", "townhall")),
        ["elsewhere < CONNECTED"]
    );
}

#[test]
fn a_minute_later_the_address_may_try_again() {
    let mut chat = a_guesser();
    chat.passes(std::time::Duration::from_secs(60));
    chat.arrives_from("g3", "192.0.2.9");
    assert_eq!(
        chat.says("g3", account("arnaud", "townhall")),
        ["g3 < CONNECTED"]
    );
}

const GUESSERS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// Returns a chat in which clients from one address have sent ten passwords. The server has not finished any of the ten
/// checks. Only the first password is right.
fn ten_at_once() -> Chat {
    let mut chat = Chat::new(Options::default());
    chat.answers_come_later = true;
    for who in GUESSERS {
        chat.arrives_from(who, "192.0.2.9");
        let password = if who == "a" { "townhall" } else { "guess" };
        assert_eq!(chat.says(who, account("arnaud", password)), NOTHING);
    }
    assert_eq!(chat.asked, 10);
    chat
}

#[test]
fn an_account_that_has_logged_in_from_an_address_is_not_locked_out_by_others_there() {
    let mut chat = client_of_the_proxy("louis", "seashell");
    // All clients that guess passwords have the same address as louis, as if they connected through the same proxy.
    for number in 0..20 {
        let guesser = ["g0", "g1", "g2", "g3", "g4"][number / 4];
        if number % 4 == 0 {
            chat.arrives_from(guesser, "192.0.2.9");
        }
        chat.says(guesser, account("arnaud", "wrong"));
    }
    assert_eq!(
        chat.asked, 11,
        "ten guesses were checked, and one login before"
    );
    chat.hangs_up("client");
    chat.is_gone("client");
    chat.arrives_from("again", "192.0.2.9");
    assert_eq!(
        chat.says("again", account("louis", "seashell")),
        ["again < CONNECTED"]
    );
    // The password of louis cannot be guessed faster than other passwords.
    for number in 0..12 {
        let guesser = ["h0", "h1", "h2"][number / 4];
        if number % 4 == 0 {
            chat.arrives_from(guesser, "192.0.2.9");
        }
        chat.says(guesser, account("louis", "wrong"));
    }
    assert_eq!(chat.asked, 22);
}

fn client_of_the_proxy(login: &str, password: &str) -> Chat {
    let mut chat = Chat::among([]);
    chat.arrives_from("client", "192.0.2.9");
    assert_eq!(
        chat.says("client", account(login, password)),
        ["client < CONNECTED"]
    );
    chat
}

#[test]
fn passwords_whose_check_still_runs_count_as_wrong_ones() {
    let mut chat = ten_at_once();
    chat.arrives_from("k", "192.0.2.9");
    assert_eq!(
        chat.says("k", account("louis", "seashell")),
        ["k < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.asked, 10, "the server does not hash the password");
}

#[test]
fn a_password_that_turns_out_to_be_right_does_not_count() {
    let mut chat = ten_at_once();
    assert_eq!(chat.is_answered("a"), ["a < CONNECTED"]);
    chat.arrives_from("k", "192.0.2.9");
    assert_eq!(chat.says("k", account("louis", "seashell")), NOTHING);
    assert_eq!(chat.asked, 11);
    assert_eq!(chat.is_answered("b"), ["b < PASSWORD_OR_LOGIN_ERROR"]);
    assert_eq!(chat.is_answered("k"), ["k < CONNECTED"]);
}

#[test]
fn a_busy_server_answers_a_login_with_an_error_and_the_client_may_try_again() {
    let mut chat = ten_at_once();
    assert_eq!(chat.is_not_answered("a"), ["a < PASSWORD_OR_LOGIN_ERROR"]);
    assert_eq!(chat.flow("a"), Flow::Frames);
    assert_eq!(chat.says("a", account("arnaud", "townhall")), NOTHING);
    assert_eq!(
        chat.asked, 11,
        "a password that was not checked does not count"
    );
    assert_eq!(chat.is_answered("a"), ["a < CONNECTED"]);

    chat.arrives("guest");
    assert_eq!(chat.says("guest", guest("guest")), NOTHING);
    assert_eq!(
        chat.is_not_answered("guest"),
        ["guest < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.flow("guest"), Flow::Frames);
}

#[test]
fn only_the_check_of_a_password_needs_a_hash() {
    use matou_protocols::chathack::{Question, Room};
    use matou_protocols::room::{Effort, Protocol};
    let (login, password) = ("arnaud".to_owned(), "townhall".to_owned());
    let right = Question::IsRight {
        login: login.clone(),
        password,
    };
    assert_eq!(Room::effort(&right), Effort::Hash);
    assert_eq!(Room::effort(&Question::IsAccount { login }), Effort::LookUp);
}

#[test]
fn loopback_has_no_limit_of_wrong_passwords_unless_the_operator_sets_one() {
    for (bound_loopback, looked_at) in [(false, 15), (true, 10)] {
        let mut chat = Chat::new(Options {
            bound_loopback,
            ..Options::default()
        });
        for who in ["a", "b", "c"] {
            chat.arrives_from(who, "::1");
            for _ in 0..5 {
                chat.says(who, account("arnaud", "guess"));
            }
        }
        assert_eq!(chat.asked, looked_at);
    }
}

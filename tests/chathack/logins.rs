//! Who becomes whom.

use matou_protocols::chathack::{Answer, ClientFrame, Options};
use matou_protocols::room::{Flow, Overdue};
use rstest::rstest;

use crate::conversation::Said;
use crate::frames::*;
use crate::script::{Chat, NOTHING};

fn somebody() -> Chat {
    let mut chat = Chat::new(Options::default());
    chat.arrives("somebody");
    chat
}

#[test]
fn an_account_s_password_opens_it() {
    let mut chat = somebody();
    assert_eq!(
        chat.says("somebody", account("arnaud", "townhall")),
        ["somebody < CONNECTED"]
    );
    assert_eq!(chat.login_of("somebody").as_deref(), Some("arnaud"));
}

#[rstest]
#[case::a_wrong_password(account("arnaud", "Townhall"))]
#[case::no_password(account("arnaud", ""))]
#[case::somebody_else_s_password(account("arnaud", "seashell"))]
#[case::an_unknown_login(account("nobody", "townhall"))]
fn a_wrong_password_and_an_unknown_login_are_the_same(#[case] frame: ClientFrame<'_>) {
    let mut chat = somebody();
    assert_eq!(
        chat.says("somebody", frame),
        ["somebody < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.asked, 1, "the accounts are asked about both");
    assert_eq!(chat.flow("somebody"), Flow::Frames);
    assert_eq!(
        chat.says("somebody", account("arnaud", "townhall")),
        ["somebody < CONNECTED"]
    );
}

#[test]
fn a_guest_has_a_login_that_is_nobody_s() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("somebody");
    for taken in ["arnaud", "alice"] {
        assert_eq!(
            chat.says("somebody", guest(taken)),
            ["somebody < LOGIN_ALREADY_EXISTS"]
        );
    }
    assert_eq!(
        chat.says("somebody", guest("bob")),
        ["somebody < CONNECTED"]
    );
}

#[test]
fn an_account_that_is_connected_stays_with_its_first_connection() {
    let mut chat = somebody();
    chat.says("somebody", account("arnaud", "townhall"));
    chat.arrives("other");
    assert_eq!(
        chat.says("other", account("arnaud", "townhall")),
        ["other < LOGIN_ALREADY_EXISTS"]
    );
    // A wrong password does not tell whether somebody is connected.
    assert_eq!(
        chat.says("other", account("arnaud", "wrong")),
        ["other < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.says("other", guest("other")), ["other < CONNECTED"]);
    assert_eq!(
        chat.says("somebody", say("arnaud", "still me")),
        ["other < arnaud: still me"]
    );
}

#[rstest]
#[case::of_no_byte("")]
#[case::of_256_bytes(&"p".repeat(256))]
#[case::with_a_control_character("al\u{7}ice")]
#[case::with_an_invisible_character("alice\u{200b}")]
#[case::with_white_space_around(" alice")]
fn a_login_that_may_not_be_one_is_refused_and_nobody_is_asked(#[case] login: &str) {
    for frame in [guest(login), account(login, "townhall")] {
        let mut chat = somebody();
        assert_eq!(
            chat.says("somebody", frame),
            ["somebody < PASSWORD_OR_LOGIN_ERROR"]
        );
        assert_eq!(chat.asked, 0);
        assert_eq!(chat.flow("somebody"), Flow::Frames);
    }
}

#[test]
fn a_login_of_255_bytes_is_the_longest() {
    let mut chat = somebody();
    let longest = "p".repeat(255);
    assert_eq!(
        chat.says("somebody", guest(&longest)),
        ["somebody < CONNECTED"]
    );
}

#[test]
fn a_password_of_more_than_255_bytes_is_nobody_s() {
    let mut chat = somebody();
    assert_eq!(
        chat.says("somebody", account("arnaud", &"p".repeat(256))),
        ["somebody < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.asked, 0);
}

#[test]
fn whoever_has_a_login_keeps_it() {
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
fn the_fifth_login_that_fails_on_a_connection_is_its_last() {
    let mut chat = Chat::among(["alice"]);
    chat.arrives("somebody");
    chat.says("somebody", account("arnaud", "wrong"));
    chat.says("somebody", guest("alice"));
    chat.says("somebody", guest(""));
    // What is no login at all does not count.
    chat.says("somebody", say("somebody", "?"));
    chat.says("somebody", guest("arnaud"));
    assert_eq!(
        chat.says("somebody", account("arnaud", "wrong")),
        ["somebody < PASSWORD_OR_LOGIN_ERROR", "somebody is closed"]
    );
    assert_eq!(chat.flow("somebody"), Flow::Closed);
    assert_eq!(chat.is_gone("somebody"), NOTHING);
}

#[test]
fn while_the_accounts_are_asked_others_go_on_and_later_frames_wait() {
    let mut chat = Chat::among(["alice", "bob"]);
    chat.answers_come_later = true;
    chat.arrives("somebody");
    let bytes = [
        account("arnaud", "townhall").bytes(&()),
        say("arnaud", "hello").bytes(&()),
    ]
    .concat();
    assert_eq!(chat.sends("somebody", &bytes), NOTHING);
    assert_eq!(chat.says("alice", say("alice", "1")), ["bob < alice: 1"]);
    // Who waits for us is not late.
    assert_eq!(chat.is_late("somebody", Overdue::Identification), NOTHING);
    assert_eq!(chat.is_answered("somebody"), ["somebody < CONNECTED"]);
    assert_eq!(
        chat.says("alice", say("alice", "2")),
        ["bob < alice: 2", "somebody < alice: 2"]
    );
}

#[test]
fn of_two_who_ask_for_one_login_the_first_that_is_answered_gets_it() {
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
fn whoever_is_gone_before_the_answer_takes_no_login() {
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
fn accounts_that_cannot_be_read_end_the_connection() {
    let mut chat = somebody();
    chat.answers_come_later = true;
    chat.says("somebody", account("arnaud", "townhall"));
    assert_eq!(
        chat.is_answered_with("somebody", Answer::Unknown),
        ["somebody is closed"]
    );
}

/// An address that has tried ten wrong passwords, two connections' worth.
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
fn behind_ten_wrong_passwords_a_minute_an_address_gets_none_looked_at() {
    let mut chat = a_guesser();
    chat.arrives_from("g3", "192.0.2.9");
    assert_eq!(
        chat.says("g3", account("arnaud", "townhall")),
        ["g3 < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.asked, 10, "nobody hashes for it");
    // Who has no password to guess is not concerned, and neither is another address.
    assert_eq!(chat.says("g3", guest("guest")), ["g3 < CONNECTED"]);
    chat.arrives_from("elsewhere", "192.0.2.10");
    assert_eq!(
        chat.says("elsewhere", account("arnaud", "townhall")),
        ["elsewhere < CONNECTED"]
    );
}

#[test]
fn a_minute_later_it_may_try_again() {
    let mut chat = a_guesser();
    chat.passes(std::time::Duration::from_secs(60));
    chat.arrives_from("g3", "192.0.2.9");
    assert_eq!(
        chat.says("g3", account("arnaud", "townhall")),
        ["g3 < CONNECTED"]
    );
}

const GUESSERS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/// An address that tries ten passwords at once; the first one is right.
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
fn passwords_that_are_being_checked_count_as_wrong_ones() {
    let mut chat = ten_at_once();
    chat.arrives_from("k", "192.0.2.9");
    assert_eq!(
        chat.says("k", account("louis", "seashell")),
        ["k < PASSWORD_OR_LOGIN_ERROR"]
    );
    assert_eq!(chat.asked, 10, "nobody hashes for it");
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
fn a_server_that_is_busy_says_so_with_ack_2_and_another_try_is_welcome() {
    let mut chat = ten_at_once();
    assert_eq!(chat.is_not_answered("a"), ["a < PASSWORD_OR_LOGIN_ERROR"]);
    assert_eq!(chat.flow("a"), Flow::Frames);
    assert_eq!(chat.says("a", account("arnaud", "townhall")), NOTHING);
    assert_eq!(chat.asked, 11, "what was not checked does not count");
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
fn only_a_password_is_a_question_of_much_effort() {
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
fn loopback_may_guess_unless_the_operator_says_otherwise() {
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

//! Short texts from users and files.

use std::fmt::Display;
use std::str::FromStr;

use matou_client::{Address, Fingerprint, Identity, Ports, Typed};
use matou_protocols::ProtocolName;
use matou_protocols::chatr::client::Book;
use matou_protocols::room::{Visible, is_hidden};
use matou_protocols::wire::Excerpt;
use matou_server::store::{PublicKey, read_lines};
use matou_sockets::HostPort;
use uuid::Uuid;

use crate::escape;
use crate::script::Script;

/// Reads the bytes after the first one as a short text or as a key. The first byte chooses the kind of text or key.
pub(crate) fn all(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let kind = script.byte().unwrap_or(0) % 8;
    let bytes = script.rest();
    let text = &*String::from_utf8_lossy(bytes);
    match kind {
        0 => accounts(text),
        1 => typed(text),
        2 => one_word(text),
        3 => book(text),
        4 => public_key(bytes),
        5 => {
            let _ = Identity::from_pkcs8(Uuid::nil(), bytes);
        }
        6 => escaped(text),
        _ => names(text),
    }
}

fn accounts(text: &str) {
    match read_lines(text) {
        Ok(accounts) => {
            for account in &accounts {
                let login = &account.login;
                assert!(
                    !login.is_empty() && !login.contains(['\n', '$']),
                    "{login:?}"
                );
            }
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                one_line(&mistake);
            }
        }
    }
}

/// Checks that each typed line is shown as a command that has the same meaning.
fn typed(text: &str) {
    for line in text.lines() {
        match Typed::parse(line) {
            Ok(typed) => assert_eq!(Typed::parse(&typed.to_string()), Ok(typed)),
            Err(mistake) => one_line(&mistake),
        }
    }
}

fn one_word(text: &str) {
    parse::<Address>(text);
    parse::<HostPort>(text);
    parse::<Ports>(text);
    parse::<ProtocolName>(text);
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
}

fn parse<T: FromStr<Err: Display>>(text: &str) {
    if let Err(mistake) = text.parse::<T>() {
        one_line(&mistake);
    }
}

/// Checks that the name of every client in the book leads to this client.
fn book(text: &str) {
    match Book::parse(text) {
        Ok(book) => {
            for name in book.names() {
                assert!(
                    book.find(name)
                        .is_some_and(|uuid| book.name_of(uuid) == name)
                );
            }
            let same = Book::parse(&book.to_string());
            assert_eq!(same, Ok(book));
        }
        Err(mistake) => one_line(&mistake),
    }
}

fn public_key(der: &[u8]) {
    if let Ok(key) = PublicKey::from_der(der) {
        assert_eq!(key.der(), der);
        assert!(key.verify(b"signed", b"not a signature").is_err());
    }
}

/// Checks that text from a peer is shown without characters that could change the terminal or hide a part of the text.
fn escaped(text: &str) {
    for shown in [
        Visible(text).to_string(),
        format!("{:?}", Excerpt(text)),
        escape::Name(text).to_string(),
    ] {
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
    }
    assert!(
        !Visible(text).to_string().chars().any(is_hidden),
        "{text:?}"
    );
}

/// Checks that a name which the program shows in quotes is read as the same name.
fn names(text: &str) {
    let written = format!("/accept {}", escape::Name(text));
    if !text.is_empty() {
        assert_eq!(Typed::parse(&written), Ok(Typed::Accept(text.to_owned())));
    }
}

/// Checks that an error is one line, without control characters.
fn one_line(mistake: &impl Display) {
    let shown = mistake.to_string();
    assert!(
        !shown.is_empty() && !shown.chars().any(char::is_control),
        "{shown:?}"
    );
}

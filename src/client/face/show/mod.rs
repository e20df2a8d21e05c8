//! Formats an event as a line: as text for people, or as JSON for programs.
//!
//! The JSON form is one object per line. The JSON form is stable: later versions may add fields, but existing fields keep
//! their meaning.
//!
//! | `event` | further fields | meaning |
//! |---|---|---|
//! | `logged_in` | `login` | the server accepted the login |
//! | `login_refused` | `login`, `reason` if the server gives one | the server refused the login |
//! | `message` | `from`, `text` | a message to everyone; the server also sends back the client's own messages, except in ChatOS 1.0 and ChatHack |
//! | `whisper` | `from`, `text` | a private message to this client |
//! | `private_asked` | `peer` | the peer asks for a private connection |
//! | `private_denied` | `peer` | the peer declined this client's request, or left |
//! | `private_withdrawn` | `peer` | the peer withdrew its request, or left |
//! | `private_agreed` | `peer` | both users agreed; the private connection is being opened |
//! | `private_awaited` | `peer`, `address` | this client listens at this address for the peer |
//! | `private_address` | `peer`, `address` | the peer listens at this address; this client connects to it |
//! | `private_up` | `peer` | the private connection is open |
//! | `private_text` | `peer`, `text` or `hex`, `complete` | a line without its line feed; `hex` if it is not UTF-8; `complete` is false if the line feed has not arrived |
//! | `private_eof` | `peer` | the peer has stopped sending on the private connection |
//! | `private_closed` | `peer`, `reason` if it failed | the private connection has closed |
//! | `file_offered` | `peer`, `name`, `size` | the peer offers a file |
//! | `file_denied` | `peer`, `name`, `size`, `limit` | this client did not accept the peer's file, because it is larger than `limit` |
//! | `file_begun` | `peer`, `way`, `name`, `size`, `offset` | a transfer starts at byte `offset`; `way` is `in` (this client receives) or `out` (this client sends) |
//! | `file_sent` | `peer`, `name`, `size` | the peer has confirmed the whole file; in ChatHack, which has no confirmation, this client has sent the whole file |
//! | `file_received` | `peer`, `name`, `size`, `path` | the whole file was received and saved at `path` |
//! | `file_failed` | `peer`, `way`, `name`, `reason` | the transfer failed |
//! | `refused` | `what` | the server refused a request |
//! | `unexpected` | `what` | the server sent a frame that has no meaning in this state |

mod file;
mod json;

use crate::escape::{Escaped, EscapedBytes, Name};
use crate::face::paint::Paint;
pub(crate) use file::{file_line, file_painted};
use matou_protocols::dialogue::Event;

/// How events are formatted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Plain text, for people.
    Plain,
    /// One JSON object per line.
    Json,
}

/// Formats an event as a line without a line feed. Hidden characters of peers are escaped.
pub fn line(event: &Event, form: Form) -> String {
    match form {
        Form::Plain => painted(event, &Paint::default()),
        Form::Json => json::event(event),
    }
}

/// Formats an event for a person at a terminal.
pub(crate) fn painted(event: &Event, paint: &Paint) -> String {
    match event {
        Event::LoggedIn { login } => format!("-- logged in as {}", paint.name(login)),
        Event::LoginRefused { login, reason } => {
            let why = reason.iter().map(|why| format!(": {}", Escaped(why)));
            format!(
                "-- the server refused the login {}{}",
                Name(login),
                why.collect::<String>()
            )
        }
        Event::Said { from, text } => format!(
            "{} {}",
            paint.between("<", from, ">"),
            paint.text(from, &Escaped(text))
        ),
        Event::Whispered { from, text } => {
            format!("{} {}", paint.between("*", from, "*"), Escaped(text))
        }
        Event::Asked { peer } => {
            let name = Name(peer);
            let peer = paint.name(peer);
            format!("-- {peer} asks for a private connection (/accept {name} or /deny {name})")
        }
        Event::Denied { peer } => {
            format!("-- {} declined the private connection", paint.name(peer))
        }
        Event::Withdrawn { peer } => {
            format!(
                "-- {} withdrew the request for a private connection",
                paint.name(peer)
            )
        }
        Event::Agreed { peer } => format!(
            "-- opening the private connection with {}",
            paint.name(peer)
        ),
        Event::TunnelAwaited { peer, address } => {
            let peer = paint.name(peer);
            format!("-- waiting for {peer} to connect to {address}")
        }
        Event::TunnelAddress { peer, address } => {
            format!("-- {} is listening at {address}", paint.name(peer))
        }
        Event::TunnelUp { peer } => {
            let name = Name(peer);
            let peer = paint.name(peer);
            format!("-- private connection with {peer} is open (/tell {name} TEXT, /close {name})")
        }
        Event::TunnelText { peer, line, .. } => {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            format!("{} {}", paint.between("[", peer, "]"), EscapedBytes(line))
        }
        Event::TunnelEof { peer } => {
            let name = Name(peer);
            let peer = paint.name(peer);
            format!(
                "-- {peer} has stopped sending on the private connection (/close {name} closes it)"
            )
        }
        Event::TunnelClosed { peer, reason: None } => {
            format!("-- private connection with {} is closed", paint.name(peer))
        }
        Event::TunnelClosed {
            peer,
            reason: Some(reason),
        } => format!(
            "-- private connection with {} is closed: {}",
            paint.name(peer),
            Escaped(reason)
        ),
        Event::Refused { what } => format!("-- refused: {}", Escaped(what)),
        Event::Unexpected { what } => format!("-- ignored: {}", Escaped(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::is_hidden;
    use proptest::prelude::*;
    use rstest::rstest;

    fn said(from: &str, text: &str) -> Event {
        let (from, text) = (from.into(), text.into());
        Event::Said { from, text }
    }

    fn tunnel_text(line: &[u8]) -> Event {
        Event::TunnelText {
            peer: "bob".into(),
            line: line.into(),
            complete: true,
        }
    }

    #[rstest]
    #[case(said("alice", "hi"), "<alice> hi")]
    #[case(said("alice> no", "hi\n<bob> yes"), "<\"alice> no\"> hi\\n<bob> yes")]
    #[case(Event::Whispered { from: "bob".into(), text: "psst\u{202e}".into() }, "*bob* psst\\u{202e}")]
    #[case(
        Event::Asked { peer: "carol b".into() },
        "-- \"carol b\" asks for a private connection (/accept \"carol b\" or /deny \"carol b\")"
    )]
    #[case(tunnel_text(b"a\x1b[0m\xff\r"), "[bob] a\\u{1b}[0m\\xff")]
    fn an_event_is_a_line(#[case] event: Event, #[case] shown: &str) {
        assert_eq!(line(&event, Form::Plain), shown);
    }

    #[rstest]
    #[case(
        said("alice", "hi"),
        r#"{"event":"message","from":"alice","text":"hi"}"#
    )]
    #[case(
        said("a\u{9b}", "\u{202e}\u{e0041}\""),
        r#"{"event":"message","from":"a\u009b","text":"\u202e\udb40\udc41\""}"#
    )]
    #[case(
        tunnel_text(b"a\r"),
        r#"{"event":"private_text","peer":"bob","text":"a\r","complete":true}"#
    )]
    #[case(
        tunnel_text(b"a\xff"),
        r#"{"event":"private_text","peer":"bob","hex":"61ff","complete":true}"#
    )]
    #[case(
        Event::TunnelClosed { peer: "bob".into(), reason: None },
        r#"{"event":"private_closed","peer":"bob"}"#
    )]
    fn an_event_is_a_json_object(#[case] event: Event, #[case] shown: &str) {
        assert_eq!(line(&event, Form::Json), shown);
    }

    proptest! {
        #[test]
        fn json_loses_nothing_and_hides_nothing(text in ".*") {
            let shown = line(&said("alice", &text), Form::Json);
            prop_assert!(!shown.chars().any(is_hidden));
            let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
            prop_assert_eq!(read["text"].as_str(), Some(&*text));
        }
    }
}

use super::{Form, json};
use crate::escape::{Escaped, Name};
use crate::face::paint::Paint;
use crate::files::disk::bytes_in_words;
use crate::files::exchange::{FileDirection, FileEvent};

/// Formats an event about a file.
pub(crate) fn file_line(peer: &str, event: &FileEvent, form: Form) -> String {
    match form {
        Form::Plain => file_painted(peer, event, &Paint::default()),
        Form::Json => json::file_event(peer, event),
    }
}

/// Formats an event about a file for a person at a terminal.
pub(crate) fn file_painted(peer: &str, event: &FileEvent, paint: &Paint) -> String {
    let who = paint.name(peer);
    let peer = Name(peer);
    match event {
        FileEvent::Offered { name, size } => format!(
            "-- {who} offers the file {}, {} (/accept {peer} or /deny {peer})",
            Name(name),
            bytes_in_words(*size)
        ),
        FileEvent::TooLarge { name, size, limit } => format!(
            "-- the file {}, {}, from {who} was not accepted: it is larger than {} (--max-file)",
            Name(name),
            bytes_in_words(*size),
            bytes_in_words(*limit)
        ),
        FileEvent::Begun {
            way,
            name,
            size,
            offset,
        } => {
            let (name, size) = (Name(name), bytes_in_words(*size));
            let begun = match way {
                FileDirection::In => format!("-- receiving {name}, {size}, from {who}"),
                FileDirection::Out => format!("-- sending {name}, {size}, to {who}"),
            };
            match offset {
                0 => begun,
                _ => format!("{begun}; resuming after {}", bytes_in_words(*offset)),
            }
        }
        FileEvent::Sent { name, size } => format!(
            "-- {who} received {}, {}; its SHA-256 is correct",
            Name(name),
            bytes_in_words(*size)
        ),
        FileEvent::Left { name, size } => format!(
            "-- sent {}, {}, to {who}",
            Name(name),
            bytes_in_words(*size)
        ),
        FileEvent::Received {
            name,
            size,
            path,
            checked,
        } => format!(
            "-- received {}, {}, from {who}{}: {}",
            Name(name),
            bytes_in_words(*size),
            if *checked { ", SHA-256 correct" } else { "" },
            Escaped(path)
        ),
        FileEvent::Failed { way, name, reason } => {
            let what = match way {
                FileDirection::In => format!("{} from {who} was not received", Name(name)),
                FileDirection::Out => format!("{} was not sent to {who}", Name(name)),
            };
            format!("-- {what}: {}", Escaped(reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        FileEvent::Offered { name: "a b\u{202e}".into(), size: 1500 },
        r#"-- bob offers the file "a b\u{202e}", 1.5 kB (/accept bob or /deny bob)"#,
        r#"{"event":"file_offered","peer":"bob","name":"a b\u202e","size":1500}"#
    )]
    #[case(
        FileEvent::Begun { way: FileDirection::Out, name: "cat".into(), size: 9, offset: 5 },
        "-- sending cat, 9 bytes, to bob; resuming after 5 bytes",
        r#"{"event":"file_begun","peer":"bob","way":"out","name":"cat","size":9,"offset":5}"#
    )]
    #[case(
        FileEvent::Failed { way: FileDirection::In, name: "cat".into(), reason: "no".into() },
        "-- cat from bob was not received: no",
        r#"{"event":"file_failed","peer":"bob","way":"in","name":"cat","reason":"no"}"#
    )]
    fn a_file_event_is_a_line(#[case] event: FileEvent, #[case] plain: &str, #[case] json: &str) {
        assert_eq!(file_line("bob", &event, Form::Plain), plain);
        assert_eq!(file_line("bob", &event, Form::Json), json);
    }
}

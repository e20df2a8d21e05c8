//! An event as a JSON object. Its first field is `event`; `null` fields are left out.

use std::fmt::Write as _;

use serde_json::Value;

use crate::escape::is_hidden;
use crate::files::exchange::{FileDirection, FileEvent};
use matou_protocols::dialogue::Event;

type Field = (&'static str, Value);

pub(super) fn event(event: &Event) -> String {
    let peer = |peer: &str| ("peer", Value::from(peer));
    let text = |name: &'static str, text: &str| (name, Value::from(text));
    let reason = |reason: &Option<String>| ("reason", Value::from(reason.as_deref()));
    match event {
        Event::LoggedIn { login } => object("logged_in", [text("login", login)]),
        Event::LoginRefused { login, reason: why } => {
            object("login_refused", [text("login", login), reason(why)])
        }
        Event::Said { from, text: said } => {
            object("message", [text("from", from), text("text", said)])
        }
        Event::Whispered { from, text: said } => {
            object("whisper", [text("from", from), text("text", said)])
        }
        Event::Asked { peer: name } => object("private_asked", [peer(name)]),
        Event::Denied { peer: name } => object("private_denied", [peer(name)]),
        Event::Withdrawn { peer: name } => object("private_withdrawn", [peer(name)]),
        Event::Agreed { peer: name } => object("private_agreed", [peer(name)]),
        Event::TunnelAwaited {
            peer: name,
            address,
        } => {
            let address = text("address", &address.to_string());
            object("private_awaited", [peer(name), address])
        }
        Event::TunnelAddress {
            peer: name,
            address,
        } => {
            let address = text("address", &address.to_string());
            object("private_address", [peer(name), address])
        }
        Event::TunnelUp { peer: name } => object("private_up", [peer(name)]),
        Event::TunnelText {
            peer: name,
            line,
            complete,
        } => {
            let line = match str::from_utf8(line) {
                Ok(line) => text("text", line),
                Err(_) => text("hex", &hex(line)),
            };
            let complete = ("complete", Value::from(*complete));
            object("private_text", [peer(name), line, complete])
        }
        Event::TunnelEof { peer: name } => object("private_eof", [peer(name)]),
        Event::TunnelClosed {
            peer: name,
            reason: why,
        } => object("private_closed", [peer(name), reason(why)]),
        Event::Refused { what } => object("refused", [text("what", what)]),
        Event::Unexpected { what } => object("unexpected", [text("what", what)]),
    }
}

pub(super) fn file_event(peer: &str, event: &FileEvent) -> String {
    let peer = ("peer", Value::from(peer));
    let text = |name: &'static str, text: &str| (name, Value::from(text));
    let number = |name: &'static str, number: u64| (name, Value::from(number));
    let way = |way: &FileDirection| match way {
        FileDirection::In => text("way", "in"),
        FileDirection::Out => text("way", "out"),
    };
    match event {
        FileEvent::Offered { name, size } => {
            let fields = [peer, text("name", name), number("size", *size)];
            object("file_offered", fields)
        }
        FileEvent::TooLarge { name, size, limit } => {
            let (size, limit) = (number("size", *size), number("limit", *limit));
            object("file_denied", [peer, text("name", name), size, limit])
        }
        FileEvent::Begun {
            way: in_or_out,
            name,
            size,
            offset,
        } => {
            let (name, size) = (text("name", name), number("size", *size));
            let fields = [peer, way(in_or_out), name, size, number("offset", *offset)];
            object("file_begun", fields)
        }
        FileEvent::Sent { name, size } | FileEvent::Left { name, size } => {
            let fields = [peer, text("name", name), number("size", *size)];
            object("file_sent", fields)
        }
        FileEvent::Received {
            name, size, path, ..
        } => {
            let (name, size) = (text("name", name), number("size", *size));
            object("file_received", [peer, name, size, text("path", path)])
        }
        FileEvent::Failed {
            way: in_or_out,
            name,
            reason,
        } => {
            let (name, reason) = (text("name", name), text("reason", reason));
            object("file_failed", [peer, way(in_or_out), name, reason])
        }
    }
}

/// Writes an object with its fields in this order.
fn object(event: &str, fields: impl IntoIterator<Item = Field>) -> String {
    let mut object = format!("{{\"event\":\"{event}\"");
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
        let _ = write!(object, ",\"{name}\":{value}");
    }
    without_hidden(&object) + "}"
}

/// Escapes hidden characters in JSON. JSON does not require an escape for most of these characters, but a terminal would
/// obey them. In JSON, hidden characters occur only inside strings. So this function may replace each hidden character with
/// its JSON escape.
fn without_hidden(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

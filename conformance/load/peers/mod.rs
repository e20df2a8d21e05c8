//! The protocols of other servers (IRC, MQTT, NATS, TLS). With them, a load can compare these servers with a chat server. In
//! each protocol, a different thing takes the place of the chat room: a channel in IRC, a topic in MQTT, a subject in NATS.

mod irc;
mod mqtt;
mod nats;
mod tls;

use super::tongue::Tongue;

/// The names of the protocols of other servers on the command line.
pub const NAMES: [&str; 4] = ["irc", "mqtt", "nats", "tls"];

/// Returns the protocol with the name `name`.
pub(super) fn tongue_of(name: &str) -> Option<Box<dyn Tongue>> {
    match name {
        "irc" => Some(Box::new(irc::Irc)),
        "mqtt" => Some(Box::new(mqtt::Mqtt)),
        "nats" => Some(Box::new(nats::Nats)),
        "tls" => Some(Box::new(tls::Tls::new()?)),
        _ => None,
    }
}

/// Returns a line without its line end, and the length of the line with its line end.
fn line(front: &[u8]) -> Option<(&[u8], usize)> {
    let end = front.iter().position(|byte| *byte == b'\n')?;
    let line = front.get(..end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), end + 1))
}

fn in_words(line: &[u8]) -> String {
    String::from_utf8_lossy(line).into_owned()
}

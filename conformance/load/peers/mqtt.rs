//! MQTT 3.1.1: the room is a topic to which all clients subscribe.

use super::super::tongue::{Heard, Login, Tongue};

#[derive(Debug)]
pub(super) struct Mqtt;

const TOPIC: &[u8] = b"load";

/// Returns a packet with the first byte `kind`.
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut left = body.len();
    loop {
        let more = if left > 0x7f { 0x80 } else { 0 };
        packet.push((left & 0x7f) as u8 | more);
        left >>= 7;
        if left == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

/// Returns the kind of the first packet in `front`. Returns 0 if `front` is empty: no packet of MQTT has the kind 0.
fn kind(front: &[u8]) -> u8 {
    front.first().map_or(0, |byte| byte >> 4)
}

/// Returns where the body of the first packet in `front` begins and ends.
fn body(front: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0;
    for (index, byte) in front.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let begins = index + 2;
            return (front.len() >= begins + length).then_some((begins, begins + length));
        }
    }
    None
}

fn published(text: &str) -> Vec<u8> {
    packet(0x30, &[&string(TOPIC), text.as_bytes()].concat())
}

impl Tongue for Mqtt {
    fn hello(&self, login: &mut Login) -> Result<Vec<u8>, String> {
        // Version 4, clean session, no keep-alive.
        let head = [&string(b"MQTT")[..], &[4, 2, 0, 0]].concat();
        Ok(packet(
            0x10,
            &[head, string(login.name.as_bytes())].concat(),
        ))
    }

    fn hear_login(&self, _: &mut Login, front: &[u8]) -> Heard {
        let Some((begins, ends)) = body(front) else {
            return Heard::More;
        };
        match (kind(front), front.get(begins + 1)) {
            (2, Some(0)) => {
                let subscribe = [&[0, 1][..], &string(TOPIC), &[0]].concat();
                Heard::Answer(ends, packet(0x82, &subscribe))
            }
            (2, code) => Heard::Broken(format!(
                "the server refused the connection with the return code {code:?}"
            )),
            (9, _) => Heard::In(ends),
            _ => Heard::Fine(ends),
        }
    }

    fn hear(&self, front: &[u8]) -> Heard {
        let Some((begins, ends)) = body(front) else {
            return Heard::More;
        };
        if kind(front) != 3 {
            return Heard::Fine(ends);
        }
        Heard::Message {
            text: (begins + 2 + TOPIC.len()).min(ends)..ends,
            length: ends,
        }
    }

    fn message(&self, _: &str, text: &str) -> Result<Vec<u8>, String> {
        Ok(published(text))
    }

    fn arrival(&self, _: &str, text: &str) -> Option<Vec<u8>> {
        Some(published(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_as_it_was_written_and_not_before_it_is_whole() {
        for size in [1, 120, 127, 128, 20_000] {
            let text = "x".repeat(size);
            let bytes = published(&text);
            assert_eq!(Mqtt.hear(&bytes[..bytes.len() - 1]), Heard::More);
            let Heard::Message {
                text: found,
                length,
            } = Mqtt.hear(&bytes)
            else {
                panic!("it is a message");
            };
            assert_eq!((&bytes[found], length), (text.as_bytes(), bytes.len()));
        }
    }
}

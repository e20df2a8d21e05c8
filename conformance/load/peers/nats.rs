//! NATS: the room is a subject to which all clients subscribe.

use super::super::tongue::{Heard, Login, Tongue};
use super::{in_words, line};

#[derive(Debug)]
pub(super) struct Nats;

impl Nats {
    fn common(line: &[u8], length: usize) -> Heard {
        if line.starts_with(b"PING") {
            return Heard::Answer(length, b"PONG\r\n".to_vec());
        }
        if line.starts_with(b"-ERR") {
            return Heard::Broken(in_words(line));
        }
        Heard::Fine(length)
    }
}

impl Tongue for Nats {
    fn hello(&self, _: &mut Login) -> Result<Vec<u8>, String> {
        Ok(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB load 1\r\nPING\r\n".to_vec())
    }

    fn hear_login(&self, _: &mut Login, front: &[u8]) -> Heard {
        match line(front) {
            None => Heard::More,
            Some((line, length)) if line.starts_with(b"PONG") => Heard::In(length),
            Some((line, length)) => Nats::common(line, length),
        }
    }

    fn hear(&self, front: &[u8]) -> Heard {
        let Some((line, begins)) = line(front) else {
            return Heard::More;
        };
        if !line.starts_with(b"MSG ") {
            return Nats::common(line, begins);
        }
        let size = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        let size = std::str::from_utf8(size).unwrap_or_default().parse();
        let size: Option<usize> = size.ok();
        match size.and_then(|size| begins.checked_add(size)?.checked_add(2)) {
            Some(length) if front.len() >= length => Heard::Message {
                text: begins..length - 2,
                length,
            },
            Some(_) => Heard::More,
            None => Heard::Broken(in_words(line)),
        }
    }

    fn message(&self, _: &str, text: &str) -> Result<Vec<u8>, String> {
        Ok(format!("PUB load {}\r\n{text}\r\n", text.len()).into_bytes())
    }

    fn arrival(&self, _: &str, text: &str) -> Option<Vec<u8>> {
        Some(format!("MSG load 1 {}\r\n{text}\r\n", text.len()).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_takes_as_many_bytes_as_it_says() {
        let bytes = b"MSG load 1 5\r\nhe\r\n!\r\nPING\r\n";
        let Heard::Message { text, length } = Nats.hear(bytes) else {
            panic!("it is a message");
        };
        assert_eq!(&bytes[text], b"he\r\n!");
        assert_eq!(&bytes[length..], b"PING\r\n");
        assert_eq!(Nats.hear(&bytes[..length - 1]), Heard::More);
    }

    #[test]
    fn a_size_beyond_all_memory_is_a_mistake_of_the_server() {
        let line = format!("MSG load 1 {}", usize::MAX);
        let heard = Nats.hear(format!("{line}\r\n").as_bytes());
        assert_eq!(heard, Heard::Broken(line));
    }
}

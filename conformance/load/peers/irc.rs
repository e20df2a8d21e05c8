//! IRC (RFC 2812): the room is a channel.

use super::super::tongue::{Heard, Login, Tongue};
use super::{in_words, line};

#[derive(Debug)]
pub(super) struct Irc;

/// Returns the command of a line, without the `:prefix` before it.
fn command(line: &[u8]) -> &[u8] {
    match line.iter().position(|byte| *byte == b' ') {
        Some(space) if line.starts_with(b":") => line.get(space + 1..).unwrap_or_default(),
        _ => line,
    }
}

impl Irc {
    fn common(line: &[u8], length: usize) -> Heard {
        let command = command(line);
        if let Some(token) = command.strip_prefix(b"PING") {
            let pong = [b"PONG", token, b"\r\n"].concat();
            return Heard::Answer(length, pong);
        }
        match command {
            error if error.starts_with(b"ERROR") => Heard::Broken(in_words(error)),
            _ => Heard::Fine(length),
        }
    }
}

impl Tongue for Irc {
    fn hello(&self, login: &mut Login) -> Result<Vec<u8>, String> {
        // IRC nicknames are short, so the client uses only the end of its name. This is enough, because the names of one
        // load differ at their ends.
        let nick = nick(&login.name);
        Ok(format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n").into_bytes())
    }

    fn hear_login(&self, _: &mut Login, front: &[u8]) -> Heard {
        let Some((line, length)) = line(front) else {
            return Heard::More;
        };
        match command(line) {
            words if words.starts_with(b"001 ") => {
                Heard::Answer(length, b"JOIN #load\r\n".to_vec())
            }
            words if words.starts_with(b"366 ") => Heard::In(length),
            words
                if [&b"432 "[..], b"433 ", b"471 "]
                    .iter()
                    .any(|no| words.starts_with(no)) =>
            {
                Heard::Broken(in_words(words))
            }
            _ => Irc::common(line, length),
        }
    }

    fn hear(&self, front: &[u8]) -> Heard {
        let Some((line, length)) = line(front) else {
            return Heard::More;
        };
        if !command(line).starts_with(b"PRIVMSG ") {
            return Irc::common(line, length);
        }
        let text = line.windows(2).skip(1).position(|pair| pair == b" :");
        match text {
            Some(at) => Heard::Message {
                text: at + 3..line.len(),
                length,
            },
            None => Heard::Unexpected(length, in_words(line)),
        }
    }

    fn message(&self, _: &str, text: &str) -> Result<Vec<u8>, String> {
        Ok(format!("PRIVMSG #load :{text}\r\n").into_bytes())
    }

    fn arrival(&self, _: &str, _: &str) -> Option<Vec<u8>> {
        None
    }
}

fn nick(name: &str) -> String {
    let digits: String = name.chars().filter(char::is_ascii_hexdigit).collect();
    let kept = digits.len().saturating_sub(8);
    format!("c{}", digits.get(kept..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_after_its_prefix() {
        let bytes = b":c1!~u@host PRIVMSG #load :hello there\r\nPING";
        let Heard::Message { text, length } = Irc.hear(bytes) else {
            panic!("it is a message");
        };
        assert_eq!(&bytes[text], b"hello there");
        assert_eq!(&bytes[length..], b"PING");
        assert_eq!(Irc.hear(&bytes[..20]), Heard::More);
    }

    #[test]
    fn a_ping_is_answered() {
        let pong = Heard::Answer(14, b"PONG :server\r\n".to_vec());
        assert_eq!(Irc.hear(b"PING :server\r\n"), pong);
    }
}

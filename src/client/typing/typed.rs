use std::fmt;

use crate::escape::{Name, quoted_name};

/// The text of `/help`.
pub const HELP: &str = "\
TEXT                send a message to everyone; //TEXT sends a text that begins with a slash
/msg NAME TEXT      send a private message to NAME
/reply TEXT         answer the last private message
/private NAME       ask NAME for a private connection; /connect NAME does the same
/accept NAME        accept NAME's request for a private connection, or NAME's offer of a file
/deny NAME          decline NAME's request or offer
/tell NAME TEXT     send TEXT on the private connection with NAME
/tell NAME          send all following lines to NAME, until /tell without a NAME
/send NAME FILE     offer a file on the private connection with NAME (ChatHack: send it)
/cancel NAME        cancel a transfer from or to NAME, or withdraw an offer
/close NAME         stop sending to NAME; the private connection closes when NAME stops too
/ignore NAME        hide messages from NAME, or show them again; without a NAME, list the hidden names
/name UUID NAME     give the user with this UUID a name, in Chatr Connect
/wire               show every frame byte by byte, or stop showing them
/help               show this list
/quit               leave
Put quotes around a NAME that is not a single word: \"two words\", \"\\\"\", \"\\u{202e}\".
Empty lines are skipped.";

/// The commands that the Tab key completes.
pub(crate) const COMMANDS: &[&str] = &[
    "/accept", "/cancel", "/close", "/connect", "/deny", "/help", "/ignore", "/msg", "/name",
    "/private", "/quit", "/reply", "/send", "/tell", "/wire",
];

/// One typed line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// An empty line.
    Nothing,
    /// A message to everyone.
    Say(String),
    /// `/msg`
    Whisper {
        /// The receiver.
        to: String,
        /// The message.
        text: String,
    },
    /// `/reply`
    Reply(String),
    /// `/private`
    Ask(String),
    /// `/accept`
    Accept(String),
    /// `/deny`
    Deny(String),
    /// `/tell`
    Tell {
        /// The peer.
        peer: String,
        /// The line.
        text: String,
    },
    /// `/tell` without a text: chooses the receiver of the lines that the user types next. `None` means everyone.
    Talk(Option<String>),
    /// `/send`
    Send {
        /// The receiver.
        peer: String,
        /// The file's path.
        path: String,
    },
    /// `/cancel`
    Cancel(String),
    /// `/close`
    Close(String),
    /// `/ignore`
    Ignore(Option<String>),
    /// `/name`
    Name {
        /// The peer.
        peer: String,
        /// The new name.
        name: String,
    },
    /// `/wire`
    Wire,
    /// `/help`
    Help,
    /// `/quit`
    Quit,
}

/// Why a line is not a valid command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedError {
    /// There is no such command.
    UnknownCommand(String),
    /// The command needs a name.
    NoName(&'static str),
    /// The command needs a text after the name.
    NoText(&'static str),
    /// A quote is not closed, an escape is unknown, or text follows the closing quote without a space.
    BadQuotes,
    /// There is text after the end of the command.
    TooMuch(&'static str, String),
}

impl fmt::Display for TypedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypedError::UnknownCommand(name) => write!(
                f,
                "unknown command {name:?}; type /help for a list, or //{} to send it as text",
                name.trim_start_matches('/').escape_debug()
            ),
            TypedError::NoName(command) => write!(f, "{command} needs a name: {command} NAME"),
            TypedError::NoText(command @ "/reply") => write!(f, "{command} needs a text"),
            TypedError::NoText(command @ "/send") => {
                write!(f, "{command} needs a name and a file: {command} NAME FILE")
            }
            TypedError::NoText(command @ "/name") => {
                write!(f, "{command} needs a UUID and a name: {command} UUID NAME")
            }
            TypedError::NoText(command) => {
                write!(f, "{command} needs a name and a text: {command} NAME TEXT")
            }
            TypedError::BadQuotes => f.write_str(
                "invalid quoted name; end the name with a quote, and inside the name write \\\" for a quote and \\\\ for a backslash",
            ),
            TypedError::TooMuch(command, rest) => write!(
                f,
                "unexpected {rest:?} after {command}; write a name of several words in quotes"
            ),
        }
    }
}

impl std::error::Error for TypedError {}

impl fmt::Display for Typed {
    /// Writes the line so that parsing it returns the same value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Typed::Nothing => Ok(()),
            Typed::Say(text) if text.starts_with('/') => write!(f, "/{text}"),
            Typed::Say(text) => f.write_str(text),
            Typed::Whisper { to, text } => write!(f, "/msg {} {text}", Name(to)),
            Typed::Reply(text) => write!(f, "/reply {text}"),
            Typed::Ask(peer) => write!(f, "/private {}", Name(peer)),
            Typed::Accept(peer) => write!(f, "/accept {}", Name(peer)),
            Typed::Deny(peer) => write!(f, "/deny {}", Name(peer)),
            Typed::Tell { peer, text } => write!(f, "/tell {} {text}", Name(peer)),
            Typed::Talk(None) => f.write_str("/tell"),
            Typed::Talk(Some(peer)) => write!(f, "/tell {}", Name(peer)),
            Typed::Send { peer, path } => write!(f, "/send {} {path}", Name(peer)),
            Typed::Cancel(peer) => write!(f, "/cancel {}", Name(peer)),
            Typed::Close(peer) => write!(f, "/close {}", Name(peer)),
            Typed::Ignore(None) => f.write_str("/ignore"),
            Typed::Ignore(Some(name)) => write!(f, "/ignore {}", Name(name)),
            Typed::Name { peer, name } => write!(f, "/name {} {}", Name(peer), Name(name)),
            Typed::Wire => f.write_str("/wire"),
            Typed::Help => f.write_str("/help"),
            Typed::Quit => f.write_str("/quit"),
        }
    }
}

impl Typed {
    /// Returns the same line, but replaces the peer's name with the name that `known_as` returns for it.
    #[must_use]
    pub fn meaning(mut self, known_as: impl Fn(&str) -> String) -> Typed {
        match &mut self {
            Typed::Whisper { to: peer, .. }
            | Typed::Tell { peer, .. }
            | Typed::Send { peer, .. }
            | Typed::Ask(peer)
            | Typed::Accept(peer)
            | Typed::Deny(peer)
            | Typed::Close(peer)
            | Typed::Cancel(peer)
            | Typed::Talk(Some(peer))
            | Typed::Ignore(Some(peer)) => *peer = known_as(peer),
            // For `/name`, the peer's name stays as the user typed it: the dialogue itself finds the client with this name.
            Typed::Name { .. }
            | Typed::Nothing
            | Typed::Say(_)
            | Typed::Reply(_)
            | Typed::Talk(None)
            | Typed::Ignore(None)
            | Typed::Wire
            | Typed::Help
            | Typed::Quit => {}
        }
        self
    }

    /// Parses one line, without its line end.
    pub fn parse(line: &str) -> Result<Typed, TypedError> {
        if line.is_empty() {
            return Ok(Typed::Nothing);
        }
        let Some(command) = line.strip_prefix('/') else {
            return Ok(Typed::Say(line.to_owned()));
        };
        if command.starts_with('/') {
            return Ok(Typed::Say(command.to_owned()));
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "/msg" => name_and_text("/msg", rest).map(|(to, text)| Typed::Whisper { to, text }),
            "/reply" if rest.is_empty() => Err(TypedError::NoText("/reply")),
            "/reply" => Ok(Typed::Reply(rest.to_owned())),
            "/tell" => tell(rest),
            "/name" => {
                let (peer, name) = name_and_text("/name", rest)?;
                only_name("/name", &name).map(|name| Typed::Name { peer, name })
            }
            "/connect" => only_name("/connect", rest).map(Typed::Ask),
            "/private" => only_name("/private", rest).map(Typed::Ask),
            "/accept" => only_name("/accept", rest).map(Typed::Accept),
            "/deny" => only_name("/deny", rest).map(Typed::Deny),
            "/send" => match name_and_text("/send", rest)? {
                (_, path) if path.trim().is_empty() => Err(TypedError::NoText("/send")),
                (peer, path) => Ok(Typed::Send {
                    peer,
                    path: path.trim().to_owned(),
                }),
            },
            "/cancel" => only_name("/cancel", rest).map(Typed::Cancel),
            "/close" => only_name("/close", rest).map(Typed::Close),
            "/ignore" if rest.trim().is_empty() => Ok(Typed::Ignore(None)),
            "/ignore" => only_name("/ignore", rest).map(|name| Typed::Ignore(Some(name))),
            "/wire" => nothing_more("/wire", rest, Typed::Wire),
            "/help" => nothing_more("/help", rest, Typed::Help),
            "/quit" => nothing_more("/quit", rest, Typed::Quit),
            other => Err(TypedError::UnknownCommand(other.to_owned())),
        }
    }
}

fn tell(rest: &str) -> Result<Typed, TypedError> {
    if rest.trim().is_empty() {
        return Ok(Typed::Talk(None));
    }
    let (peer, text) = name("/tell", rest)?;
    Ok(match text {
        Some(text) if !text.is_empty() => Typed::Tell {
            peer,
            text: text.to_owned(),
        },
        _ => Typed::Talk(Some(peer)),
    })
}

fn name_and_text(command: &'static str, rest: &str) -> Result<(String, String), TypedError> {
    let (name, text) = name(command, rest)?;
    match text {
        Some(text) => Ok((name, text.to_owned())),
        None => Err(TypedError::NoText(command)),
    }
}

fn only_name(command: &'static str, rest: &str) -> Result<String, TypedError> {
    let (name, more) = name(command, rest)?;
    nothing_more(command, more.unwrap_or_default(), name)
}

fn nothing_more<T>(command: &'static str, rest: &str, done: T) -> Result<T, TypedError> {
    match rest.trim() {
        "" => Ok(done),
        more => Err(TypedError::TooMuch(command, more.to_owned())),
    }
}

/// Returns the name, and the text after the single space that follows it.
fn name<'a>(command: &'static str, rest: &'a str) -> Result<(String, Option<&'a str>), TypedError> {
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Err(TypedError::NoName(command));
    }
    let Some(quoted) = rest.strip_prefix('"') else {
        return Ok(match rest.split_once(' ') {
            Some((name, after)) => (name.to_owned(), Some(after)),
            None => (rest.to_owned(), None),
        });
    };
    let (name, after) = quoted_name(quoted).ok_or(TypedError::BadQuotes)?;
    match after.strip_prefix(' ') {
        Some(after) => Ok((name, Some(after))),
        None if after.is_empty() => Ok((name, None)),
        None => Err(TypedError::BadQuotes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn say(text: &str) -> Typed {
        Typed::Say(text.into())
    }

    fn whisper(to: &str, text: &str) -> Typed {
        let (to, text) = (to.into(), text.into());
        Typed::Whisper { to, text }
    }

    #[rstest]
    #[case("", Typed::Nothing)]
    #[case("hello, world", say("hello, world"))]
    #[case("  indented ", say("  indented "))]
    #[case("//quit", say("/quit"))]
    #[case("/msg bob hi there", whisper("bob", "hi there"))]
    #[case("/msg bob  two spaces", whisper("bob", " two spaces"))]
    #[case("/msg bob ", whisper("bob", ""))]
    #[case("/msg \"bob b\" \"hi\"", whisper("bob b", "\"hi\""))]
    #[case("/msg \"a\\\"b\\\\\\u{202e}\" x", whisper("a\"b\\\u{202e}", "x"))]
    #[case("/tell bob ls -l", Typed::Tell { peer: "bob".into(), text: "ls -l".into() })]
    #[case("/tell bob ", Typed::Talk(Some("bob".into())))]
    #[case("/tell", Typed::Talk(None))]
    #[case("/reply and you?", Typed::Reply("and you?".into()))]
    #[case("/send bob a b.txt", Typed::Send { peer: "bob".into(), path: "a b.txt".into() })]
    #[case("/cancel bob", Typed::Cancel("bob".into()))]
    #[case("/ignore", Typed::Ignore(None))]
    #[case("/ignore bob", Typed::Ignore(Some("bob".into())))]
    #[case("/private bob", Typed::Ask("bob".into()))]
    #[case("/connect bob", Typed::Ask("bob".into()))]
    #[case("/name 12 \"bob b\"", Typed::Name { peer: "12".into(), name: "bob b".into() })]
    #[case("/accept bob ", Typed::Accept("bob".into()))]
    #[case("/deny \"b b\"", Typed::Deny("b b".into()))]
    #[case("/close bob", Typed::Close("bob".into()))]
    #[case("/wire", Typed::Wire)]
    #[case("/help", Typed::Help)]
    #[case("/quit ", Typed::Quit)]
    fn a_line_is_a_message_or_a_command(#[case] line: &str, #[case] typed: Typed) {
        assert_eq!(Typed::parse(line).as_ref(), Ok(&typed));
        assert_eq!(Typed::parse(&typed.to_string()), Ok(typed));
    }

    #[rstest]
    #[case("/", TypedError::UnknownCommand("/".into()))]
    #[case("/mgs bob hi", TypedError::UnknownCommand("/mgs".into()))]
    #[case("/msg", TypedError::NoName("/msg"))]
    #[case("/msg bob", TypedError::NoText("/msg"))]
    #[case("/reply", TypedError::NoText("/reply"))]
    #[case("/send bob ", TypedError::NoText("/send"))]
    #[case("/name 12", TypedError::NoText("/name"))]
    #[case("/name 12 bob b", TypedError::TooMuch("/name", "b".into()))]
    #[case("/private", TypedError::NoName("/private"))]
    #[case("/private bob b", TypedError::TooMuch("/private", "b".into()))]
    #[case("/quit now", TypedError::TooMuch("/quit", "now".into()))]
    #[case("/msg \"bob hi", TypedError::BadQuotes)]
    #[case("/msg \"bob\"hi", TypedError::BadQuotes)]
    #[case("/msg \"\\q\" hi", TypedError::BadQuotes)]
    #[case("/msg \"\\u{110000}\" hi", TypedError::BadQuotes)]
    fn a_wrong_command_is_refused(#[case] line: &str, #[case] error: TypedError) {
        assert_eq!(Typed::parse(line), Err(error));
    }
}

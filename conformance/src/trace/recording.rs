//! The conversations that come with the program: each case as it was played against the server of this project.
//!
//! The file `traces.txt` in a protocol's folder keeps them. It has one line per event:
//!
//! ```text
//! reading long-width 8
//!
//! case login-accepted
//! alice - connects (its name is "alice")
//! alice > 00 00000005616c696365
//! alice < 01
//! ```
//!
//! A line names the lane, and a sign says what happened: `>` means that the lane sent these bytes, `<` that it received
//! them, `-` that it did something else, and `|` that the server ended the connection. The word `fence` before the bytes
//! marks a part of a fence. The word `unasked` marks a packet that the server sends unasked, or the client's answer to such
//! a packet. `+ 12` after the last line of a case says that 12 further events were not recorded. A line that begins with `!`
//! says why a case has no recording. The file does not contain the meaning of the bytes. The codec of wire.kdl finds the
//! meaning each time, so a trace is still right after wire.kdl has changed.

use std::fmt;

use super::notation;
use crate::grammar::Choices;
use crate::run::{Direction, Event, TcpSign};
use crate::suite;

/// The name of the file in a protocol's folder.
pub const FILE: &str = "traces.txt";

/// The recorded conversations of one protocol.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// If this protocol extends another one, the name of the other protocol. The recording of the other protocol has the
    /// cases that are not in this recording.
    pub also: Option<String>,
    /// The choices of the readings that the recorded server follows.
    pub choices: Choices,
    /// The cases, in the order of the suite.
    pub cases: Vec<Recorded>,
}

/// The conversation of one case.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// The id of the case.
    pub id: String,
    /// The events, in the order in which they happened.
    pub events: Vec<Event>,
    /// The number of further events, which were not recorded.
    pub more: usize,
    /// Why the conversation cannot be recorded; `None` if it is recorded.
    pub lacking: Option<String>,
}

/// A line of a recording that has a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRecording {
    /// Its number, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

impl fmt::Display for WrongRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrongRecording { line, text } = self;
        write!(f, "line {line} is not a line of a recording: {text:?}")
    }
}

impl std::error::Error for WrongRecording {}

impl Recording {
    /// Returns the recording that comes with a protocol; `None` if there is none.
    #[must_use]
    pub fn of(protocol: &str) -> Option<Recording> {
        Recording::read(suite::built_in_file(protocol, FILE)?).ok()
    }

    /// Returns the conversation of a case, and the choices of the readings with which it was played. If the case is not in
    /// this recording, looks in the recording of the protocol that this one extends.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<(Choices, Recorded)> {
        match self.cases.iter().find(|case| case.id == id) {
            Some(case) => Some((self.choices.clone(), case.clone())),
            None => Recording::of(self.also.as_deref()?)?.find(id),
        }
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// The first line that has a mistake.
    pub fn read(text: &str) -> Result<Recording, WrongRecording> {
        let mut recording = Recording::default();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            recording.take(line).ok_or_else(|| WrongRecording {
                line: index + 1,
                text: line.to_owned(),
            })?;
        }
        Ok(recording)
    }

    /// Reads one line into this recording. Returns `None` if the line has a mistake.
    fn take(&mut self, line: &str) -> Option<()> {
        let (first, rest) = line.split_once(' ')?;
        match (first, self.cases.last_mut()) {
            ("also", None) => self.also = Some(rest.to_owned()),
            ("reading", None) => {
                let (name, choice) = rest.split_once(' ')?;
                self.choices.insert(name.to_owned(), choice.to_owned());
            }
            ("case", _) => self.cases.push(Recorded {
                id: rest.to_owned(),
                ..Recorded::default()
            }),
            ("!", Some(case)) => case.lacking = Some(rest.to_owned()),
            ("+", Some(case)) => case.more = rest.parse().ok()?,
            (lane, Some(case)) => case.events.push(event(lane, rest)?),
            _ => return None,
        }
        Some(())
    }

    /// Returns the text of the file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from(
            "# Conversations of the cases with the server of this project. The tests write this file and keep it true:\n\
             # see protocols/README.md.\n",
        );
        if let Some(base) = &self.also {
            text.push_str(&format!("also {base}\n"));
        }
        for (name, choice) in &self.choices {
            text.push_str(&format!("reading {name} {choice}\n"));
        }
        for case in &self.cases {
            text.push_str(&format!("\ncase {}\n", case.id));
            for event in &case.events {
                text.push_str(&line(event));
            }
            if let Some(why) = &case.lacking {
                text.push_str(&format!("! {why}\n"));
            }
            if case.more > 0 {
                text.push_str(&format!("+ {}\n", case.more));
            }
        }
        text
    }
}

const SIGNS: [(Direction, &str); 4] = [
    (Direction::Sends, ">"),
    (Direction::Sees, "<"),
    (Direction::Does, "-"),
    (Direction::Ends, "|"),
];

fn line(event: &Event) -> String {
    let mut signs = SIGNS.iter();
    let sign = signs.find(|(direction, _)| *direction == event.direction);
    let sign = sign.map_or("-", |(_, sign)| *sign);
    let mark = match (event.fence, event.unasked) {
        (true, _) => "fence ",
        (_, true) => "unasked ",
        _ => "",
    };
    let what = match event.direction {
        Direction::Sends | Direction::Sees => notation::written(&event.data, event.length),
        Direction::Does | Direction::Ends => event.text.clone(),
    };
    format!("{} {sign} {mark}{what}\n", event.lane)
}

fn event(lane: &str, rest: &str) -> Option<Event> {
    let (sign, rest) = rest.split_once(' ')?;
    let (direction, _) = SIGNS.iter().find(|(_, known)| *known == sign)?;
    let (fence, rest) = marked(rest, "fence ");
    let (unasked, rest) = marked(rest, "unasked ");
    let mut event = Event::of_words(lane, 0, *direction, rest.to_owned());
    match direction {
        Direction::Sends | Direction::Sees => {
            let (bytes, length) = notation::read(rest)?;
            event = event.with_bytes(&bytes, length);
        }
        Direction::Does if rest.starts_with("connects") => event.tcp = Some(TcpSign::Syn),
        Direction::Does | Direction::Ends => {}
    }
    Some(Event {
        fence,
        unasked,
        ..event
    })
}

fn marked<'a>(text: &'a str, mark: &str) -> (bool, &'a str) {
    match text.strip_prefix(mark) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "also chaton\nreading long-width 8\n\ncase hello\nalice - connects (its name is \"alice\")\n\
                        alice > 00 78*20 +5\n(fence) < fence 01\nalice | the connection was closed (FIN)\n+ 12\n\
                        \ncase long\n! it is too long\n";

    #[test]
    fn a_recording_reads_back_as_it_was_written() {
        let recording = Recording::read(TEXT).expect("it has no mistake");
        let written = recording.text();
        let lines: Vec<&str> = written
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        assert_eq!(lines, TEXT.lines().collect::<Vec<_>>());
        let [case, long] = recording.cases.as_slice() else {
            panic!("it has two cases");
        };
        assert_eq!(long.lacking.as_deref(), Some("it is too long"));
        assert_eq!((case.events.len(), case.more), (4, 12));
        assert_eq!((case.events[1].data.len(), case.events[1].length), (21, 26));
        assert!(case.events[2].fence);
    }

    #[test]
    fn a_mistake_is_named_by_its_line() {
        for wrong in ["alice > 0", "alice ? 00", "alice", "+ x", "reading a"] {
            let found = Recording::read(&format!("case a\n{wrong}\n")).map(|_| ());
            let expected = WrongRecording {
                line: 2,
                text: wrong.to_owned(),
            };
            assert_eq!(found, Err(expected));
        }
        let before = Recording::read("alice > 00\n").map(|_| ());
        assert!(before.is_err(), "an event before the first case");
    }

    #[test]
    fn each_protocol_comes_with_a_recording_without_mistakes() {
        for protocol in suite::Suite::built_in_names() {
            let text = suite::built_in_file(protocol, FILE).expect("the file exists");
            if let Err(mistake) = Recording::read(text) {
                panic!("{protocol}: {mistake}");
            }
        }
    }
}

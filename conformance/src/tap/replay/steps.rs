//! Turns the recording into the steps of a scenario.

use std::collections::BTreeMap;

use crate::grammar::{Frame, Grammar, Side, Value};
use crate::tap::record::{Moment, What};
use crate::tap::watch::Heard;

use super::names::Names;
use super::value::{bytes, in_hex, literal};

/// Maximum number of steps. A longer scenario would be too long to read.
const MOST_STEPS: usize = 2000;

/// Maximum number of raw bytes that a step contains literally. Larger sends are replaced by random bytes.
const WRITTEN_BYTES: usize = 2048;

/// The steps of a scenario, in order.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    /// Why the scenario ends before the recording ends; `None` if it contains the whole recording.
    pub(super) stopped: Option<String>,
}

/// One step of the scenario, or the opening of one connection.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) connection: usize,
    pub(super) kind: Kind,
    /// The text of the step after its arrow, `>` or `<`.
    pub(super) text: String,
    /// A comment above the step, for readers of the scenario.
    pub(super) remark: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Opens,
    Sends,
    Sees,
    /// The client shuts down, closes or resets the connection.
    Does,
    /// The lane stays silent.
    Silent,
}

struct Making<'a> {
    grammar: &'a Grammar,
    names: &'a Names,
    made: Steps,
    /// The connections that have been opened so far. Steps may name only the lanes of these connections.
    opened: Vec<usize>,
    ended: Vec<usize>,
    /// The bytes of each large raw send, with the name under which the scenario remembers their hash.
    blobs: BTreeMap<Vec<u8>, String>,
}

impl Steps {
    pub(super) fn of(grammar: &Grammar, moments: &[Moment], names: &Names) -> Steps {
        let mut making = Making {
            grammar,
            names,
            made: Steps::default(),
            opened: Vec::new(),
            ended: Vec::new(),
            blobs: BTreeMap::new(),
        };
        let moments = joined(moments);
        for (index, moment) in moments.iter().enumerate() {
            if making.ended.contains(&moment.connection) {
                continue;
            }
            let rest = moments.get(index + 1..).unwrap_or_default();
            if let Err(why) = making.add(moment, rest) {
                making.made.stopped = Some(why);
                break;
            }
        }
        making.watch_the_last();
        making.made
    }
}

/// Returns the moments. Raw bytes that follow each other on the same connection and in the same direction become one moment.
/// Two moments are not joined if, between them, something else happened on the connection. They are also not joined if,
/// between them, a client sent something on another connection, because this client may have answered the first bytes.
fn joined(moments: &[Moment]) -> Vec<Moment> {
    let mut joined: Vec<Moment> = Vec::new();
    // For each connection and direction: the index of the moment with raw bytes to which the next raw bytes may be joined.
    let mut growing: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    for moment in moments {
        let connection = moment.connection;
        let key = match &moment.what {
            What::Said(side, Heard::Raw(_)) => Some((connection, *side == Side::Client)),
            _ => None,
        };
        let earlier = key.and_then(|key| growing.get(&key).copied());
        if let (Some(index), What::Said(_, Heard::Raw(more))) = (earlier, &moment.what)
            && let Some(What::Said(_, Heard::Raw(bytes))) =
                joined.get_mut(index).map(|moment| &mut moment.what)
        {
            bytes.extend(more);
            continue;
        }
        let says = |heard: &Heard| !matches!(heard, Heard::Fin | Heard::Reset);
        let sends = matches!(&moment.what, What::Said(Side::Client, heard) if says(heard));
        growing.retain(|(other, _), _| *other != connection && !sends);
        if let Some(key) = key {
            growing.insert(key, joined.len());
        }
        joined.push(moment.clone());
    }
    joined
}

impl Making<'_> {
    fn add(&mut self, moment: &Moment, rest: &[Moment]) -> Result<(), String> {
        if self.made.steps.len() >= MOST_STEPS {
            return Err(format!("the conversation has more than {MOST_STEPS} steps"));
        }
        let connection = moment.connection;
        let (side, heard) = match &moment.what {
            What::Opened { .. } => {
                self.opened.push(connection);
                self.push(connection, Kind::Opens, String::new(), None);
                return Ok(());
            }
            What::Refused { .. } => {
                self.ended.push(connection);
                self.made.steps.retain(|step| step.connection != connection);
                self.opened.retain(|other| *other != connection);
                return Ok(());
            }
            What::Said(side, heard) => (*side, heard),
        };
        let kind = match side {
            Side::Client => Kind::Sends,
            Side::Server => Kind::Sees,
        };
        match heard {
            Heard::Frame {
                frame,
                bytes: all,
                wrong,
            } => {
                let text = match wrong {
                    Some(_) if !self.may_be_written(side, frame) => self.raw(kind, all, false)?,
                    _ => self.packet(side, frame),
                };
                self.push(connection, kind, text, wrong.clone());
            }
            Heard::Broken { bytes: all, .. } | Heard::LeftOver(all) => {
                let text = self.raw(kind, all, false)?;
                self.push(connection, kind, text, heard.wrong());
            }
            Heard::Raw(all) => {
                let text = self.raw(kind, all, true)?;
                self.push(connection, kind, text, None);
            }
            Heard::Fin | Heard::Reset => self.end(connection, side, heard, rest),
        }
        Ok(())
    }

    fn push(&mut self, connection: usize, kind: Kind, text: String, remark: Option<String>) {
        self.made.steps.push(Step {
            connection,
            kind,
            text,
            remark,
        });
    }

    /// Returns whether a frame that breaks a rule of the protocol can still be written as a packet. This is possible only if
    /// a client sent the frame, and the packet is one that clients send. For example, a text in the packet may be too long.
    /// All other wrong frames are written as bytes.
    fn may_be_written(&self, side: Side, frame: &Frame) -> bool {
        let packet = self.grammar.packet(frame.packet);
        side == Side::Client && packet.is_sent_by(side)
    }

    fn packet(&self, side: Side, frame: &Frame) -> String {
        let packet = self.grammar.packet(frame.packet);
        let mut text = packet.name.clone();
        let mut lists = Vec::new();
        for (field, decoded) in packet.fields.iter().zip(&frame.fields) {
            let name = &field.name;
            match &decoded.value {
                Value::Absent => {}
                Value::List(items) => {
                    let items = items
                        .iter()
                        .map(|item| format!(" {}", self.value(side, name, item)));
                    lists.push(format!("{name}{}", items.collect::<String>()));
                }
                value => text.push_str(&format!(" {name}={}", self.value(side, name, value))),
            }
        }
        if !lists.is_empty() {
            text.push_str(&format!(" {{ {} }}", lists.join("; ")));
        }
        text
    }

    /// Returns one value in the form in which a step contains it: the name of a lane, a remembered value, or a literal.
    fn value(&self, side: Side, field: &str, value: &Value) -> String {
        let lanes = self
            .opened
            .iter()
            .filter_map(|open| self.names.lanes.get(open));
        let names = lanes.map(|lane| lane.name.as_str());
        let login = match value {
            Value::Text(login) => self.names.logins.get(login),
            _ => None,
        };
        let login = login.filter(|lane| names.clone().any(|open| open == lane.as_str()));
        match (login, self.names.remembered(field, value)) {
            (Some(lane), _) => format!("@{lane}"),
            (None, Some(name)) if side == Side::Client => format!("${name}"),
            (None, Some(name)) => format!("?{name}"),
            (None, None) => literal(value, names),
        }
    }

    /// Returns a step for raw bytes, as text. If a client sent more bytes than a scenario can show, the scenario sends the
    /// same number of random bytes instead, and remembers their hash.
    fn raw(&mut self, kind: Kind, all: &[u8], is_tunnel: bool) -> Result<String, String> {
        let sends = kind == Kind::Sends;
        if all.len() <= WRITTEN_BYTES {
            let word = if sends { "raw" } else { "bytes" };
            let written = if is_tunnel { bytes(all) } else { in_hex(all) };
            return Ok(format!("{word} {written}"));
        }
        let length = all.len();
        let known = self.blobs.get(all).cloned();
        match (sends, known) {
            (false, Some(blob)) => Ok(format!("bytes {length} sha256=${blob}")),
            (false, None) => Err(format!(
                "the server sent {length} bytes; a scenario can check this many bytes only if a client has sent the same bytes before in one piece"
            )),
            (true, _) => {
                let number = self.blobs.len() + 1;
                let blob = format!("blob{number}");
                self.blobs.insert(all.to_vec(), blob.clone());
                Ok(format!("random {length} seed={number} as={blob}"))
            }
        }
    }

    fn end(&mut self, connection: usize, side: Side, heard: &Heard, rest: &[Moment]) {
        let more_comes = rest.iter().any(|later| {
            let from_server = matches!(
                &later.what,
                What::Said(Side::Server, said) if !matches!(said, Heard::Fin | Heard::Reset)
            );
            later.connection == connection && from_server
        });
        let (kind, text, is_last) = match (side, heard) {
            (Side::Client, Heard::Fin) if more_comes => (Kind::Does, "shutdown", false),
            (Side::Client, Heard::Fin) => (Kind::Does, "close", true),
            (Side::Client, _) => (Kind::Does, "abort", true),
            (Side::Server, Heard::Fin) => (Kind::Sees, "eof", false),
            (Side::Server, _) => (Kind::Sees, "reset", true),
        };
        self.push(connection, kind, text.to_owned(), None);
        if is_last {
            self.ended.push(connection);
        }
    }

    /// If the server did not answer the last send of the recording, adds a step that expects silence. Without this step, the
    /// scenario would not check the effect of the send. A lane of raw bytes gets no such step, because silence is proved
    /// with a fence, and a fence consists of packets.
    fn watch_the_last(&mut self) {
        let Some(last) = self.made.steps.last() else {
            return;
        };
        let connection = last.connection;
        let was_answered = self.made.steps.iter().any(|step| {
            step.connection == connection && step.kind == Kind::Sees && !is_bytes(&step.text)
        });
        let speaks_bytes = self
            .made
            .steps
            .iter()
            .any(|step| step.connection == connection && is_bytes(&step.text));
        if last.kind == Kind::Sends && was_answered && !speaks_bytes {
            self.push(connection, Kind::Silent, "silence".to_owned(), None);
        }
    }
}

fn is_bytes(text: &str) -> bool {
    ["raw ", "bytes ", "random "]
        .iter()
        .any(|word| text.starts_with(word))
}

//! Encodes and decodes the packets of a load, for a protocol that a suite describes. wire.kdl describes the exchanges of
//! packets. For each reading, a choice is already made.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::exchange::Parties;
use super::names::Naming;
use super::tongue::{Heard, Login, Tongue};
use conformance_suite::grammar::{
    Choices, Decoded, DecodedField, Direction, Frame, Grammar, Load, LoadExpr, LoadStep, Side,
    Transport, Value, Wire,
};
use conformance_suite::tls::TlsClient;

/// A protocol that a suite describes, for a load. For each reading, a choice is already made.
#[derive(Debug)]
pub(crate) struct Speech {
    grammar: Grammar,
    wire: Wire,
    pub(crate) load: Load,
    naming: Naming,
    tls: Option<TlsClient>,
}

/// What the received bytes begin with.
#[derive(Debug)]
pub(super) enum Front {
    /// Too few bytes to decide.
    Nothing,
    /// A complete frame.
    Frame(Frame),
    /// Bytes that no server of this protocol sends.
    Broken(String),
}

impl Speech {
    /// Makes the speech for these choices of the readings. The error says why the protocol cannot be used for a load.
    pub(crate) fn new(
        grammar: &Grammar,
        choices: &Choices,
        settings: &BTreeMap<String, String>,
    ) -> Result<Speech, String> {
        let Some(load) = grammar.load.clone() else {
            return Err(format!(
                "wire.kdl of {} does not say how the clients of a load log in; add `load {{ login {{ ... }} }}`",
                grammar.name
            ));
        };
        let tls = match grammar.transport {
            Transport::Tcp => None,
            Transport::Tls => Some(TlsClient::new(None).map_err(|error| error.to_string())?),
        };
        Ok(Speech {
            wire: grammar.in_reading(choices),
            naming: Naming::of(grammar.names, grammar.longest_name_in_load(&load), settings)?,
            load,
            tls,
            grammar: grammar.clone(),
        })
    }

    /// Returns the bytes that a step sends, or the bytes that it waits for.
    pub(crate) fn bytes(&self, step: &LoadStep, parties: &Parties) -> Result<Vec<u8>, String> {
        let values = step.fields.iter().map(|expr| match expr {
            LoadExpr::SignatureOf(lane) => self.signature(parties.name(*lane)?),
            known => parties.value(known),
        });
        let Some(values) = values.collect::<Option<Vec<Value>>>() else {
            let name = &self.grammar.packet(step.packet).name;
            return Err(format!(
                "in the `load` block of wire.kdl, a step sends {name} before the values of all its fields are known"
            ));
        };
        let side = match step.direction {
            Direction::Sends => Side::Client,
            Direction::Sees => Side::Server,
        };
        let encoded = self.wire.encode(side, step.packet, &values);
        encoded.map_err(|error| error.to_string())
    }

    fn signature(&self, name: &str) -> Option<Value> {
        self.naming.signature(name).map(Value::Bytes)
    }

    /// Returns the answer that a client sends automatically to this frame, for example the answer to a ping.
    fn answer(&self, asked: &Frame) -> Option<Heard> {
        let (packet, values) = self.grammar.answer_to(asked)?;
        let bytes = self.wire.encode(Side::Client, packet, &values).ok()?;
        Some(Heard::Answer(asked.length, bytes))
    }

    pub(crate) fn front(&self, bytes: &[u8]) -> Front {
        match self.wire.decode(Side::Server, bytes) {
            Decoded::Partial(_) => Front::Nothing,
            Decoded::Frame(frame) => Front::Frame(frame),
            Decoded::Broken { why, .. } => Front::Broken(why),
        }
    }

    /// Describes a frame, for people.
    pub(crate) fn in_words(&self, frame: &Frame) -> String {
        let mut words = self.grammar.packet(frame.packet).name.clone();
        let is_sent = |field: &&DecodedField| field.value != Value::Absent;
        for field in frame.fields.iter().filter(is_sent) {
            let _ = write!(words, " {}={}", field.name, field.value);
        }
        words
    }

    /// Describes the frame that a step waits for.
    pub(crate) fn expected(&self, step: &LoadStep) -> &str {
        &self.grammar.packet(step.packet).name
    }
}

impl Tongue for Speech {
    fn names(&self, count: usize) -> Result<Vec<String>, String> {
        self.naming.make(count)
    }

    fn again(&self, name: &str, turn: u32) -> String {
        self.naming.again(name, turn)
    }

    fn has_messages(&self) -> bool {
        self.load.message.is_some()
    }

    fn tls(&self) -> Option<&TlsClient> {
        self.tls.as_ref()
    }

    fn hello(&self, login: &mut Login) -> Result<Vec<u8>, String> {
        self.goes_on(login)
    }

    fn hear_login(&self, login: &mut Login, front: &[u8]) -> Heard {
        let frame = match self.front(front) {
            Front::Nothing => return Heard::More,
            Front::Broken(why) => return Heard::Broken(why),
            Front::Frame(frame) => frame,
        };
        if let Some(answer) = self.answer(&frame) {
            return answer;
        }
        let steps = &self.load.login;
        let Some(awaited) = login.progress.awaits(steps) else {
            return Heard::In(0);
        };
        if !login.parties.fits(awaited, &frame) {
            return Heard::Broken(format!(
                "the server answered the login with {} instead of {}",
                self.in_words(&frame),
                self.expected(awaited)
            ));
        }
        login.progress.seen();
        match self.goes_on(login) {
            Err(why) => Heard::Broken(why),
            Ok(_) if login.progress.awaits(steps).is_none() => Heard::In(frame.length),
            Ok(bytes) => Heard::Answer(frame.length, bytes),
        }
    }

    fn hear(&self, front: &[u8]) -> Heard {
        let frame = match self.front(front) {
            Front::Nothing => return Heard::More,
            Front::Broken(why) => return Heard::Broken(why),
            Front::Frame(frame) => frame,
        };
        if let Some(answer) = self.answer(&frame) {
            return answer;
        }
        let length = frame.length;
        let Some(message) = &self.load.message else {
            return Heard::Unexpected(length, self.in_words(&frame));
        };
        let answer = message.answer.as_ref();
        if answer.is_some_and(|answer| Parties::default().fits(answer, &frame)) {
            return Heard::Fine(length);
        }
        let at = message
            .arrives
            .fields
            .iter()
            .position(|field| *field == LoadExpr::Text);
        match at.and_then(|at| frame.fields.get(at)) {
            Some(text) if frame.packet == message.arrives.packet => Heard::Message {
                text: text.bytes.clone(),
                length,
            },
            _ => Heard::Unexpected(length, self.in_words(&frame)),
        }
    }

    fn message(&self, name: &str, text: &str) -> Result<Vec<u8>, String> {
        match &self.load.message {
            Some(message) => self.bytes(&message.sent, &Parties::of_me(name).saying(text)),
            None => Err("this protocol does not have a broadcast".to_owned()),
        }
    }

    fn arrival(&self, name: &str, text: &str) -> Option<Vec<u8>> {
        let arrives = &self.load.message.as_ref()?.arrives;
        self.bytes(arrives, &Parties::of_me(name).saying(text)).ok()
    }
}

impl Speech {
    /// Returns the bytes that a client sends next during its login.
    fn goes_on(&self, login: &mut Login) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        for step in login.progress.sends(&self.load.login) {
            bytes.extend(self.bytes(step, &login.parties)?);
        }
        Ok(bytes)
    }
}

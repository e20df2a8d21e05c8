//! Finds out whether a server at the target's address speaks this protocol. The runner does this before it plays the first
//! case, and again later to check that the target still answers.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::evidence::{End, hex};
use crate::grammar::{
    Choices, Decoded, Direction, FenceExpr, FenceStep, Grammar, Names, Party, Side, Value, Wire,
    uuid_of,
};
use crate::play::lane::{Bell, Connection, NoTls, ReceiveBuffer, Speech};
use crate::play::shared::{Shared, names};
use crate::scenario::Cut;

/// The number of rounds of login attempts. If all attempts fail, the runner decides that the target does not answer.
const TRIES: usize = 3;

/// The usual length of an RSA signature, in bytes.
const SIGNATURE_BYTES: usize = 256;

/// The first bytes of every HTTP response.
pub(crate) const HTTP: &[u8] = b"HTTP/";

/// The result of one login attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Met {
    /// The target answered with a frame of the protocol.
    Protocol,
    /// No connection was possible, for this reason.
    NoConnection(String),
    /// The runner cannot encode a login, for this reason. It opened no connection.
    NoLogin(String),
    /// The target accepted the connection, but the TLS handshake failed, for this reason.
    NoTls(String),
    /// The target accepted the connection, but the TLS handshake did not end in time. The value is a message about this.
    LateTls(String),
    /// The target accepted the connection, but sent no byte.
    Silence,
    /// The target accepted the connection, and ended it without sending a byte.
    Closed(End),
    /// The target sent bytes that are not a frame of the protocol, whatever choices of the readings the runner assumes. The
    /// value holds the first of these bytes.
    Strange(Vec<u8>),
}

/// Tries to log in, up to three times with each choice of each reading, every time on a new connection. `Err` holds the
/// result of the last attempt.
pub(crate) fn establish(shared: &Shared<'_>, target: SocketAddr) -> Result<(), Met> {
    let grammar = &shared.suite.grammar;
    let wires = wires(grammar);
    let mut met = Met::Silence;
    for attempt in 0..TRIES {
        let logins = logins(shared, grammar, &wires).map_err(Met::NoLogin)?;
        if logins.is_empty() && attempt == 0 {
            // wire.kdl may declare no login. Then the runner can only check that the target listens.
            return connect(shared, target, shared.speech(true)).map(|_| ());
        }
        for login in logins {
            met = meet(shared, target, shared.speech(true), &wires, login);
            match met {
                Met::Protocol => return Ok(()),
                // A second attempt would not help if the target does not listen or does not speak TLS.
                Met::NoConnection(_) | Met::NoTls(_) | Met::LateTls(_) => return Err(met),
                _ => {}
            }
        }
    }
    Err(met)
}

/// Opens a new connection. Also returns the bell that rings when something arrives on this connection.
pub(crate) fn connect(
    shared: &Shared<'_>,
    target: SocketAddr,
    speech: Speech<'_>,
) -> Result<(Connection, Arc<Bell>), Met> {
    let bell = shared.bell();
    let (bound, buffer) = (shared.bounds.wait(None), ReceiveBuffer::Usual);
    let no_tls = |error: &io::Error| error.get_ref().is_some_and(|inner| inner.is::<NoTls>());
    Connection::open(target, bound, buffer, speech, "contact", &bell)
        .map(|connection| (connection, bell))
        .map_err(|error| match (no_tls(&error), error.kind()) {
            (true, ErrorKind::TimedOut) => Met::LateTls(error.to_string()),
            (true, _) => Met::NoTls(error.to_string()),
            (false, _) => Met::NoConnection(error.to_string()),
        })
}

/// Opens one new connection and tries one login.
pub(crate) fn meet(
    shared: &Shared<'_>,
    target: SocketAddr,
    speech: Speech<'_>,
    wires: &[Wire],
    login: Vec<u8>,
) -> Met {
    let (mut connection, bell) = match connect(shared, target, speech) {
        Ok(connected) => connected,
        Err(met) => return met,
    };
    connection.send(login, Cut::Whole, None);
    let until = shared.at_latest(Instant::now() + shared.bounds.wait(None));
    loop {
        let rung = bell.count();
        connection.absorb();
        let received = connection.received();
        let answered = wires
            .iter()
            .any(|wire| matches!(wire.decode(Side::Server, received), Decoded::Frame(_)));
        if answered {
            return Met::Protocol;
        }
        // If no codec can decode the bytes, further bytes cannot make them right.
        let hopeless = wires
            .iter()
            .all(|wire| matches!(wire.decode(Side::Server, received), Decoded::Broken { .. }));
        let end = connection.end();
        if hopeless || end.is_some() || Instant::now() >= until || shared.is_over() {
            return match (received, end) {
                ([], Some((_, end))) => Met::Closed(end),
                ([], None) => Met::Silence,
                (bytes, _) => Met::Strange(bytes.iter().take(200).copied().collect()),
            };
        }
        bell.wait(rung, until);
    }
}

/// Returns several codecs. The first uses the first choice of every reading. Then comes one codec for each other choice.
pub(crate) fn wires(grammar: &Grammar) -> Vec<Wire> {
    let mut wires = vec![grammar.in_reading(&Choices::new())];
    for reading in &grammar.readings {
        for choice in reading.choices.iter().skip(1) {
            let choices = Choices::from([(reading.name.clone(), choice.name.clone())]);
            wires.push(grammar.in_reading(&choices));
        }
    }
    wires
}

/// Returns the bytes of a login in every encoding that these codecs give. If several codecs give the same bytes, the list
/// has them only once. The list is empty if wire.kdl declares no login. The error says why no codec can encode the login.
pub(crate) fn logins(
    shared: &Shared<'_>,
    grammar: &Grammar,
    wires: &[Wire],
) -> Result<Vec<Vec<u8>>, String> {
    let Some(first) = first_step(grammar) else {
        return Ok(Vec::new());
    };
    let most = grammar.longest_name_in_fences();
    if grammar.names == Names::Chosen && most == 0 {
        let packet = &grammar.packet(first.packet).name;
        return Err(format!("wire.kdl allows only an empty name in {packet}"));
    }
    let (number, mut random) = shared.number_case("");
    let name = match grammar.names {
        Names::Chosen => names::fitting("contact", most, &mut random),
        // The target does not know this identity, but a refusal is an answer too.
        Names::Identities => uuid_of(u128::from(random.next())),
    };
    shared.ledger.note_name(number, &name);
    let values: Option<Vec<Value>> = first
        .fields
        .iter()
        .map(|field| match field {
            FenceExpr::NameOf(_) => Some(Value::Text(name.clone())),
            FenceExpr::Literal(value) => Some(value.clone()),
            FenceExpr::SignatureOf(_) => Some(Value::Bytes(random.bytes(SIGNATURE_BYTES))),
            FenceExpr::Token | FenceExpr::Any => None,
        })
        .collect();
    let Some(values) = values else {
        return Ok(Vec::new());
    };
    let mut logins: Vec<Vec<u8>> = Vec::new();
    let mut refusal = None;
    for wire in wires {
        match wire.encode(Side::Client, first.packet, &values) {
            Ok(bytes) if !logins.contains(&bytes) => logins.push(bytes),
            Ok(_) => {}
            Err(why) => refusal = Some(why),
        }
    }
    match refusal {
        Some(why) if logins.is_empty() => {
            let packet = &grammar.packet(first.packet).name;
            Err(format!("{packet} cannot be encoded: {why}"))
        }
        _ => Ok(logins),
    }
}

/// Returns the packet that a lane sends first in `fence unidentified`; `None` if wire.kdl declares no such exchange.
fn first_step(grammar: &Grammar) -> Option<&FenceStep> {
    let first = grammar.fence_unidentified.as_ref()?.steps.first()?;
    (first.who == Party::To && first.direction == Direction::Sends).then_some(first)
}

/// Returns whether an HTTP server answered the login.
pub(crate) fn is_http(met: &Met) -> bool {
    matches!(met, Met::Strange(bytes) if bytes.starts_with(HTTP))
}

/// Describes the result of a login attempt, for the person who started the run.
pub(crate) fn in_words(target: SocketAddr, met: &Met) -> String {
    match met {
        Met::Protocol => format!("{target} answers"),
        Met::NoConnection(error) if error.contains("refused") => {
            format!("nothing listens on {target}; start the server first, or check the address")
        }
        Met::NoConnection(error) => format!("cannot connect to {target}: {error}"),
        Met::NoLogin(why) => {
            format!("cannot check whether {target} speaks this protocol: {why}")
        }
        Met::NoTls(why) | Met::LateTls(why) => {
            format!("{target} does not speak TLS as this protocol requires: {why}")
        }
        Met::Silence => {
            format!(
                "{target} accepts connections, but did not answer a login on any of {TRIES} connections"
            )
        }
        Met::Closed(End::Reset) => format!("{target} resets the connection after a login"),
        Met::Closed(_) => {
            format!("{target} closes the connection after a login, without an answer")
        }
        Met::Strange(bytes) if bytes.starts_with(HTTP) => {
            let line: Vec<u8> = bytes
                .iter()
                .copied()
                .take_while(|byte| !matches!(byte, b'\r' | b'\n'))
                .collect();
            let line = String::from_utf8_lossy(&line);
            format!("an HTTP server on {target} answered {line:?}; check the port")
        }
        Met::Strange(bytes) => format!(
            "{target} answers a login with the bytes {}, which no interpretation of the document allows",
            hex(bytes, 16)
        ),
    }
}

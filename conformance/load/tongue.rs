//! The interface between a load and a protocol: what a load must be able to send and to understand.

use std::ops::Range;

use super::exchange::{Parties, Progress};
use super::names::Naming;
use conformance_suite::tls::TlsClient;

/// The name of one client, and the steps of its login that are done.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) name: String,
    /// The client's position in the exchange. Only protocols with a wire.kdl use it.
    pub(crate) progress: Progress,
    pub(crate) parties: Parties,
}

impl Login {
    /// Returns the login of a client that has sent nothing yet.
    pub(crate) fn of(name: &str) -> Login {
        Login {
            name: name.to_owned(),
            progress: Progress::default(),
            parties: Parties::of_me(name),
        }
    }
}

/// The meaning of the first bytes that a connection has received and not handled yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Too few bytes to decide.
    More,
    /// The first bytes, of this length, are a valid packet that the load does not need.
    Fine(usize),
    /// The first bytes, of this length, ask for an answer. The second value is the answer.
    Answer(usize, Vec<u8>),
    /// The first bytes, of this length, complete the login of the client.
    In(usize),
    /// A message for all clients: the position of the message's text, and the length of the whole message.
    Message { text: Range<usize>, length: usize },
    /// The first bytes, of this length, are a packet that the server should not have sent to this client. The text describes
    /// them.
    Unexpected(usize, String),
    /// An error that ends the connection of this client. The text describes it.
    Broken(String),
}

/// What a load needs to know about a protocol.
pub(crate) trait Tongue: Sync {
    /// Returns `count` different names.
    fn names(&self, count: usize) -> Result<Vec<String>, String> {
        Naming::Chosen.make(count)
    }

    /// Returns the name with which a client logs in for the `turn`-th time.
    fn again(&self, name: &str, turn: u32) -> String {
        Naming::Chosen.again(name, turn)
    }

    /// Returns whether the protocol has messages for everybody.
    fn has_messages(&self) -> bool {
        true
    }

    /// Returns the TLS settings, if the protocol does not use plain TCP.
    fn tls(&self) -> Option<&TlsClient> {
        None
    }

    /// Returns the first bytes that a client sends.
    fn hello(&self, login: &mut Login) -> Result<Vec<u8>, String>;

    /// Interprets the bytes that arrived at a client during its login.
    fn hear_login(&self, login: &mut Login, front: &[u8]) -> Heard;

    /// Interprets the bytes that arrived at a client that is logged in.
    fn hear(&self, front: &[u8]) -> Heard;

    /// Returns the bytes of a message for everybody.
    fn message(&self, name: &str, text: &str) -> Result<Vec<u8>, String>;

    /// Returns the bytes with which the server delivers the message; `None` if these bytes can vary.
    fn arrival(&self, name: &str, text: &str) -> Option<Vec<u8>>;
}

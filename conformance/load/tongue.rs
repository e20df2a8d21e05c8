//! What a load must be able to say and to understand, whatever the protocol.

use std::ops::Range;

use super::names::Naming;
use super::speech::{Parties, Progress};
use conformance_suite::tls::TlsClient;

/// A client while it logs in.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) name: String,
    /// How far its exchange has come, for protocols that wire.kdl describes.
    pub(crate) progress: Progress,
    pub(crate) parties: Parties,
}

impl Login {
    /// The login of a client that has said nothing yet.
    pub(crate) fn of(name: &str) -> Login {
        Login {
            name: name.to_owned(),
            progress: Progress::default(),
            parties: Parties::of_me(name),
        }
    }
}

/// What the bytes at the front of a connection are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Too little to say.
    More,
    /// So many bytes that a load expects and needs no more.
    Fine(usize),
    /// So many bytes, which ask for these.
    Answer(usize, Vec<u8>),
    /// Behind so many bytes the client is in.
    In(usize),
    /// A message for everybody, and where its text is.
    Message { text: Range<usize>, length: usize },
    /// So many bytes that nobody asked for, in words.
    Unexpected(usize, String),
    /// Something that ends this client, in words.
    Broken(String),
}

/// A protocol as a load speaks it.
pub(crate) trait Tongue: Sync {
    /// Names for so many clients, all of them different.
    fn names(&self, count: usize) -> Result<Vec<String>, String> {
        Naming::Chosen.make(count)
    }

    /// The name under which a client comes back for its `turn`-th time.
    fn again(&self, name: &str, turn: u32) -> String {
        Naming::Chosen.again(name, turn)
    }

    /// Whether there is a message for everybody.
    fn has_messages(&self) -> bool {
        true
    }

    /// What carries its bytes, if not TCP as it is.
    fn tls(&self) -> Option<&TlsClient> {
        None
    }

    /// What a client says first.
    fn hello(&self, login: &mut Login) -> Result<Vec<u8>, String>;

    /// What came to a client that logs in.
    fn hear_login(&self, login: &mut Login, front: &[u8]) -> Heard;

    /// What came to a client that is in.
    fn hear(&self, front: &[u8]) -> Heard;

    /// A message for everybody.
    fn message(&self, name: &str, text: &str) -> Result<Vec<u8>, String>;

    /// The same as it comes to everybody, when that is always the same bytes.
    fn arrival(&self, name: &str, text: &str) -> Option<Vec<u8>>;
}

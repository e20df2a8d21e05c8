//! What all rooms share.
//!
//! **A room is a value.** It knows which clients are connected, their names, and which of their requests are not answered
//! yet. It receives an event ([`Protocol::step`]) and returns effects ([`Effects`]). A room uses no socket, thread, lock or
//! clock: its caller passes the time and the random numbers as arguments.
//!
//! Besides the trait, this module contains what several rooms need: `Connections` (the stage of each connection),
//! [`check_name`] (which names are accepted), [`is_hidden`] (which characters are always shown escaped), [`Roster`] (names
//! of clients), [`pairing`] (requests for private connections, and their ids), [`ConnectIds`] (how ids are made),
//! [`WrongTries`] and [`Guesses`] (limits on guessing), [`Expiries`] (entries that end after a time limit).

mod connect_id;
mod connections;
mod effects;
mod expiries;
mod guesses;
mod hidden;
mod name;
pub mod pairing;
mod roster;
mod tunnel_stage;
mod wrong_tries;

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::wire::Malformed;

pub use connect_id::{ConnectIds, Entropy};
pub(crate) use connections::{Connections, Lifecycle, Stage};
pub use effects::{Effect, Effects, Packet, Recipient, Remark};
pub use expiries::{Expiries, Ticket};
pub use guesses::{AnswerTime, Guesses};
pub use hidden::{Visible, is_hidden, is_invisible, write_escape};
pub use name::{NameRefused, check_name};
pub use roster::{Roster, Taken};
pub(crate) use tunnel_stage::TunnelStage;
pub use wrong_tries::{GuessLimits, WrongTries};

/// The number of a connection. A number is never used twice while the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// A map from connections to the data that is stored for each of them. A room reads such maps several times for each
/// message, so the map uses a fast hash function. If an attacker could choose the keys, such a function could make the map
/// slow. But here the keys are the numbers of connections, which peers cannot choose.
pub type ByConn<T> = FxHashMap<ConnId, T>;

/// The server's half of a protocol: how bytes become commands, and what each command does to the room.
pub trait Protocol: Send + 'static {
    /// The name on the command line and in logs, such as `chaton`.
    const NAME: &'static str;
    /// Those options of the listener that the decoder needs.
    type Codec: Clone + Send + Sync + 'static;
    /// A frame from a client. The frame borrows from the read buffer: text is copied only when the room keeps it.
    type Command<'a>: fmt::Display;
    /// A question that the room cannot answer itself, because finding the answer takes a long time: for example, a password
    /// must be hashed, or a key must be looked up in a database. For a room that asks no questions, this is [`Infallible`].
    type Question: Send + 'static;
    /// The answer to a question. For a room that asks no questions, this is [`Infallible`].
    type Answer: Send + 'static;

    /// Decodes one frame at the front of `input`. Returns the command and its length in bytes, or `None` while bytes
    /// are missing.
    ///
    /// The length may be greater than the length of `input`: when a protocol ignores the last bytes of a command, `decode`
    /// returns the command before these bytes arrive. The engine then reads these bytes and drops them.
    fn decode<'a>(
        codec: &Self::Codec,
        input: &'a [u8],
    ) -> Result<Option<(Self::Command<'a>, usize)>, Malformed>;

    /// Decodes one frame of a connection that is not identified yet. A protocol may have lower limits for such a
    /// connection.
    fn decode_first<'a>(
        codec: &Self::Codec,
        input: &'a [u8],
    ) -> Result<Option<(Self::Command<'a>, usize)>, Malformed> {
        Self::decode(codec, input)
    }

    /// True if the bytes after this command may have to be decoded in another way, for example because a tunnel begins. The
    /// engine lets the room handle such a command before it decodes the next byte.
    fn turns_the_stream(command: &Self::Command<'_>) -> bool;

    /// Returns how much work the answer to a question needs. Quick and slow questions have separate workers, so a quick
    /// question never waits for slow ones.
    fn effort(question: &Self::Question) -> Effort {
        let _ = question;
        Effort::LookUp
    }

    /// Does everything that is due at `now`, then handles an event of one connection.
    ///
    /// The hub and the tests call this function for every event; a room implements only [`Protocol::handle`]. So a time
    /// limit takes effect before any later event, even when the clock's thread is late. And a room never has to call its own
    /// [`Protocol::tick`]. Usually nothing is due, so this function first compares the deadline with `now`, and calls `tick`
    /// only if the deadline has passed.
    fn step(
        &mut self,
        from: ConnId,
        event: Event<Self::Command<'_>, Self::Answer>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<Self::Question> {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.tick(now, out);
        }
        self.handle(from, event, now, out)
    }

    /// Handles an event of one connection. [`Protocol::step`] calls this function, after it has done everything that was
    /// due. The function must not panic, because it runs under the lock that all connections share.
    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Self::Command<'_>, Self::Answer>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<Self::Question>;

    /// Handles a change of keys: the key of the client with this name was replaced, so the old key is no longer valid. If a
    /// question about this client is still unanswered, the answer may be based on the old key, so the room must ignore the
    /// answer.
    fn revoke(&mut self, name: &str, out: &mut Effects) {
        let _ = (name, out);
    }

    /// Returns how long the engine waits after one end of a tunnel has sent its last byte, before it tells the other end.
    /// During this time, a command that closes the tunnel may arrive on another connection, and the server must relay this
    /// command first. The engine calls this function once, when it starts to serve the room.
    fn tunnel_end_delay(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns the time at which [`Protocol::tick`] must be called next; `None` when no time limit is running. The function
    /// must be fast, because it is called before and after each event.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does everything that is due at `now`. The engine calls this function at the deadline. If the engine is late and an
    /// event happens after the deadline, [`Protocol::step`] calls this function before it handles the event.
    fn tick(&mut self, now: Instant, out: &mut Effects) {
        let _ = (now, out);
    }
}

/// What can happen on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<C, A = Infallible> {
    /// The connection was accepted, from this address. `Opened` is always the first event.
    Opened(SocketAddr),
    /// A whole frame arrived.
    Command(C),
    /// The bytes that arrived can never become a frame.
    Malformed(Malformed),
    /// The answer to a question that the room asked with [`Flow::Ask`]. The room handled other events in the meantime, so
    /// its state may have changed since it asked.
    Answer(A),
    /// The engine does not answer a question that the room asked with [`Flow::Ask`], because too many questions are waiting.
    /// The room may ask again when the client tries again.
    Busy,
    /// A time limit of the connection has passed. If the room does not close the connection with [`Effects::finish`],
    /// the same time limit starts again.
    Overdue(Overdue),
    /// The peer has closed its direction of the connection (FIN), so no more bytes will arrive. The server can still write
    /// the bytes that are queued for the peer.
    ReadClosed,
    /// The connection has ended. This is always the last event of a connection. When a tunnel ends, the room gets only this
    /// event for each of the two connections.
    Gone,
}

impl<C, A> Event<C, A> {
    /// Converts the command of an event, or returns the error of the conversion. A protocol that extends another protocol
    /// uses this function to pass events to the room of the other protocol.
    pub fn try_map<D, E>(self, command: impl FnOnce(C) -> Result<D, E>) -> Result<Event<D, A>, E> {
        Ok(match self {
            Event::Opened(address) => Event::Opened(address),
            Event::Command(inner) => Event::Command(command(inner)?),
            Event::Malformed(malformed) => Event::Malformed(malformed),
            Event::Answer(answer) => Event::Answer(answer),
            Event::Busy => Event::Busy,
            Event::Overdue(overdue) => Event::Overdue(overdue),
            Event::ReadClosed => Event::ReadClosed,
            Event::Gone => Event::Gone,
        })
    }
}

/// How much work the answer to a question needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effort {
    /// Less than a millisecond: a database look-up, the check of a signature.
    LookUp,
    /// Tens of milliseconds of one core and 19 MiB of memory: the hash of a password.
    Hash,
}

/// Which time limit of a connection has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overdue {
    /// The time limit for the first byte.
    FirstByte,
    /// The time limit for the identification, counted from the first byte.
    Identification,
    /// The time limit for the rest of a frame, when the peer has sent only a part of it.
    Frame,
}

/// What the connection's reader does after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow<Q = Infallible> {
    /// The next bytes are frames.
    Frames,
    /// The next bytes are frames, but the reader decodes none of them until the room has got [`Event::Answer`] or
    /// [`Event::Busy`] for this question. Only this connection waits. If the room returns `Ask` for [`Event::Overdue`], this
    /// has no effect, because that event comes from the clock and not from the reader.
    Ask(Q),
    /// All following bytes belong to a tunnel. The engine stores them, and relays them after [`Effects::tunnel`] has
    /// joined the two ends.
    Raw,
    /// The connection is closing. The reader ignores all further bytes.
    Closed,
}

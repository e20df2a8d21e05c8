//! What all rooms share.
//!
//! **A room is a value.** It knows which clients are connected, their names, and which negotiations are pending. An
//! event comes in ([`Protocol::step`]), effects go out ([`Effects`]). A room knows no socket, thread, lock or clock:
//! time and random numbers are arguments.
//!
//! Beside the trait there is what several rooms need: `Connections` (the stage of each connection), [`check_name`]
//! (which names are accepted), [`is_hidden`] (which characters are never shown as they are), [`Roster`] (names of
//! clients), [`pairing`] (requests for private connections, and their ids), [`ConnectIds`] (how ids are made),
//! [`WrongTries`] and [`Guesses`] (limits on guessing), [`Expiries`] (what ends by itself).

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

/// One connection. A number is never used twice while the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What is kept for each connection. Peers cannot choose the numbers of connections, so a fast hash is safe, and a room
/// looks into such a map several times for each message.
pub type ByConn<T> = FxHashMap<ConnId, T>;

/// A protocol: how bytes become commands, and what each command does to the room.
pub trait Protocol: Send + 'static {
    /// The name on the command line and in logs, such as `chaton`.
    const NAME: &'static str;
    /// What the decoder needs to know of the listener's options.
    type Codec: Clone + Send + Sync + 'static;
    /// A frame from a client. It borrows from the read buffer: text is copied only when the room keeps it.
    type Command<'a>: fmt::Display;
    /// What a room asks because finding the answer is slow: the hash of a password, a database look-up. [`Infallible`]
    /// for a room that asks nothing.
    type Question: Send + 'static;
    /// The answer to a question; [`Infallible`] for a room that asks nothing.
    type Answer: Send + 'static;

    /// Decodes one frame at the front of `input`. Returns the command and its length in bytes, or `None` while bytes
    /// are missing.
    ///
    /// The length may be greater than that of `input`, when a command is complete before its last bytes arrive because
    /// they are ignored. The engine then reads and drops the rest.
    fn decode<'a>(
        codec: &Self::Codec,
        input: &'a [u8],
    ) -> Result<Option<(Self::Command<'a>, usize)>, Malformed>;

    /// Decodes one frame of a connection that is not identified yet, where a protocol may allow less.
    fn decode_first<'a>(
        codec: &Self::Codec,
        input: &'a [u8],
    ) -> Result<Option<(Self::Command<'a>, usize)>, Malformed> {
        Self::decode(codec, input)
    }

    /// True for a command after which the bytes may mean something else, because a tunnel begins. Such a command is
    /// handled before the next byte is decoded.
    fn turns_the_stream(command: &Self::Command<'_>) -> bool;

    /// Returns how much work it is to find the answer. Questions of different efforts do not wait for each other.
    fn effort(question: &Self::Question) -> Effort {
        let _ = question;
        Effort::LookUp
    }

    /// Does what is due at `now`, then handles what happened on one connection.
    ///
    /// The hub calls this for every event, and so do the tests that drive a room; a room implements
    /// [`Protocol::handle`]. So a time limit ends before the first event that comes after it, even when the clock's
    /// thread is late, and no room has to call its own [`Protocol::tick`]. The deadline is compared first, because
    /// usually nothing is due.
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

    /// Handles what happened on one connection, after everything that was due. Called by [`Protocol::step`]. Must not
    /// panic: it runs under the lock that all connections share.
    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Self::Command<'_>, Self::Answer>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<Self::Question>;

    /// Revokes the credentials of the client with this name, because its key was replaced. An answer that is still on
    /// its way may be based on the old key.
    fn revoke(&mut self, name: &str, out: &mut Effects) {
        let _ = (name, out);
    }

    /// How long the engine delays the end of a tunnel's direction, so that a command that closes the tunnel and arrives
    /// right after the last byte is relayed first. Called once, when the room begins to be served.
    fn tunnel_end_delay(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns when [`Protocol::tick`] must be called next. Must be cheap: it is called before and after each event.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does everything that is due at `now`. Called when the deadline has come, and by [`Protocol::step`] before an
    /// event that comes after it.
    fn tick(&mut self, now: Instant, out: &mut Effects) {
        let _ = (now, out);
    }
}

/// What can happen on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<C, A = Infallible> {
    /// It was accepted; always the first event.
    Opened(SocketAddr),
    /// A whole frame arrived.
    Command(C),
    /// The bytes that arrived can never become a frame.
    Malformed(Malformed),
    /// The answer to a question that the room asked with [`Flow::Ask`]. Other events were handled in the meantime: what
    /// the room knew when it asked may have changed.
    Answer(A),
    /// A question that the room asked with [`Flow::Ask`] gets no answer, because too many questions are waiting. The
    /// room may ask again when the client tries again.
    Busy,
    /// A time limit of the connection has passed. A room that does not answer with [`Effects::finish`] grants the same
    /// time again.
    Overdue(Overdue),
    /// The peer sends no more (FIN). What is queued for it can still be written.
    ReadClosed,
    /// The connection is over; always the last event, and the only one after a tunnel ended.
    Gone,
}

impl<C, A> Event<C, A> {
    /// Converts the command of an event. Returns the error if the command cannot be converted: for a protocol that adds
    /// commands to those of another one.
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

/// How much work it is to find the answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effort {
    /// Less than a millisecond: a database look-up, the check of a signature.
    LookUp,
    /// Tens of milliseconds of one core and 19 MiB of memory: the hash of a password.
    Hash,
}

/// Which time limit has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overdue {
    /// The one for its first byte.
    FirstByte,
    /// The one for its identification, counted from its first byte.
    Identification,
    /// The one for the rest of a frame that it began.
    Frame,
}

/// How the connection's reader goes on after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow<Q = Infallible> {
    /// The next bytes are frames.
    Frames,
    /// The next bytes are frames, but none is decoded before [`Event::Answer`] or [`Event::Busy`] has answered this
    /// question. Other connections go on. Has no effect as a reply to [`Event::Overdue`], which comes from the clock
    /// and not from the reader.
    Ask(Q),
    /// From here on the bytes belong to a tunnel. They are kept, and relayed after [`Effects::tunnel`] has joined the
    /// two ends.
    Raw,
    /// The connection is closing. What it still sends is ignored.
    Closed,
}

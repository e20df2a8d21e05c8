//! What every room shares.
//!
//! **A room is a value.** It knows who is connected, what they are called and who is negotiating with whom. An event comes
//! in ([`Protocol::handle`]), effects go out ([`Effects`]); nothing here knows a socket, a thread, a lock or a clock. Time
//! is an argument, and so is chance.
//!
//! What rooms of several protocols need lies beside the trait: [`Connections`] (where each stands), [`check_name`] (what
//! may become a name), [`is_hidden`] (which characters are never shown as they are), [`Roster`] (who is called what), [`pairing`] (who asks whom for a private connection, and which ids are alive), [`ConnectIds`] (how ids are
//! made), [`WrongTries`] and [`Guesses`] (who tries too many, and what they are told when), [`Expiries`] (what ends by itself).

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

/// One connection, for as long as the server runs: a number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnId(pub u64);

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What is kept for each connection. Nobody chooses the numbers of connections, so nothing better than a plain hash is
/// needed, and a room looks into such a map several times for every message.
pub type ByConn<T> = FxHashMap<ConnId, T>;

/// A protocol: how bytes become commands, and what each command does to the room.
pub trait Protocol: Send + 'static {
    /// Its name on the command line and in logs, such as `chaton`.
    const NAME: &'static str;
    /// What the decoder must know of this listener's options.
    type Codec: Clone + Send + Sync + 'static;
    /// A frame from a client. It borrows from the read buffer: no text is copied before the room wants to keep it.
    type Command<'a>: fmt::Display;
    /// What a room must ask before it can go on, because finding out is slow: a password's hash, a look into a database.
    /// [`Infallible`] for a room that knows everything itself.
    type Question: Send + 'static;
    /// What comes back; [`Infallible`] again where nothing is asked.
    type Answer: Send + 'static;

    /// Takes one frame from the front of `input`: the command and its length in bytes, or `None` for "not enough bytes yet".
    ///
    /// A command that is known before all of its bytes have come, because its rest will not be looked at, may be longer than
    /// `input`: the engine reads that rest and drops it.
    fn decode<'a>(
        codec: &Self::Codec,
        input: &'a [u8],
    ) -> Result<Option<(Self::Command<'a>, usize)>, Malformed>;

    /// The same on a connection that is not identified, where a protocol may allow less.
    fn decode_first<'a>(
        codec: &Self::Codec,
        input: &'a [u8],
    ) -> Result<Option<(Self::Command<'a>, usize)>, Malformed> {
        Self::decode(codec, input)
    }

    /// True for a command behind which the bytes may mean something else (a tunnel begins). It is handled before the next
    /// byte is looked at.
    fn turns_the_stream(command: &Self::Command<'_>) -> bool;

    /// How much work it is to find an answer. Questions of different efforts do not wait for each other.
    fn effort(question: &Self::Question) -> Effort {
        let _ = question;
        Effort::LookUp
    }

    /// Does what is due at `now`, then handles what happened on one connection. The hub calls this for every event, and so
    /// does every test; a room implements [`Protocol::handle`].
    ///
    /// So a time limit that has passed is over before the event is handled, also when the clock's thread is late, and no room
    /// has to think of it. Asking for the deadline first keeps this cheap: mostly nothing is due.
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

    /// Handles what happened on one connection; everything that was due before is done. Must not panic: it runs under the
    /// lock that all connections share.
    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Self::Command<'_>, Self::Answer>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<Self::Question>;

    /// What identified whoever has this name is no longer valid: a key was replaced. An answer that is on its way may have
    /// been found before.
    fn revoke(&mut self, name: &str, out: &mut Effects) {
        let _ = (name, out);
    }

    /// How long the engine holds the end of a tunnel's direction back, so that a command that closes the tunnel and arrives
    /// right after the last byte is relayed first. Asked once, when the room begins to be served.
    fn tunnel_end_delay(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns when [`Protocol::tick`] must be called next. Must be cheap: it is called before and after each event.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does everything that is due at `now`. The hub calls it when the deadline has come, and before an event that comes
    /// later than the deadline ([`Protocol::step`]).
    fn tick(&mut self, now: Instant, out: &mut Effects) {
        let _ = (now, out);
    }
}

/// What can happen on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<C, A = Infallible> {
    /// It was accepted; always the first event.
    Opened(SocketAddr),
    /// A whole frame came.
    Command(C),
    /// The bytes that came can never become a frame.
    Malformed(Malformed),
    /// The answer to what the room asked with [`Flow::Ask`]. Meanwhile others went on: what the room knew when it asked may
    /// have changed.
    Answer(A),
    /// What the room asked with [`Flow::Ask`] stays without an answer: too many questions wait already. It may be asked again
    /// when the client does.
    Busy,
    /// The connection is late with something. A room that answers without [`Effects::finish`] grants the same time again.
    Overdue(Overdue),
    /// The peer will send no more (FIN); what is queued for it can still be written.
    ReadClosed,
    /// The connection is over; always the last event, and the only one after a tunnel ended.
    Gone,
}

impl<C, A> Event<C, A> {
    /// The same event with another kind of command in it, or what its command is instead: for a protocol that adds commands
    /// to those of another one.
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
    /// Less than a millisecond: a look into a database, the check of a signature.
    LookUp,
    /// Tens of milliseconds of a core and 19 MiB of memory: the hash of a password.
    Hash,
}

/// What a connection is late with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Overdue {
    /// Its first byte.
    FirstByte,
    /// Its identification, counted from its first byte.
    Identification,
    /// The rest of a frame that it began.
    Frame,
}

/// How the connection's reader goes on after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow<Q = Infallible> {
    /// The next bytes are frames.
    Frames,
    /// The next bytes are frames, but none is looked at before [`Event::Answer`] or [`Event::Busy`] has come to this question.
    /// Everybody else goes on. Meaningless in answer to [`Event::Overdue`], which comes from the clock and not from the reader.
    Ask(Q),
    /// From here on the bytes belong to a tunnel: they are kept, and relayed once [`Effects::tunnel`] joined it.
    Raw,
    /// Nothing that comes from this connection counts any more.
    Closed,
}

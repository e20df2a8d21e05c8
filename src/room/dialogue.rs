//! The client's half of a conversation: what every protocol's `client.rs` offers to the program that talks to a person.
//!
//! **A dialogue is a value**, as a room is. A wish of the user ([`Intent`]) or bytes from a connection come in,
//! [`Action`]s go out: bytes to send, another connection to open, an [`Event`] to show. No socket, thread or clock is
//! known here, so the line-mode client, an interactive one and a test all drive the same code.
//!
//! The private connections ("tunnels") of the protocols differ in two ways, and this is how they fit:
//!
//! - *How one comes to be.* Through the server: [`Action::Open`], and the dialogue reads the first frames that come on it.
//!   Directly between the two clients: one of them says [`Action::Listen`], the other [`Action::Connect`], and
//!   [`Dialogue::connected`] tells each when it is there.
//! - *What is spoken on it.* Raw bytes, of which the protocol knows nothing: [`Action::Raw`]. Or frames of the protocol:
//!   [`Action::Framed`]; then [`Dialogue::frame`] makes those that are sent, and [`Dialogue::receive`] reads those that come.

mod remembered;
mod tunnels;

use std::fmt;
use std::net::SocketAddr;

use crate::wire::{Explained, Malformed};

pub use remembered::Remembered;
pub use tunnels::Tunnels;

/// One private connection of this client, for as long as the program runs: a number is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TunnelId(pub u32);

/// A protocol, seen from the client.
pub trait Dialogue: Send {
    /// The user wants something. Either it can be asked of the server, or the reason why not is known before a byte leaves.
    fn intend(&mut self, intent: Intent<'_>) -> Result<Vec<Action>, Refusal>;

    /// Takes one frame from the front of what came on a connection: its length and what follows from it, or `None` for
    /// "not enough bytes yet". After a [`Fault`] the connection is of no more use.
    fn receive(
        &mut self,
        from: Source,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault>;

    /// Takes the first frame of these bytes apart, for somebody who looks at the wire. `None` when they do not begin with one.
    fn explain(&self, direction: Direction, on: Source, bytes: &[u8]) -> Option<Explained>;

    /// True when the server sends our own messages for everybody back to us. Where it does not, whoever shows them must do it
    /// when they are sent.
    fn hears_itself(&self) -> bool {
        true
    }

    /// After [`Action::Listen`]: the program listens at this address for the peer, or cannot.
    fn listens(&mut self, tunnel: TunnelId, at: Option<SocketAddr>) -> Vec<Action> {
        let _ = (tunnel, at);
        Vec::new()
    }

    /// The connection of a private connection is there: [`Action::Open`] or [`Action::Connect`] made it, or the peer did.
    fn connected(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let _ = tunnel;
        Vec::new()
    }

    /// The bytes to send on a private connection that was said to be [`Action::Framed`].
    fn frame(&self, content: Content<'_>) -> Result<Vec<u8>, Refusal> {
        let _ = content;
        Err(Refusal::NoFrames)
    }

    /// Everything that was to be sent on a private connection has left, and our end behind it.
    fn all_sent(&mut self, tunnel: TunnelId) -> Vec<Action> {
        let _ = tunnel;
        Vec::new()
    }

    /// A private connection is over, in whatever way.
    fn ended(&mut self, tunnel: TunnelId);

    /// The connection to the server is lost, and another may follow: [`Intent::LogIn`] is the first intent again. What was
    /// asked on the old one is void; private connections are only over when [`Dialogue::ended`] says so.
    fn disconnected(&mut self);
}

/// What the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent<'a> {
    /// To be known under this name; the first intent, and again after a refusal.
    LogIn {
        /// The name.
        login: &'a str,
    },
    /// To tell everybody.
    Say {
        /// What.
        text: &'a str,
    },
    /// To tell one other user.
    Whisper {
        /// Whom.
        to: &'a str,
        /// What.
        text: &'a str,
    },
    /// To have a private connection with somebody.
    Ask {
        /// With whom.
        peer: &'a str,
    },
    /// To agree to somebody's request.
    Accept {
        /// Whose.
        peer: &'a str,
    },
    /// To decline somebody's request.
    Deny {
        /// Whose.
        peer: &'a str,
    },
    /// To end the private connection with somebody: the newest, when there are several.
    Close {
        /// With whom.
        peer: &'a str,
    },
}

/// What is sent on a private connection that speaks in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A message.
    Text(&'a str),
    /// A file: its bytes follow right behind the frame that announces it.
    File {
        /// What it is called, without a path.
        name: &'a str,
        /// How many bytes follow.
        size: u64,
    },
}

/// Where bytes came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The connection on which the client logged in.
    Server,
    /// A private connection.
    Tunnel(TunnelId),
}

/// Which way bytes go, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From us.
    Sent,
    /// To us.
    Received,
}

/// What a dialogue wants done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes to the server.
    Send(Vec<u8>),
    /// Show this to the user.
    Tell(Event),
    /// Open another connection to the server, as a private connection, and send the opening on it.
    Open {
        /// Its number from here on.
        tunnel: TunnelId,
        /// Who will be at the other end.
        peer: String,
        /// The first bytes to send.
        opening: Vec<u8>,
    },
    /// Connect to the peer itself, as a private connection, and send the opening on it. Where the peer says that it is may be
    /// anywhere: whoever carries this out decides whether anything is connected to there.
    Connect {
        /// Its number from here on.
        tunnel: TunnelId,
        /// Who should be at the other end.
        peer: String,
        /// Where the peer says that it listens.
        address: SocketAddr,
        /// The first bytes to send.
        opening: Vec<u8>,
    },
    /// Listen for the peer itself, and take the one connection that shows this pass as a private connection.
    /// [`Dialogue::listens`] is told at once where, and the promise ends with [`Dialogue::ended`].
    Listen {
        /// Its number from here on.
        tunnel: TunnelId,
        /// Who should come.
        peer: String,
        /// What it must show.
        pass: Pass,
    },
    /// The private connection stands: the bytes that follow on it, both ways, are the users' own.
    Raw(TunnelId),
    /// The private connection stands: frames of the protocol follow on it, both ways.
    Framed(TunnelId),
    /// A file comes in frames: so many bytes, as [`Action::FileBytes`].
    FileComes {
        /// On which private connection.
        tunnel: TunnelId,
        /// What the peer calls it.
        name: String,
        /// How many bytes follow, before another frame can.
        size: u64,
    },
    /// Some of the bytes of the file that comes.
    FileBytes {
        /// On which private connection.
        tunnel: TunnelId,
        /// The bytes, one behind the other.
        bytes: Vec<u8>,
    },
    /// Send no more on this private connection, once what was sent before has left.
    Shut(TunnelId),
}

/// The first bytes of a connection that is let in. What is compared is every byte, so it must be known before.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass {
    /// What everybody may know: whoever begins otherwise is in the wrong place.
    pub public: Vec<u8>,
    /// What only the right one knows. How far a guess at it was right must never be seen.
    pub secret: Vec<u8>,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pass { public, .. } = self;
        write!(f, "Pass {{ public: {public:?}, secret: (not shown) }}")
    }
}

impl Action {
    /// Nothing but showing something.
    pub fn tell(event: Event) -> Vec<Action> {
        vec![Action::Tell(event)]
    }

    /// Nothing but saying that a frame of the server had no meaning.
    pub fn ignore(frame: impl fmt::Display) -> Vec<Action> {
        let what = format!("the server sent what has no meaning here: {frame}");
        Action::tell(Event::Unexpected { what })
    }
}

/// What the user may like to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The login is ours.
    LoggedIn {
        /// The name that was asked for.
        login: String,
    },
    /// It is not; another may be tried.
    LoginRefused {
        /// The name that was asked for.
        login: String,
        /// Why, if the server says it.
        reason: Option<String>,
    },
    /// Somebody tells everybody. Some protocols send our own messages back to us, too.
    Said {
        /// Who.
        from: String,
        /// What.
        text: String,
    },
    /// Somebody tells us alone.
    Whispered {
        /// Who.
        from: String,
        /// What.
        text: String,
    },
    /// Somebody asks us for a private connection.
    Asked {
        /// Who.
        peer: String,
    },
    /// Somebody whom we asked declines, or has gone.
    Denied {
        /// Who.
        peer: String,
    },
    /// Somebody who asked us has taken it back, or has gone.
    Withdrawn {
        /// Who.
        peer: String,
    },
    /// Both agree; the private connection is being opened.
    Agreed {
        /// The other.
        peer: String,
    },
    /// The private connection will be made by the other, who connects to us.
    TunnelAwaited {
        /// The other.
        peer: String,
        /// Where we listen.
        address: SocketAddr,
    },
    /// The private connection is to be made by us, to where the other listens.
    TunnelAddress {
        /// The other.
        peer: String,
        /// Where, as the other says.
        address: SocketAddr,
    },
    /// The private connection stands.
    TunnelUp {
        /// The other.
        peer: String,
    },
    /// Text on a private connection.
    TunnelText {
        /// Who wrote it.
        peer: String,
        /// One line without its line feed. Nothing promises that it is UTF-8.
        line: Vec<u8>,
        /// False when the line feed has not come: the rest of the line follows, or the peer never ends it.
        complete: bool,
    },
    /// The other will send no more on the private connection; we still may.
    TunnelEof {
        /// The other.
        peer: String,
    },
    /// The private connection is over.
    TunnelClosed {
        /// The other.
        peer: String,
        /// Why, unless both sides ended it in order.
        reason: Option<String>,
    },
    /// The server did not do what we wanted, and says so.
    Refused {
        /// A sentence for the person at the client: what, and why.
        what: String,
    },
    /// The server sent a well-formed frame that has no meaning at this place. It was ignored.
    Unexpected {
        /// A sentence for the person at the client.
        what: String,
    },
}

/// Why an intent is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The login has been accepted already.
    AlreadyLoggedIn,
    /// Nothing can be sent before the login is accepted.
    NotLoggedIn,
    /// A text that is longer than the protocol carries.
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// What may be sent, in bytes.
        limit: usize,
    },
    /// A name without a character is nobody's.
    EmptyName,
    /// Private connections need two.
    Oneself,
    /// There is no request of this peer to answer.
    NotAsked {
        /// The peer.
        peer: String,
    },
    /// This protocol has no messages for one user through the server.
    NoWhispers {
        /// For whom it was.
        peer: String,
    },
    /// Private connections of this protocol carry bytes, not frames.
    NoFrames,
    /// The system gives no random numbers, and without them there is no secret.
    NoChance,
    /// There is no private connection with this peer.
    NoTunnel {
        /// The peer.
        peer: String,
    },
}

impl Refusal {
    /// Checks a name against a protocol's limit, in bytes, before it is sent.
    pub fn of_name(name: &str, limit: usize) -> Result<(), Refusal> {
        if name.is_empty() {
            return Err(Refusal::EmptyName);
        }
        Refusal::of_length("name", name, limit)
    }

    /// Checks a message against a protocol's limit, in bytes, before it is sent.
    pub fn of_message(text: &str, limit: usize) -> Result<(), Refusal> {
        Refusal::of_length("message", text, limit)
    }

    /// Checks a password against a protocol's limit, in bytes, before it is sent.
    pub fn of_password(password: &str, limit: usize) -> Result<(), Refusal> {
        Refusal::of_length("password", password, limit)
    }

    fn of_length(what: &'static str, text: &str, limit: usize) -> Result<(), Refusal> {
        let bytes = text.len();
        if bytes > limit {
            return Err(Refusal::TooLong { what, bytes, limit });
        }
        Ok(())
    }
}

/// Why what a server sends cannot be a conversation in this protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The bytes can never become a frame.
    Malformed(Malformed),
    /// A well-formed frame on a private connection that does not stand yet.
    NotYetUp {
        /// What came, in words.
        frame: String,
        /// What should have come.
        expected: &'static str,
    },
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Fault {
        Fault::Malformed(malformed)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Malformed(malformed) => malformed.fmt(f),
            Fault::NotYetUp { frame, expected } => {
                write!(f, "{frame} came where {expected} was due")
            }
        }
    }
}

impl std::error::Error for Fault {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::AlreadyLoggedIn => f.write_str("you are logged in already"),
            Refusal::NotLoggedIn => f.write_str("the server has not accepted your login yet"),
            Refusal::TooLong { what, bytes, limit } => write!(
                f,
                "the {what} is {bytes} bytes long, {} more than the {limit} that can be sent; shorten it",
                bytes.saturating_sub(*limit)
            ),
            Refusal::EmptyName => f.write_str("the name is empty; give the login of a user"),
            Refusal::Oneself => {
                f.write_str("that is your own login; a private connection needs somebody else")
            }
            Refusal::NotAsked { peer } => write!(
                f,
                "no request of {peer:?} is waiting for an answer; ask with /private instead"
            ),
            Refusal::NoWhispers { peer } => write!(
                f,
                "the server passes no messages to one user alone; ask for a private connection with /private, and then use \
                 /tell {peer}"
            ),
            Refusal::NoChance => f.write_str(
                "this system gives no random numbers, which a private connection needs; try again later",
            ),
            Refusal::NoFrames => f.write_str("private connections have no frames here"),
            Refusal::NoTunnel { peer } => write!(
                f,
                "there is no private connection with {peer:?}; ask for one with /private"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

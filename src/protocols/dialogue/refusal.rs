use std::fmt;

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
    /// This protocol has no messages for everybody.
    NoRoom,
    /// The names of this protocol are what everybody is called.
    NoBook,
    /// Nobody is known by this name.
    Unknown {
        /// The name.
        peer: String,
    },
    /// A name that cannot be given, and why.
    Name(String),
    /// Peers cannot be spoken to, for a reason that was told at the start.
    NoPeerToPeer(String),
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
            Refusal::NoRoom => f.write_str(
                "the server passes no messages on; ask somebody for a private connection with /connect NAME, and then use /tell NAME",
            ),
            Refusal::NoBook => f.write_str(
                "everybody has a name here already; other names are for protocols where people are numbers",
            ),
            Refusal::Unknown { peer } => write!(
                f,
                "{peer:?} is no name in your address book and no UUID; /name UUID {peer} gives it to somebody"
            ),
            Refusal::Name(why) => f.write_str(why),
            Refusal::NoPeerToPeer(why) => write!(f, "there is no way to speak to peers: {why}"),
            Refusal::NoFrames => f.write_str("private connections have no frames here"),
            Refusal::NoTunnel { peer } => write!(
                f,
                "there is no private connection with {peer:?}; ask for one with /private"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

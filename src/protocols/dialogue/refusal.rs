use std::fmt;

/// Why an intent is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The login was accepted before.
    AlreadyLoggedIn,
    /// The login is not accepted yet, and nothing can be sent before.
    NotLoggedIn,
    /// A text that is longer than the protocol carries.
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its length in bytes.
        bytes: usize,
        /// The maximum, in bytes.
        limit: usize,
    },
    /// The name is empty, and no client has an empty name.
    EmptyName,
    /// A private connection needs two clients.
    Oneself,
    /// This peer has no request that waits for an answer.
    NotAsked {
        /// The peer.
        peer: String,
    },
    /// The server of this protocol passes no messages to one user alone.
    NoWhispers {
        /// The recipient.
        peer: String,
    },
    /// The server of this protocol passes on no messages for all.
    NoRoom,
    /// Clients have names in this protocol, so there is no address book.
    NoBook,
    /// No client is known by this name.
    Unknown {
        /// The name.
        peer: String,
    },
    /// The name cannot be given, for this reason.
    Name(String),
    /// Direct connections are impossible, for a reason that was reported at the start.
    NoPeerToPeer(String),
    /// Private connections of this protocol carry bytes, not frames.
    NoFrames,
    /// The system provides no random numbers, and secrets need them.
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
                f.write_str("that is your own login; give the login of another client")
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
                "the system provides no random numbers, and a private connection needs one; try again later",
            ),
            Refusal::NoRoom => f.write_str(
                "this server relays no messages; ask another client for a private connection with /connect NAME, then use /tell NAME",
            ),
            Refusal::NoBook => f.write_str(
                "this protocol has names of its own; /name is for protocols that identify users by UUIDs",
            ),
            Refusal::Unknown { peer } => write!(
                f,
                "{peer:?} is neither a UUID nor a name in your address book; add it with /name UUID {peer}"
            ),
            Refusal::Name(why) => f.write_str(why),
            Refusal::NoPeerToPeer(why) => write!(f, "direct connections are not possible: {why}"),
            Refusal::NoFrames => f.write_str("private connections of this protocol carry bytes, not frames"),
            Refusal::NoTunnel { peer } => write!(
                f,
                "you have no private connection with {peer:?}; ask for one with /private"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

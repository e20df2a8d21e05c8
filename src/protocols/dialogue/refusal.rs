use std::fmt;

/// Why the client does not do what the user wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The server has already accepted a login.
    AlreadyLoggedIn,
    /// The server has not accepted a login yet. Until then, the client can send nothing else.
    NotLoggedIn,
    /// A text is longer than the protocol allows.
    TooLong {
        /// Which text.
        what: &'static str,
        /// The length of the text, in bytes.
        bytes: usize,
        /// The maximum, in bytes.
        limit: usize,
    },
    /// The name is empty, but no client has an empty name.
    EmptyName,
    /// The user has asked for a private connection, and named their own login.
    Oneself,
    /// No request from this peer waits for an answer.
    NotAsked {
        /// The peer.
        peer: String,
    },
    /// The server of this protocol relays no messages to a single user.
    NoWhispers {
        /// The recipient.
        peer: String,
    },
    /// The server of this protocol relays no messages to all users.
    NoRoom,
    /// There is no address book, because clients already have names in this protocol.
    NoBook,
    /// No client is known by this name.
    Unknown {
        /// The name.
        peer: String,
    },
    /// The user cannot give this name to a client. The text says why.
    Name(String),
    /// Direct connections are impossible. The text is the reason, which the program also reported when it started.
    NoPeerToPeer(String),
    /// Private connections of this protocol carry raw bytes, so there is no frame to send on them.
    NoFrames,
    /// The operating system provides no random numbers, so the client cannot make a secret.
    NoChance,
    /// There is no private connection with this peer.
    NoTunnel {
        /// The peer.
        peer: String,
    },
}

impl Refusal {
    /// Checks a name before it is sent: the name must not be empty, and must have at most `limit` bytes.
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
                "this server relays no messages to a single user; ask for a private connection with /private {peer}, then use \
                 /tell {peer}"
            ),
            Refusal::NoChance => f.write_str(
                "the operating system provides no random numbers, which a private connection needs; try again later",
            ),
            Refusal::NoRoom => f.write_str(
                "this server relays no messages; ask another client for a private connection with /private NAME, then use /tell NAME",
            ),
            Refusal::NoBook => f.write_str(
                "users already have names in this protocol; /name is only for protocols that identify users by UUIDs",
            ),
            Refusal::Unknown { peer } => write!(
                f,
                "{peer:?} is neither a UUID nor a name in your address book; add the name with /name UUID {peer}"
            ),
            Refusal::Name(why) => f.write_str(why),
            Refusal::NoPeerToPeer(why) => write!(f, "direct connections are not possible: {why}"),
            Refusal::NoFrames => f.write_str(
                "private connections of this protocol carry plain bytes; they have no frames for messages and files",
            ),
            Refusal::NoTunnel { peer } => write!(
                f,
                "you have no private connection with {peer:?}; ask for one with /private"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

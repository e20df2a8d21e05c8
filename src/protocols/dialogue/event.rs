use std::net::SocketAddr;

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

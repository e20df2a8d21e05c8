use std::net::SocketAddr;

/// What the program may show to its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server accepted our login.
    LoggedIn {
        /// The name that was proposed.
        login: String,
    },
    /// The server refused our login; another may be proposed.
    LoginRefused {
        /// The name that was proposed.
        login: String,
        /// The reason, if the server gives one.
        reason: Option<String>,
    },
    /// A message for all. Some protocols also send our own messages back to us.
    Said {
        /// The sender.
        from: String,
        /// The message.
        text: String,
    },
    /// A message for us alone.
    Whispered {
        /// The sender.
        from: String,
        /// The message.
        text: String,
    },
    /// A client asks us for a private connection.
    Asked {
        /// The client that asks.
        peer: String,
    },
    /// A client that we asked declines, or has left.
    Denied {
        /// The client that we asked.
        peer: String,
    },
    /// A client that asked us withdraws its request, or has left.
    Withdrawn {
        /// The client that asked.
        peer: String,
    },
    /// Both clients agree; the private connection is being opened.
    Agreed {
        /// The other client.
        peer: String,
    },
    /// The other client will connect to us to make the private connection.
    TunnelAwaited {
        /// The other client.
        peer: String,
        /// The address that we listen on.
        address: SocketAddr,
    },
    /// We will connect to the other client to make the private connection.
    TunnelAddress {
        /// The other client.
        peer: String,
        /// The address that it listens on, as it says.
        address: SocketAddr,
    },
    /// The private connection is open.
    TunnelUp {
        /// The other client.
        peer: String,
    },
    /// Text on a private connection.
    TunnelText {
        /// The sender.
        peer: String,
        /// One line without its line feed. It may be any bytes, not only UTF-8.
        line: Vec<u8>,
        /// False when the line feed has not come: the rest of the line follows, or the peer never ends it.
        complete: bool,
    },
    /// The other client sends no more on the private connection; we still may.
    TunnelEof {
        /// The other client.
        peer: String,
    },
    /// The private connection is over.
    TunnelClosed {
        /// The other client.
        peer: String,
        /// The reason, unless both sides ended it in order.
        reason: Option<String>,
    },
    /// The server says that it did not do what we asked.
    Refused {
        /// A sentence for the user: what was refused, and why.
        what: String,
    },
    /// The server sent a well-formed frame that has no meaning here. It was ignored.
    Unexpected {
        /// A sentence for the user.
        what: String,
    },
}

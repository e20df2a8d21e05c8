use std::net::SocketAddr;

/// What the program may show to its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The server accepted our login.
    LoggedIn {
        /// The name that was proposed.
        login: String,
    },
    /// The server refused our login. The user may try again.
    LoginRefused {
        /// The name that was proposed.
        login: String,
        /// The reason, if the server gives one.
        reason: Option<String>,
    },
    /// A message for all clients. In some protocols the server also sends our own messages back to us.
    Said {
        /// The sender.
        from: String,
        /// The message.
        text: String,
    },
    /// A private message for us.
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
    /// A client that we asked for a private connection declines, or has left.
    Denied {
        /// The client that we asked.
        peer: String,
    },
    /// A client that asked us for a private connection withdraws its request, or has left.
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
        /// The address that the other client says it listens on.
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
        /// One line without its line feed. It may contain any bytes, not only UTF-8.
        line: Vec<u8>,
        /// True when the line ended with a line feed. False when this is only a part of a line. The rest may follow in later
        /// events, or may never arrive.
        complete: bool,
    },
    /// The other client has closed its direction of the private connection. We may still send.
    TunnelEof {
        /// The other client.
        peer: String,
    },
    /// The private connection is over.
    TunnelClosed {
        /// The other client.
        peer: String,
        /// The reason; `None` when both clients closed it in the normal way.
        reason: Option<String>,
    },
    /// The server says that it did not carry out our request.
    Refused {
        /// A sentence for the user: what was refused, and why.
        what: String,
    },
    /// The dialogue ignored a frame of the server: the frame was well-formed, but makes no sense in the present state of the
    /// dialogue.
    Unexpected {
        /// A sentence for the user.
        what: String,
    },
}

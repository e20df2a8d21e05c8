//! The options of a chat, from the command line of `matou chat`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::chatr::ChatrOptions;
use crate::face::show::Form;
use crate::private::direct::DirectOptions;
use crate::reach::address::Address;

/// The options of a chat, from the command line of `matou chat`.
#[derive(Debug, Clone)]
pub struct ChatOptions {
    /// Server address and login.
    pub address: Address,
    /// Options of Chatr Connect; `None` for other protocols.
    pub chatr: Option<ChatrOptions>,
    /// Password of the account, in a protocol that has accounts.
    pub password: Option<Password>,
    /// How the program shows itself.
    pub face: Face,
    /// After the end of standard input: listen until the server closes (true), or leave (false).
    pub stay: bool,
    /// A script reconnects after a lost connection, as the client always does for a person.
    pub reconnect: bool,
    /// After a lost connection: how long a refused login is tried again before another is asked for.
    pub retry_login: Duration,
    /// Private connection to connect standard input and output to.
    pub tunnel: Option<TunnelWish>,
    /// Time limit for connecting, and then for the answer to the login.
    pub connect_timeout: Duration,
    /// A connection is closed when its peer accepts no data for this time while data waits to be sent.
    pub stall_timeout: Duration,
    /// Standard input is not a terminal: the exit code reports lines that could not be sent.
    pub script: bool,
    /// File to log every frame to.
    pub wire_log: Option<PathBuf>,
    /// Directory for received files.
    pub downloads: PathBuf,
    /// Maximum size of a file to accept, in bytes.
    pub max_file: u64,
    /// Maximum size of all files received without an offer, in bytes.
    pub max_received: u64,
    /// How peers connect to this client, in ChatHack.
    pub direct: DirectOptions,
    /// Ring the terminal's bell when a private message arrives.
    pub bell: bool,
}

/// A password. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(not shown)")
    }
}

/// How the program shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// To a script: each event is a line.
    Script(Form),
    /// To a person, with plain lines: a dumb terminal, or `--plain`.
    Plain,
    /// To a person at a terminal.
    Terminal {
        /// Colour names.
        colours: bool,
    },
}

/// The private connection that `--tunnel` asks for.
#[derive(Debug, Clone)]
pub struct TunnelWish {
    /// The peer's name.
    pub peer: String,
    /// Wait for the peer's request instead of sending one.
    pub wait: bool,
}

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
    /// Where the output goes, and in which form.
    pub face: Face,
    /// If true, the client stays connected after the end of standard input, until the server closes the connection. If
    /// false, it leaves at the end of standard input.
    pub stay: bool,
    /// True if the client reconnects after a lost connection even when a script uses it. For a person, the client always
    /// reconnects.
    pub reconnect: bool,
    /// How long the client retries a refused login after a lost connection. After this time, the client asks a person for
    /// another login. If a script uses the client, the client ends.
    pub retry_login: Duration,
    /// The private connection that carries standard input and output (`--tunnel`).
    pub tunnel: Option<TunnelWish>,
    /// Time limit for connecting to the server. After that, the client waits at most the same time for the answer to the
    /// login.
    pub connect_timeout: Duration,
    /// If data waits to be sent on a connection, but the peer accepts no data for this time, the client closes the
    /// connection.
    pub stall_timeout: Duration,
    /// True if standard input is not a terminal. Then the exit code reports lines that could not be sent.
    pub script: bool,
    /// File to log every frame to.
    pub wire_log: Option<PathBuf>,
    /// Directory for received files.
    pub downloads: PathBuf,
    /// Maximum size of a file to accept, in bytes.
    pub max_file: u64,
    /// Maximum total size of all files received without an offer, in bytes.
    pub max_received: u64,
    /// How peers connect to this client, in ChatHack.
    pub direct: DirectOptions,
    /// Ring the terminal's bell when a private message arrives.
    pub bell: bool,
}

/// A password. `Debug` does not show its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(not shown)")
    }
}

/// Where the output goes, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// For a script: each event is one line.
    Script(Form),
    /// For a person, as plain lines: on a dumb terminal, or with `--plain`.
    Plain,
    /// For a person at a terminal, with the typed line at the bottom.
    Terminal {
        /// True to show names in colour.
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

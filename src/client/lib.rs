//! The chat client: turns typed lines into intents, and events into lines.
//!
//! This crate is the only place that uses a terminal. The dialogue of each protocol ([`matou_protocols::dialogue`]) knows the
//! frames and what they mean; this crate does not.
//!
//! The client has three faces: lines for a script; plain lines, for people who prefer them and for dumb terminals; and a
//! terminal on which the typed line stays whole while messages arrive above it (`terminal/`). All faces have the same
//! commands. `profile/` describes the text and files that two of these clients exchange on a private connection; `files/`
//! reads and writes the files.
//!
//! # Threads
//!
//! Every thread blocks in one system call and has a bounded channel to or from **the loop** (`session`). The loop waits for
//! all of these channels at once, and owns everything else:
//!
//! | thread | blocks in | talks to |
//! |---|---|---|
//! | `server-in`, `tunnel-in` | `read` of a connection | the loop |
//! | `server-out`, `tunnel-out` | `write` to a connection | receives pieces from the loop |
//! | `stdin` | `read` of standard input: lines, keys, or a tunnel's bytes | the loop, or a tunnel's writer |
//! | `stdout` | `write` of a tunnel's bytes, with `--tunnel` only | receives chunks from a tunnel's reader |
//! | `connect` | `connect`, for a tunnel or after a lost connection; the answer of a registry, then of a peer | the loop, once |
//! | `file-look` | `read` of a file before it is offered | the loop, once |
//! | `file-in` | `read` of a file to send | the loop, which takes a piece when the tunnel's writer has room |
//! | `file-out` | `write` of a received file | receives pieces from the loop |
//! | `direct-accept` | `accept` of an expected peer | starts `direct-knock` |
//! | `direct-knock` | `read` of such a peer's pass | the loop, once, if the pass is right |
//! | `peer-in` | `recv` of datagrams | `peer` |
//! | `peer` | its channels and its next deadline; it also sends datagrams (`peer/`) | the loop |
//! | `signals` | waiting for signals; it restores the terminal before the program ends or stops (`signals/`) | the loop |
//!
//! Every buffer is bounded. A reader that is ahead of the loop stops reading. A typed line is sent when its connection has
//! room, counted in bytes (`outgoing`); until then it waits (`held`). In the meantime a script is not read. A terminal is
//! read, up to 16 MiB of text, so that `/quit` and Ctrl-C work. A connection is closed when bytes wait and none is accepted
//! for `--stall-timeout`. The loop does not read from a peer that does not accept our answers, nor from a private connection
//! while the disk cannot keep up with its file; TCP then holds the peer back.

mod address;
mod chatr;
mod connect;
mod direct;
mod ending;
mod escape;
mod exchange;
mod files;
mod held;
mod hex;
mod identity;
mod inbox;
mod input;
mod lines;
mod link;
mod mark;
mod outgoing;
mod output;
mod paint;
mod peer;
mod people;
mod pipe;
mod profile;
mod reach;
mod registry;
mod requests;
mod sealed;
mod session;
pub mod show;
mod signals;
mod streamed;
mod terminal;
mod trust;
mod tunnel;
mod typed;
mod writing;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use address::{Address, AddressError, Protocol};
pub use chatr::ChatrOptions;
pub use direct::{DirectOptions, Ports, PortsError};
pub use ending::Ending;
pub use identity::{
    FileError, Fingerprint, FingerprintError, Identity, KeyBits, KeyError, default_book,
    default_path,
};
pub use registry::{Registry, RegistryError};
pub use show::Form;
#[cfg(unix)]
pub use terminal::ask_secret;
pub use trust::{CertificateFileError, Trust};
pub use typed::{HELP, Typed, TypedError};

use chatr::Chatr;
use matou_protocols::dialogue::{Action, Dialogue, Intent, Refusal};
use reach::{LocalEnd, Reached, Route};
use session::Session;

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

/// Runs a chat until it ends.
pub fn run(options: ChatOptions) -> Ending {
    let address = &options.address;
    if options.tunnel.is_some() && !address.protocol.has_tunnels() {
        return Ending::Usage(format!(
            "private connections of {} carry only messages and files; omit --tunnel and use /private",
            address.protocol.name()
        ));
    }
    let begun = match &options.chatr {
        Some(chatr) => chatr::begin(&options, chatr),
        None => begin(&options),
    };
    let begun = match begun {
        Ok(begun) => begun,
        Err(ending) => return ending,
    };
    match Session::start(options, begun) {
        Ok(session) => session.run(),
        Err(error) => Ending::Lost(format!("cannot start: {error}")),
    }
}

/// A chat that can begin: the connection to the server is open, and nothing has been sent.
struct Begun {
    dialogue: Box<dyn Dialogue>,
    /// The first actions: the login.
    hello: Vec<Action>,
    route: Route,
    reached: Reached,
    /// For Chatr Connect.
    chatr: Option<Chatr>,
    /// Names that are known at the start, from the address book.
    names: Vec<String>,
    /// A remark for the user.
    remark: Option<String>,
}

/// Connects to the server. An invalid login is reported before anything is sent.
fn begin(options: &ChatOptions) -> Result<Begun, Ending> {
    let Address {
        protocol,
        login,
        host,
        port,
    } = &options.address;
    let password = options.password.as_ref().map(|Password(text)| &**text);
    let mut dialogue = protocol.dialogue(login, password).map_err(Ending::Usage)?;
    let hello = dialogue.intend(Intent::LogIn { login });
    let hello = hello.map_err(|refusal| Ending::Usage(refusal.to_string()))?;
    let wish = options.tunnel.as_ref();
    if wish.is_some_and(|wish| wish.peer == *login) {
        return Err(Ending::Usage(Refusal::Oneself.to_string()));
    }
    let route = Route {
        host: host.clone(),
        port: *port,
        from: LocalEnd::default(),
        tls: None,
        limit: options.connect_timeout,
    };
    let reached = route.connect().map_err(|error| route.failed(&error))?;
    Ok(Begun {
        dialogue,
        hello,
        route,
        reached,
        chatr: None,
        names: Vec::new(),
        remark: None,
    })
}

//! The terminal program: a typed line becomes an intent, an event becomes a line.
//!
//! The only place that knows a terminal. What may be said, and what it means, is the business of each protocol's dialogue
//! ([`matou_protocols::dialogue`]); nothing here knows a frame.
//!
//! It has three faces: lines for a script, lines for a person who wants no more or whose terminal can no more, and a
//! terminal on which the typed line stays whole under whatever arrives (`terminal/`). They speak the same commands. What
//! two of these programs say to each other on a private connection, text and files, is on the page of `profile/`;
//! `files/` is the disk's side of it.
//!
//! # Threads
//!
//! Every thread but one blocks in one system call and has a bounded channel to or from **the loop** (`session`), which
//! waits for all of these channels at once and owns everything else:
//!
//! | thread | blocks in | talks to |
//! |---|---|---|
//! | `server-in`, `tunnel-in` | `read` of a connection | the loop |
//! | `server-out`, `tunnel-out` | `write` to a connection | takes pieces from the loop |
//! | `stdin` | `read` of standard input: lines, keys, or a tunnel's bytes | the loop, or a tunnel's writer |
//! | `stdout` | `write` of a tunnel's bytes, with `--tunnel` only | takes chunks from a tunnel's reader |
//! | `connect` | `connect`, for a tunnel or after a loss; a registry's answer, and then a peer's | the loop, once |
//! | `file-look` | `read` of a file that will be sent | the loop, once |
//! | `file-in` | `read` of a file that is sent | the loop, which takes a piece when the tunnel's writer has room |
//! | `file-out` | `write` of a file that is received | takes pieces from the loop |
//! | `direct-accept` | waiting for a peer that is to connect to us | starts `direct-knock` |
//! | `direct-knock` | `read` of what such a one shows | the loop, once, if it is the right one |
//! | `peer-in` | reading datagrams from a socket | `peer` |
//! | `peer` | nothing but its channels and its next deadline; it writes datagrams (`peer/`) | the loop |
//! | `signals` | waiting for signals; it gives the terminal back before the program ends or stops (`signals/`) | the loop |
//!
//! Nothing grows without a bound: a reader that is ahead of the loop stops reading. A typed line is sent when its
//! connection has room, which is a number of bytes (`outgoing`); until then it waits (`held`). A script is not read
//! meanwhile; a person is, so that `/quit` and Ctrl-C work, up to 16 MiB of text. A connection on which bytes wait and none
//! moves for `--stall-timeout` is given up. A peer that does not take our answers is not read either, and a private
//! connection whose file the disk cannot follow is not read meanwhile: TCP holds both back.

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
use reach::{From, Reached, Way};
use session::Session;

/// What `matou chat` was told on its command line.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whom to talk to, and as whom.
    pub address: Address,
    /// For Chatr Connect, and only for that.
    pub chatr: Option<ChatrOptions>,
    /// For an account, in a protocol that has accounts.
    pub password: Option<Password>,
    /// To whom the program shows itself.
    pub face: Face,
    /// After the end of standard input: leave (false), or listen until the server closes (true).
    pub stay: bool,
    /// Standard input and output are a private connection's.
    pub tunnel: Option<TunnelWish>,
    /// How long connecting may take, and then the answer to the login.
    pub connect_timeout: Duration,
    /// How long the server or a peer may take nothing of what is sent to it before the connection is given up.
    pub stall_timeout: Duration,
    /// Standard input is not a terminal: a line that cannot be sent makes the exit code say so.
    pub script: bool,
    /// A file for every frame that is sent and received.
    pub wire_log: Option<PathBuf>,
    /// Where received files go.
    pub downloads: PathBuf,
    /// The largest file that is taken, in bytes.
    pub max_file: u64,
    /// Files that come unasked are taken until they have so many bytes together.
    pub max_received: u64,
    /// How peers may connect to us, in a protocol where they do.
    pub direct: DirectOptions,
    /// A whisper rings the terminal's bell.
    pub bell: bool,
}

/// A password, which is not shown by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(not shown)")
    }
}

/// To whom the program shows itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// A script, or whoever reads its output: each event is a line.
    Script(Form),
    /// A person at a terminal that can only show one line after the other, or who wants it so.
    Plain,
    /// A person at a terminal.
    Terminal {
        /// Names and the like are coloured.
        colours: bool,
    },
}

/// A private connection that the command line asks for.
#[derive(Debug, Clone)]
pub struct TunnelWish {
    /// With whom.
    pub peer: String,
    /// Wait until the peer asks, rather than ask.
    pub wait: bool,
}

/// Chats until something ends it.
pub fn run(options: Options) -> Ending {
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

/// A chat that can begin: the server is reached, and nothing has been sent.
struct Begun {
    dialogue: Box<dyn Dialogue>,
    /// What will be sent first.
    hello: Vec<Action>,
    way: Way,
    reached: Reached,
    /// For Chatr Connect.
    chatr: Option<Chatr>,
    /// Who is known before anybody has spoken.
    names: Vec<String>,
    /// Something that the user should know.
    remark: Option<String>,
}

/// What is wrong with the login is said before a byte leaves.
fn begin(options: &Options) -> Result<Begun, Ending> {
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
    let way = Way {
        host: host.clone(),
        port: *port,
        from: From::default(),
        tls: None,
        limit: options.connect_timeout,
    };
    let reached = way.go().map_err(|error| way.failed(&error))?;
    Ok(Begun {
        dialogue,
        hello,
        way,
        reached,
        chatr: None,
        names: Vec::new(),
        remark: None,
    })
}

//! The chat client: turns typed lines into intents, and events into lines.
//!
//! This crate is the only place that uses a terminal. The dialogue of each protocol ([`matou_protocols::dialogue`]) knows the
//! frames and what they mean; this crate does not.
//!
//! # Rooms
//!
//! Each folder has its own map in its `mod.rs`. A room uses only rooms that are above it in this table, and small files of this
//! folder (how text is escaped, how a chat ends):
//!
//! | room | what is in it | needed for |
//! |---|---|---|
//! | `link/` | one connection with its threads and bounded queues | everything |
//! | `identity/` | a UUID with its key, and fingerprints | Chatr |
//! | `reach/` | the way to the server: address, TCP, TLS, trust | everything |
//! | `typing/` | what a user types: input, lines parsed once, lines that wait | everything |
//! | `files/` | file transfer: the formats of transfers, and the disk | files |
//! | `chatr/` | registry, and peer-to-peer connections over UDP | Chatr |
//! | `private/` | the register of private connections; direct connections; `--tunnel` | private connections |
//! | `signals/` | Ctrl-C and its relatives | everything |
//! | `face/` | what a user sees: plain lines, JSON, or a painted terminal | everything |
//! | `session/` | the loop that owns all of this | everything |
//!
//! A reader who wants to know line chat alone can leave out `files/`, `chatr/`, `private/`, `face/terminal/` and the files of
//! `session/` that its map lists under these features.
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
//! | `stdout` | `write` of lines; with `--tunnel`, of a tunnel's bytes | receives lines from the loop, or chunks from a tunnel's reader |
//! | `connect` | `connect`, for a tunnel or after a lost connection; the answer of a registry, then of a peer | the loop, once |
//! | `file-look` | `read` of a file before it is offered | the loop, once |
//! | `file-in` | `read` of a file to send | the loop, which takes a piece when the tunnel's writer has room |
//! | `file-out` | `write` of a received file | receives pieces from the loop |
//! | `direct-accept` | `accept` of an expected peer | starts `direct-knock` |
//! | `direct-knock` | `read` of such a peer's pass | the loop, once, if the pass is right |
//! | `peer-in` | `recv` of datagrams | `peer` |
//! | `peer` | its channels and its next deadline; it also sends datagrams (`chatr/peer/`) | the loop |
//! | `signals` | waiting for signals; it restores the terminal before the program ends or stops (`signals/`) | the loop |
//!
//! Every buffer is bounded. A reader that is ahead of the loop stops reading. A typed line is sent when its connection has
//! room, counted in bytes (`link/outgoing.rs`); until then it waits (`typing/held.rs`). In the meantime a script is not read. A
//! terminal is read, up to 16 MiB of text, so that `/quit` and Ctrl-C work. A connection is closed when bytes wait and none is
//! accepted for `--stall-timeout`. The loop does not read from a peer that does not accept our answers, nor from a private
//! connection while the disk cannot keep up with its file; TCP then holds the peer back.

mod begin;
mod chatr;
mod ending;
mod escape;
mod face;
mod files;
mod identity;
mod link;
mod mark;
mod options;
mod private;
mod reach;
mod session;
mod signals;
mod typing;

pub use chatr::ChatrOptions;
pub use chatr::registry::{Registry, RegistryError};
pub use ending::Ending;
pub use face::show::{self, Form};
#[cfg(unix)]
pub use face::terminal::ask_secret;
pub use identity::{
    FileError, Fingerprint, FingerprintError, Identity, KeyBits, KeyError, default_book,
    default_path,
};
pub use options::{ChatOptions, Face, Password, TunnelWish};
pub use private::direct::{DirectOptions, Ports, PortsError};
pub use reach::address::{Address, AddressError, Protocol};
pub use reach::trust::{CertificateFileError, Trust};
pub use typing::typed::{HELP, Typed, TypedError};

use session::Session;

/// Runs a chat until it ends.
pub fn run(options: ChatOptions) -> Ending {
    let address = &options.address;
    if options.tunnel.is_some() && !address.protocol.has_tunnels() {
        return Ending::Usage(format!(
            "private connections of {} carry only messages and files; omit --tunnel and use /private",
            address.protocol.name()
        ));
    }
    let limit = options.connect_timeout;
    let begun = match &options.chatr {
        Some(chatr) => {
            chatr::begin(address, chatr, limit).map(|(begun, chatr)| (begun, Some(chatr)))
        }
        None => {
            let password = options.password.as_ref().map(|Password(text)| &**text);
            let wish = options.tunnel.as_ref().map(|wish| &*wish.peer);
            begin::begin(address, password, wish, limit).map(|begun| (begun, None))
        }
    };
    let (begun, chatr) = match begun {
        Ok(begun) => begun,
        Err(ending) => return ending,
    };
    match Session::start(options, begun, chatr) {
        Ok(session) => session.run(),
        Err(error) => Ending::Lost(format!("cannot start: {error}")),
    }
}

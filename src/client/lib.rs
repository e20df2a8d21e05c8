//! The chat client: turns typed lines into intents (what the user wants), and events of the chat into lines on the screen.
//!
//! This is the only crate of the project that uses a terminal. The dialogue of each protocol ([`matou_protocols::dialogue`])
//! knows the frames and what they mean; this crate does not.
//!
//! # The life of a typed line
//!
//! 1. The thread `stdin` reads the line (`typing/input.rs`). At a terminal, it reads keys, and the editor makes a line of
//!    them (`face/terminal/`).
//! 2. The loop parses the line once (`typing/typed.rs`). If the connection for this line can accept it, the loop carries the
//!    line out (`session/typing.rs`). Otherwise the line waits (`session/holding.rs`). After the loop has sent a line to the
//!    server, it keeps the line until the line counts as arrived (`typing/sent.rs`).
//! 3. The protocol's dialogue turns what the user wants into frames: for Chaton, `say` in `protocols/chaton/client.rs`, which
//!    calls `encode` in `protocols/chaton/codec.rs`.
//! 4. The loop gives the bytes to the thread `server-out`, which writes them (`link/`).
//!
//! # Folders
//!
//! The `mod.rs` of each folder has a table of its files. Some small files next to `lib.rs` belong to no folder. For example,
//! `escape.rs` escapes text, and `ending.rs` lists the ways in which a chat can end. A folder uses only these files and the
//! folders above it in this table:
//!
//! | folder | what is in it | needed for |
//! |---|---|---|
//! | `link/` | one connection with its threads and bounded queues | everything |
//! | `identity/` | a UUID with its key, and fingerprints | Chatr |
//! | `reach/` | connecting to the server: address, TCP, TLS, trust | everything |
//! | `typing/` | what a user types: standard input, the parser of lines, and lines that wait | everything |
//! | `files/` | file transfer: the formats of transfers, and the disk | files |
//! | `chatr/` | the registry, and peer-to-peer connections over UDP | Chatr |
//! | `private/` | the list of private connections; direct connections; `--tunnel` | private connections |
//! | `signals/` | Ctrl-C and other signals | everything |
//! | `face/` | what a user sees: plain lines, JSON, or a painted terminal | everything |
//! | `session/` | the loop, which owns all of the above | everything |
//!
//! If you only want to understand how messages are exchanged, skip `files/`, `chatr/`, `private/`, `face/terminal/`, and the
//! files of `session/` whose row in the table of `session/mod.rs` does not say "messages".
//!
//! # Threads
//!
//! Every thread blocks in one system call. A bounded channel connects it with **the loop** (`session`). The loop waits for
//! all of these channels at the same time, and owns everything else:
//!
//! | thread | blocks in | talks to |
//! |---|---|---|
//! | `server-in`, `tunnel-in` | `read` of a connection | the loop |
//! | `server-out`, `tunnel-out` | `write` to a connection | receives pieces from the loop |
//! | `stdin` | `read` of standard input: lines, keys, or bytes for a tunnel | the loop, or a tunnel's writer |
//! | `stdout` | `write` of lines; with `--tunnel`, of a tunnel's bytes | receives lines from the loop, or chunks from a tunnel's reader |
//! | `connect` | `connect`, for a tunnel or after a lost connection; in Chatr, `read` of the registry's answer, then the search for a peer | the loop, once |
//! | `file-look` | `read` of a file before the client offers it | the loop, once |
//! | `file-in` | `read` of a file to send | the loop, which takes a piece when the tunnel's writer has space |
//! | `file-out` | `write` of a received file | receives pieces from the loop |
//! | `direct-accept` | `accept` of an expected peer | starts `direct-knock` |
//! | `direct-knock` | `read` of the pass of a peer that has connected | the loop, once, if the pass is right |
//! | `peer-in` | `recv` of datagrams | the thread `peer` |
//! | `peer` | waiting for its channels and its next deadline; it also sends datagrams (`chatr/peer/`) | the loop |
//! | `signals` | waiting for signals; it restores the terminal before the program ends or stops (`signals/`) | the loop |
//! | `leave-watch` | waiting, after the first reason to leave; it ends a program whose terminal accepts nothing (`signals/`) | nothing |
//!
//! Every buffer is bounded. A reading thread stops reading while its channel to the loop is full. A typed line is sent when
//! its connection has space, counted in bytes (`link/outgoing.rs`). Until then it waits (`typing/held.rs`). While lines
//! wait, the client reads nothing more from a script. It still reads from a terminal, up to 16 MiB of text, so that `/quit`
//! and Ctrl-C work. If the peer of a connection accepts none of the waiting bytes for `--stall-timeout`, the client closes
//! this connection. In two cases the loop stops reading: from a peer that does not accept this client's answers, and from a
//! private connection while the disk is too slow for the file that arrives on it. Then TCP's flow control stops the peer
//! from sending more.

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
mod refused;
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

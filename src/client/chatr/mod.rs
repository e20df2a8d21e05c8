//! Chatr Connect: the parts of the client that only this protocol needs.
//!
//! | file | what is in it |
//! |---|---|
//! | `mod.rs` | what a client needs besides its dialogue: an identity, the registry, an address book, a UDP socket |
//! | `registry/` | asks the registry, over HTTPS, which key belongs to a UUID |
//! | `peer/` | connections to other clients, over UDP |

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

pub(crate) mod peer;
pub(crate) mod registry;

use crate::begin::Begun;
use crate::ending::Ending;
use crate::identity::{Fingerprint, Identity};
use crate::link::Link;
use crate::mark::{UTF8_MARK, UTF16_REFUSAL, is_utf16};
use crate::reach::Route;
use crate::reach::address::Address;
use crate::reach::connect::LocalEnd;
use crate::reach::trust::Trust;
use matou_protocols::chatr::client::{Book, ChatrClient, PeerToPeer};
use matou_protocols::dialogue::{Dialogue, Intent};
use peer::{Callers, Meeting, Peers};
use registry::Registry;

/// The options of Chatr Connect.
#[derive(Debug, Clone)]
pub struct ChatrOptions {
    /// The user's identity.
    pub identity: Arc<Identity>,
    /// Which servers are trusted.
    pub trust: Trust,
    /// The registry with the keys of peers.
    pub registry: Option<Registry>,
    /// The local port for the connection to the server and for the connections to peers. Peers use the same port.
    pub port: Option<u16>,
    /// The local address for connections.
    pub bind: Option<IpAddr>,
    /// The file with names for UUIDs. It may be missing.
    pub book: PathBuf,
}

/// The data that a session needs only for Chatr Connect.
#[derive(Debug)]
pub(crate) struct Chatr {
    peers: Option<Talking>,
    book: PathBuf,
}

#[derive(Debug)]
struct Talking {
    peers: Peers,
    registry: Registry,
    port: u16,
}

/// Reads the address book, connects to the server and opens the socket for peers.
///
/// # Errors
/// Fails if the chat cannot begin. The error is the ending of the chat.
pub(crate) fn begin(
    address: &Address,
    chatr: &ChatrOptions,
    limit: Duration,
) -> Result<(Begun, Chatr), Ending> {
    let book = read_book(&chatr.book)?;
    let names = book.names().map(str::to_owned).collect();
    let identity = &chatr.identity;
    let unfit = |error: &dyn std::error::Error| Ending::Usage(error.to_string());
    let signature = identity
        .sign(identity.uuid().as_bytes())
        .map_err(|error| unfit(&error))?;
    let tls = chatr.trust.tls().map_err(|error| unfit(&error))?;
    let route = Route {
        host: address.host.clone(),
        port: address.port,
        from: LocalEnd {
            ip: chatr.bind,
            port: chatr.port,
        },
        tls: Some(tls),
        limit,
    };
    let (reached, elsewhere) = route
        .connect_from_any_port()
        .map_err(|error| route.failed(&error))?;
    let peers = match elsewhere {
        None => talking(chatr, reached.own_address),
        Some(error) => Err(cannot_have(chatr.port, &error)),
    };
    let (peers, peer_to_peer, remark) = match peers {
        Ok(talking) => (Some(talking), PeerToPeer::Possible, None),
        Err(why) => {
            let remark = format!("private connections are not possible: {why}");
            (None, PeerToPeer::Impossible(why), Some(remark))
        }
    };
    let mut dialogue = ChatrClient::new(identity.uuid(), signature, book, peer_to_peer);
    let login = &address.login;
    let hello = dialogue.intend(Intent::LogIn { login });
    let book = chatr.book.clone();
    let begun = Begun {
        dialogue: Box::new(dialogue),
        hello: hello.map_err(|refusal| unfit(&refusal))?,
        route,
        reached,
        names,
        remark,
    };
    Ok((begun, Chatr { peers, book }))
}

/// Opens the socket for peers at the local address of the connection to the server. If this fails, returns a message for the
/// user, which says, for example, which option is missing.
fn talking(chatr: &ChatrOptions, own: SocketAddr) -> Result<Talking, String> {
    let Some(port) = chatr.port else {
        return Err(
            "the protocol does not carry port numbers; agree on a port with your peers, and restart with --p2p-port PORT"
                .into(),
        );
    };
    let Some(registry) = chatr.registry.clone() else {
        return Err(
            "the client needs the registry to verify the keys of peers; restart with --rest URL"
                .into(),
        );
    };
    let socket =
        UdpSocket::bind((own.ip(), port)).map_err(|error| cannot_have(chatr.port, &error))?;
    let peers = Peers::start(socket, &chatr.identity).map_err(|error| error.to_string())?;
    Ok(Talking {
        peers,
        registry,
        port,
    })
}

fn cannot_have(port: Option<u16>, error: &io::Error) -> String {
    let port = port.unwrap_or_default();
    format!(
        "cannot bind UDP port {port}: {error}; if two clients run on this machine, give each client its own \
         address with --bind, as in --bind 127.0.0.2"
    )
}

impl Chatr {
    /// Returns a function that connects to a peer; `None` if private connections are not possible. The function blocks, so
    /// call it in a separate thread.
    pub(crate) fn meeting(
        &self,
        uuid: Uuid,
        candidates: &[IpAddr],
        calls: bool,
    ) -> Option<impl FnOnce() -> io::Result<Link> + Send + 'static + use<>> {
        let talking = self.peers.as_ref()?;
        let at = |ip: &IpAddr| SocketAddr::new(*ip, talking.port);
        let candidates = candidates.iter().map(at).collect();
        let (registry, callers) = (talking.registry.clone(), talking.peers.callers());
        Some(move || meet(&registry, &callers, uuid, candidates, calls))
    }

    /// Replaces the address book. If writing fails, the old file stays.
    pub(crate) fn keep_book(&self, text: &str) -> io::Result<()> {
        let path = &self.book;
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::create_dir_all(folder)?;
        }
        let draft = path.with_extension("new");
        fs::write(&draft, text)?;
        fs::rename(&draft, path)
    }
}

fn meet(
    registry: &Registry,
    callers: &Callers,
    uuid: Uuid,
    candidates: Vec<SocketAddr>,
    calls: bool,
) -> io::Result<Link> {
    let key = registry.key_of(uuid).map_err(|error| {
        io::Error::other(format!(
            "cannot get the peer's key from the registry: {error}"
        ))
    })?;
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|error| io::Error::other(error.to_string()))?;
    callers.meet(Meeting {
        candidates,
        key: Fingerprint::of(&key),
        calls,
        nonce,
    })
}

fn read_book(path: &Path) -> Result<Book, Ending> {
    let wrong = |why: &dyn std::fmt::Display| Ending::Usage(format!("{}: {why}", path.display()));
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Book::default()),
        Err(error) => return Err(wrong(&error)),
    };
    if is_utf16(&bytes) {
        return Err(wrong(&UTF16_REFUSAL));
    }
    let text = bytes.strip_prefix(UTF8_MARK).unwrap_or(&bytes);
    let text = str::from_utf8(text).map_err(|error| wrong(&format!("it is not UTF-8: {error}")))?;
    Book::parse(text).map_err(|error| wrong(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_is_utf8_with_or_without_a_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book");
        let line = "6ba7b810-9dad-11d1-80b4-00c04fd430c8 bob\r\n";
        for text in [line.to_owned(), format!("\u{feff}{line}")] {
            fs::write(&path, text).unwrap();
            let book = read_book(&path).unwrap();
            assert!(book.find("bob").is_some());
        }
        for text in [b"\xff\xfe6\0".as_slice(), b"6\0b\0"] {
            fs::write(&path, text).unwrap();
            let Err(Ending::Usage(why)) = read_book(&path) else {
                panic!("it is refused");
            };
            assert!(why.ends_with(UTF16_REFUSAL), "{why}");
        }
    }
}

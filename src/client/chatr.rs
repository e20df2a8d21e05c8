//! What a client of Chatr Connect has beside its dialogue: an identity, the server's registry, an address book, and a socket
//! for its peers.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::identity::{Fingerprint, Identity};
use super::link::Link;
use super::peer::{Callers, Meeting, Peers};
use super::reach::{From, Way};
use super::registry::Registry;
use super::trust::Trust;
use super::{Begun, Ending, Options};
use matou_protocols::chatr::client::{Book, ChatrClient, PeerToPeer};
use matou_protocols::dialogue::{Dialogue, Intent};

/// What the command line says for Chatr Connect.
#[derive(Debug, Clone)]
pub struct ChatrOptions {
    /// Who we are.
    pub identity: Arc<Identity>,
    /// Which server is the right one.
    pub trust: Trust,
    /// Where the keys of peers are registered.
    pub registry: Option<Registry>,
    /// The port for the server's connection and for peers, which have the same.
    pub port: Option<u16>,
    /// The address of this machine that connections come from.
    pub bind: Option<IpAddr>,
    /// Where names for UUIDs are kept; the file may be missing.
    pub book: PathBuf,
}

/// What a session has of it.
#[derive(Debug)]
pub(super) struct Chatr {
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
/// With the ending that it comes to.
pub(super) fn begin(options: &Options, chatr: &ChatrOptions) -> Result<Begun, Ending> {
    let book = read_book(&chatr.book)?;
    let names = book.names().map(str::to_owned).collect();
    let identity = &chatr.identity;
    let unfit = |error: &dyn std::error::Error| Ending::Usage(error.to_string());
    let signature = identity
        .sign(identity.uuid().as_bytes())
        .map_err(|error| unfit(&error))?;
    let tls = chatr.trust.tls().map_err(|error| unfit(&error))?;
    let way = Way {
        host: options.address.host.clone(),
        port: options.address.port,
        from: From {
            ip: chatr.bind,
            port: chatr.port,
        },
        tls: Some(tls),
        limit: options.connect_timeout,
    };
    let (reached, elsewhere) = way
        .go_from_somewhere()
        .map_err(|error| way.failed(&error))?;
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
    let login = &options.address.login;
    let hello = dialogue.intend(Intent::LogIn { login });
    let book = chatr.book.clone();
    Ok(Begun {
        dialogue: Box::new(dialogue),
        hello: hello.map_err(|refusal| unfit(&refusal))?,
        chatr: Some(Chatr { peers, book }),
        way,
        reached,
        names,
        remark,
    })
}

/// Opens the socket for peers, where the server's connection is; or says what is missing.
fn talking(chatr: &ChatrOptions, own: SocketAddr) -> Result<Talking, String> {
    let Some(port) = chatr.port else {
        return Err(
            "the protocol does not carry port numbers; agree on a port with your peers, and restart with --p2p-port PORT"
                .into(),
        );
    };
    let Some(registry) = chatr.registry.clone() else {
        return Err(
            "the client needs the registry to verify peers' keys; restart with --rest URL".into(),
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
        "cannot bind UDP port {port}: {error}; if two clients run on this machine, give each its own address with --bind, \
         as in --bind 127.0.0.2"
    )
}

impl Chatr {
    /// What looks for a peer, in a thread that may block; `None` when no peer can be spoken to.
    pub(super) fn meeting(
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

    /// Replaces the address book, whole or not at all.
    pub(super) fn keep_book(&self, text: &str) -> io::Result<()> {
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
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Book::default()),
        Err(error) => return Err(Ending::Usage(format!("{}: {error}", path.display()))),
    };
    Book::parse(&text).map_err(|error| Ending::Usage(format!("{}: {error}", path.display())))
}

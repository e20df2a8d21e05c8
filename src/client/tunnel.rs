use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crossbeam_channel::{Receiver, never};

use super::connect;
use super::files::Files;
use super::inbox::Inbox;
use super::link::Link;
use super::profile::Decoder;

/// One private connection in line mode.
#[derive(Debug)]
pub(super) struct Tunnel {
    /// Who is at the other end.
    pub(super) peer: String,
    /// The outcome of connecting, until it came.
    pub(super) connecting: Receiver<io::Result<TcpStream>>,
    /// The connection, from then on.
    pub(super) link: Option<Link>,
    /// What came before it stood.
    pub(super) inbox: Inbox,
    /// It stands: bytes are the users' own.
    pub(super) up: bool,
    /// We want to send no more.
    pub(super) shut: bool,
    /// Everything has left, and our FIN.
    pub(super) all_sent: bool,
    /// The peer sends no more.
    pub(super) ended: bool,
    /// Cuts what comes since it stands.
    pub(super) decoder: Decoder,
    /// The files that are on their way.
    pub(super) files: Files,
}

impl Tunnel {
    /// Connects in a thread of its own, which ends at the latest after `limit`, and sends the opening.
    pub(super) fn open(
        peer: String,
        server: SocketAddr,
        opening: Vec<u8>,
        limit: Duration,
        max_file: u64,
    ) -> Tunnel {
        let connecting = connect::in_background(move || {
            let mut stream = connect::to_address(server, limit)?;
            stream.write_all(&opening)?;
            Ok(stream)
        });
        Tunnel {
            peer,
            connecting,
            link: None,
            inbox: Inbox::default(),
            up: false,
            shut: false,
            all_sent: false,
            ended: false,
            decoder: Decoder::default(),
            files: Files::new(max_file),
        }
    }

    /// Takes the connection over, if it has been made. `None` when it has not.
    pub(super) fn connected(&mut self) -> Option<io::Result<()>> {
        let outcome = self.connecting.try_recv().ok()?;
        self.connecting = never();
        Some(outcome.and_then(|stream| {
            let mut link = Link::start("tunnel", stream)?;
            if self.shut {
                link.shut();
            }
            self.link = Some(link);
            Ok(())
        }))
    }

    /// How far it is, in a word.
    pub(super) fn state(&self) -> &'static str {
        match (self.up, self.shut, self.ended) {
            (false, ..) => "opening",
            (true, false, false) => "up",
            (true, true, _) => "closing",
            (true, false, true) => "peer closed",
        }
    }

    /// Sends no more.
    pub(super) fn shut(&mut self) {
        self.shut = true;
        if let Some(link) = &mut self.link {
            link.shut();
        }
    }
}

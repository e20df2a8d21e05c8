use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, never};

use super::connect;
use super::exchange::Exchange;
use super::files::Files;
use super::inbox::Inbox;
use super::link::Link;
use super::profile::{Decoder, Transfers};
use super::reach::From;
use super::streamed::Streamed;

/// One private connection, whatever carries it.
#[derive(Debug)]
pub(super) struct Tunnel {
    /// Who is at the other end.
    pub(super) peer: String,
    /// The connection, until it came: it may be made through the server, or directly to the peer or by it.
    pub(super) connecting: Receiver<io::Result<Link>>,
    /// With what the peer is to begin that will connect to us, and until when; until it came.
    pub(super) expected: Option<(Vec<u8>, Instant)>,
    /// The connection, from then on.
    pub(super) link: Option<Link>,
    /// What came and is not a whole frame yet.
    pub(super) inbox: Inbox,
    /// It stands.
    pub(super) up: bool,
    /// We want to send no more.
    pub(super) shut: bool,
    /// Everything has left, and our FIN.
    pub(super) all_sent: bool,
    /// The peer sends no more.
    pub(super) ended: bool,
    /// It is over, and why, unless in order. It stays for the files that the disk does not have yet.
    pub(super) over: Option<Option<String>>,
    /// What is spoken on it since it stands.
    pub(super) speech: Speech,
    /// The files that are on their way.
    pub(super) files: Files,
}

/// What is spoken on a private connection.
#[derive(Debug)]
pub(super) enum Speech {
    /// The protocol carries bytes and says no more about them: lines of text, and files between them.
    Lines {
        decoder: Decoder,
        transfers: Transfers,
    },
    /// The protocol has frames of its own for messages and files.
    Frames(Streamed),
}

impl Speech {
    /// For a private connection that carries raw bytes. No file above the size, in bytes, is taken.
    pub(super) fn lines(max_file: u64) -> Speech {
        Speech::Lines {
            decoder: Decoder::default(),
            transfers: Transfers::new(max_file),
        }
    }

    /// The files on it.
    pub(super) fn exchange(&mut self) -> &mut dyn Exchange {
        match self {
            Speech::Lines { transfers, .. } => transfers,
            Speech::Frames(streamed) => streamed,
        }
    }
}

impl Tunnel {
    /// The connection will come from this channel, once.
    pub(super) fn new(
        peer: String,
        connecting: Receiver<io::Result<Link>>,
        speech: Speech,
    ) -> Tunnel {
        Tunnel {
            peer,
            connecting,
            expected: None,
            link: None,
            inbox: Inbox::default(),
            up: false,
            shut: false,
            all_sent: false,
            ended: false,
            over: None,
            speech,
            files: Files::default(),
        }
    }

    /// True when a typed line can be sent now.
    pub(super) fn has_room(&self) -> bool {
        let by_speech = match &self.speech {
            Speech::Lines { .. } => true,
            Speech::Frames(streamed) => streamed.has_room(),
        };
        by_speech && self.link.as_ref().is_some_and(Link::has_room)
    }

    /// Takes the connection over, if it has been made. `None` when it has not.
    pub(super) fn connected(&mut self) -> Option<io::Result<()>> {
        let outcome = match self.connecting.try_recv() {
            Ok(outcome) => outcome,
            Err(TryRecvError::Empty) => return None,
            // Whoever would have made it has ended.
            Err(TryRecvError::Disconnected) => Err(io::ErrorKind::ConnectionAborted.into()),
        };
        self.connecting = never();
        Some(outcome.map(|mut link| {
            if self.shut {
                link.shut();
            }
            self.link = Some(link);
        }))
    }

    /// True when what comes is read by the protocol, not by us.
    pub(super) fn is_in_frames(&self) -> bool {
        !self.up || matches!(self.speech, Speech::Frames(_))
    }

    /// How far it is, in a word.
    pub(super) fn state(&self) -> &'static str {
        match (self.up, self.shut, self.ended) {
            (false, ..) if self.expected.is_some() => "awaited",
            (false, ..) => "opening",
            (true, false, false) => "up",
            (true, true, _) => "closing",
            (true, false, true) => "peer closed",
        }
    }
}

/// Connects in a thread of its own, which ends at the latest after `limit`, and sends the opening.
pub(super) fn connect(
    address: SocketAddr,
    opening: Vec<u8>,
    limit: Duration,
) -> Receiver<io::Result<Link>> {
    connect::in_background(move || {
        let mut stream = connect::to_address(address, From::default(), limit)?;
        stream.write_all(&opening)?;
        Link::start("tunnel", stream)
    })
}

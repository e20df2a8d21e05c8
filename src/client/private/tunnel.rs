use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, never};

use crate::files::disk::Files;
use crate::files::exchange::Exchange;
use crate::files::profile::{Decoder, Transfers};
use crate::files::streamed::Streamed;
use crate::link::Link;
use crate::link::inbox::Inbox;
use crate::reach::connect;
use crate::reach::connect::LocalEnd;

/// One private connection, over any carrier.
#[derive(Debug)]
pub(crate) struct Tunnel {
    /// The peer's name.
    pub(crate) peer: String,
    /// Receives the connection when it has been made: through the server, or directly to or from the peer.
    pub(crate) connecting: Receiver<io::Result<Link>>,
    /// The pass that the peer must present when it connects, and its deadline, until it has connected.
    pub(crate) expected: Option<(Vec<u8>, Instant)>,
    /// The connection, after it was made.
    pub(crate) link: Option<Link>,
    /// Received bytes that are not a complete frame.
    pub(crate) inbox: Inbox,
    /// The private connection is open.
    pub(crate) up: bool,
    /// This client has stopped sending.
    pub(crate) shut: bool,
    /// Everything was sent, followed by FIN.
    pub(crate) all_sent: bool,
    /// The peer has stopped sending.
    pub(crate) ended: bool,
    /// The private connection has closed, with the reason if it failed. The value stays until the disk has all files.
    pub(crate) over: Option<Option<String>>,
    /// What the open connection carries.
    pub(crate) speech: Speech,
    /// The transfers.
    pub(crate) files: Files,
}

/// What a private connection carries.
#[derive(Debug)]
pub(crate) enum Speech {
    /// Raw bytes, in the format of `profile/`: lines of text, with files between them.
    Lines {
        decoder: Decoder,
        transfers: Transfers,
    },
    /// Frames of the protocol for messages and files.
    Frames(Streamed),
}

impl Speech {
    /// For a private connection with raw bytes. Files larger than `max_file` bytes are denied.
    pub(crate) fn lines(max_file: u64) -> Speech {
        Speech::Lines {
            decoder: Decoder::default(),
            transfers: Transfers::new(max_file),
        }
    }

    /// Returns the transfers on it.
    pub(crate) fn exchange(&mut self) -> &mut dyn Exchange {
        match self {
            Speech::Lines { transfers, .. } => transfers,
            Speech::Frames(streamed) => streamed,
        }
    }
}

impl Tunnel {
    /// Creates a private connection whose connection arrives on this channel.
    pub(crate) fn new(
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

    /// True if a typed line can be sent now.
    pub(crate) fn has_room(&self) -> bool {
        let by_speech = match &self.speech {
            Speech::Lines { .. } => true,
            Speech::Frames(streamed) => streamed.has_room(),
        };
        by_speech && self.link.as_ref().is_some_and(Link::has_room)
    }

    /// Takes the connection from the channel; `None` if it has not been made yet.
    pub(crate) fn connected(&mut self) -> Option<io::Result<()>> {
        let outcome = match self.connecting.try_recv() {
            Ok(outcome) => outcome,
            Err(TryRecvError::Empty) => return None,
            // The thread that should have made it has ended.
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

    /// True if the protocol decodes the received bytes.
    pub(crate) fn is_in_frames(&self) -> bool {
        !self.up || matches!(self.speech, Speech::Frames(_))
    }

    /// Returns the state in one word, for the status line.
    pub(crate) fn state(&self) -> &'static str {
        match (self.up, self.shut, self.ended) {
            (false, ..) if self.expected.is_some() => "awaited",
            (false, ..) => "opening",
            (true, false, false) => "up",
            (true, true, _) => "closing",
            (true, false, true) => "peer closed",
        }
    }
}

/// Connects in a thread of its own, which ends at the latest after `limit`, and sends the opening frame.
pub(crate) fn connect(
    address: SocketAddr,
    opening: Vec<u8>,
    limit: Duration,
) -> Receiver<io::Result<Link>> {
    connect::in_background(move || {
        let mut stream = connect::to_address(address, LocalEnd::default(), limit)?;
        stream.write_all(&opening)?;
        Link::start("tunnel", stream)
    })
}

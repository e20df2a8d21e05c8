use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};

use super::pipe;
use super::stage::Stage;
use crate::files::disk::Files;
use crate::files::exchange::Exchange;
use crate::files::profile::{Decoder, Transfers};
use crate::files::streamed::Streamed;
use crate::link::Link;
use crate::link::inbox::Inbox;
use crate::reach::connect;
use crate::reach::connect::LocalEnd;

/// One private connection. Depending on the protocol, its bytes go through the server, or directly to the peer (over TCP or
/// UDP).
#[derive(Debug)]
pub(crate) struct Tunnel {
    /// The peer's name.
    pub(crate) peer: String,
    pub(crate) stage: Stage,
    /// The state of this client's direction.
    pub(crate) sending: Sending,
    /// True after the peer has stopped sending.
    pub(crate) peer_ended: bool,
    /// Received bytes that are not a complete frame.
    pub(crate) inbox: Inbox,
    /// What the open connection carries.
    pub(crate) speech: Speech,
    /// The open files of the transfers on this connection.
    pub(crate) files: Files,
}

/// This client's direction of a private connection. It may end before the connection is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    Possible,
    /// The user has stopped sending.
    Shut,
    /// Everything was sent, followed by FIN.
    AllSent,
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
    /// Returns the start state of a private connection with raw bytes. The client denies files that are larger than
    /// `max_file` bytes.
    pub(crate) fn lines(max_file: u64) -> Speech {
        Speech::Lines {
            decoder: Decoder::default(),
            transfers: Transfers::new(max_file),
        }
    }

    /// Returns the transfers on this private connection.
    pub(crate) fn exchange(&mut self) -> &mut dyn Exchange {
        match self {
            Speech::Lines { transfers, .. } => transfers,
            Speech::Frames(streamed) => streamed,
        }
    }
}

impl Tunnel {
    pub(super) fn new(peer: String, stage: Stage, speech: Speech) -> Tunnel {
        Tunnel {
            peer,
            stage,
            sending: Sending::Possible,
            peer_ended: false,
            inbox: Inbox::default(),
            speech,
            files: Files::default(),
        }
    }

    /// True if this client may send text and files.
    pub(crate) fn can_send(&self) -> bool {
        self.stage.is_open() && self.sending == Sending::Possible
    }

    /// True if a typed line can be sent now.
    pub(crate) fn has_room(&self) -> bool {
        let by_speech = match &self.speech {
            Speech::Lines { .. } => true,
            Speech::Frames(streamed) => streamed.has_room(),
        };
        by_speech && self.stage.link().is_some_and(Link::has_room)
    }

    /// Takes the connection if it has been made, and returns the pass that the peer has sent (empty if this client needs no
    /// pass). Returns `None` if the connection is not ready yet.
    pub(crate) fn connected(&mut self) -> Option<io::Result<Vec<u8>>> {
        let mut link = match self.stage.arrival()?.try_recv() {
            Ok(Ok(link)) => link,
            Ok(Err(error)) => return Some(Err(error)),
            Err(TryRecvError::Empty) => return None,
            // The thread that makes the connection has ended without a result.
            Err(TryRecvError::Disconnected) => {
                return Some(Err(io::ErrorKind::ConnectionAborted.into()));
            }
        };
        if self.sending != Sending::Possible {
            link.shut();
        }
        match std::mem::replace(&mut self.stage, Stage::Opening(link)) {
            Stage::Awaited { pass, .. } => Some(Ok(pass)),
            _ => Some(Ok(Vec::new())),
        }
    }

    /// Marks the connection as open. Call it when the protocol says that the connection is open.
    pub(crate) fn open(&mut self) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Closed(None)) {
            Stage::Opening(link) => Stage::Open(link),
            stage => stage,
        };
    }

    /// Connects standard input and output to the open connection. `early` contains the bytes that have already arrived.
    pub(crate) fn pipe(&mut self, early: Vec<u8>) -> io::Result<()> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Closed(None)) {
            Stage::Open(mut link) => {
                let done = pipe::start(&mut link, early)?;
                Stage::Piped { link, done }
            }
            stage => stage,
        };
        Ok(())
    }

    /// Closes the connection. If it is closed already, keeps the earlier reason.
    pub(crate) fn close(&mut self, reason: Option<String>) {
        if !matches!(self.stage, Stage::Closed(_)) {
            self.stage = Stage::Closed(reason);
            (self.sending, self.peer_ended) = (Sending::AllSent, true);
        }
    }

    /// Returns the time until which this client waits for the peer's connection; `None` if it does not wait.
    pub(crate) fn awaited_until(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Awaited { promised, .. } => Some(promised.until),
            _ => None,
        }
    }

    /// True if the received bytes are frames, which the protocol decodes.
    pub(crate) fn is_in_frames(&self) -> bool {
        self.stage.is_before_open() || matches!(self.speech, Speech::Frames(_))
    }

    /// Returns the state in a few words, for the status line.
    pub(crate) fn state(&self) -> &'static str {
        match &self.stage {
            Stage::Awaited { .. } => "awaited",
            Stage::Connecting(_) | Stage::Opening(_) => "opening",
            _ if self.sending != Sending::Possible => "closing",
            _ if self.peer_ended => "peer closed",
            _ => "up",
        }
    }
}

/// Connects in a separate thread, within the time `limit`, and sends the opening frame.
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

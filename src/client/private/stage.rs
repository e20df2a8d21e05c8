use std::io;

use crossbeam_channel::Receiver;

use super::direct::Promised;
use super::pipe::Broken;
use crate::link::Link;

/// The stage of a private connection, from connecting to closed. No other value stores the stage.
#[derive(Debug)]
pub(crate) enum Stage {
    /// A thread opens the connection: through the server, directly to the peer, or over UDP. It sends the open connection
    /// through this channel.
    Connecting(Receiver<io::Result<Link>>),
    /// This client waits until the peer connects to it. When this stage ends, the client no longer accepts the peer.
    Awaited {
        promised: Promised,
        /// The bytes that the peer must send first.
        pass: Vec<u8>,
    },
    /// The connection is made, but the protocol has not yet said that the private connection is open.
    Opening(Link),
    /// The connection is open.
    Open(Link),
    /// The connection is open, and carries standard input and output.
    Piped {
        link: Link,
        /// Receives the outcome, once.
        done: Receiver<Result<(), Broken>>,
    },
    /// The connection has closed; the text is the reason if it failed. This stage lasts until all files that arrived on the
    /// connection are written to disk.
    Closed(Option<String>),
}

impl Stage {
    /// Returns the link, while the connection exists.
    pub(crate) fn link(&self) -> Option<&Link> {
        match self {
            Stage::Opening(link) | Stage::Open(link) | Stage::Piped { link, .. } => Some(link),
            Stage::Connecting(_) | Stage::Awaited { .. } | Stage::Closed(_) => None,
        }
    }

    /// Returns the link, while the connection exists.
    pub(crate) fn link_mut(&mut self) -> Option<&mut Link> {
        match self {
            Stage::Opening(link) | Stage::Open(link) | Stage::Piped { link, .. } => Some(link),
            Stage::Connecting(_) | Stage::Awaited { .. } | Stage::Closed(_) => None,
        }
    }

    /// Returns the channel on which the connection will arrive; `None` if this stage does not wait for a connection.
    pub(crate) fn arrival(&self) -> Option<&Receiver<io::Result<Link>>> {
        match self {
            Stage::Connecting(arrival) => Some(arrival),
            Stage::Awaited { promised, .. } => Some(&promised.arrival),
            _ => None,
        }
    }

    /// True if the private connection is open, so that it carries the users' bytes.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Stage::Open(_) | Stage::Piped { .. })
    }

    /// True if the connection is not open yet and has not closed.
    pub(crate) fn is_before_open(&self) -> bool {
        !self.is_open() && !matches!(self, Stage::Closed(_))
    }
}

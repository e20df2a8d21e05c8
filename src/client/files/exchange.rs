//! The interface between the loop and an exchange. An exchange consists of all transfers on one private connection. Two
//! types implement the interface: one for lines of text (`profile/`), and one for a protocol's own frames (`streamed/`).

use crate::files::digest::Digest;

/// The transfers on one private connection, in both directions. It does no IO: each function handles an event of the disk,
/// the connection or the user, and returns the [`Deed`]s that follow.
pub(crate) trait Exchange {
    /// Tells the exchange that a piece was read from a file that is being sent.
    fn read(&mut self, id: u32, bytes: &[u8]) -> Vec<Deed>;
    /// Tells the exchange that a file that is being sent cannot be read.
    fn unreadable(&mut self, id: u32, reason: &str) -> Vec<Deed>;
    /// Tells the exchange that a file to receive was opened. The first `offset` bytes already exist.
    fn opened(&mut self, id: u32, offset: u64) -> Vec<Deed>;
    /// Tells the exchange that a file was completely written, at this path.
    fn finished(&mut self, id: u32, path: String) -> Vec<Deed>;
    /// Tells the exchange that a file was completely written, but that its hash is wrong.
    fn wrong(&mut self, id: u32) -> Vec<Deed>;
    /// Tells the exchange that a file cannot be written.
    fn unwritable(&mut self, id: u32, reason: &str) -> Vec<Deed>;
    /// Cancels the newest transfer, because the user wants this. Returns no deeds if there is no transfer.
    fn cancel(&mut self) -> Vec<Deed>;
    /// Tells the exchange that the peer has stopped sending.
    fn peer_ended(&mut self) -> Vec<Deed>;
    /// Stops sending, because the user wants this. [`Deed::EndSending`] is returned now or later, after everything that was
    /// queued before.
    fn shut(&mut self) -> Vec<Deed>;
    /// Tells the exchange that the private connection has closed, which interrupts all transfers.
    fn cut(&mut self) -> Vec<Deed>;
    /// True while a file has arrived completely but is not yet written to disk completely.
    fn is_writing(&self) -> bool;
    /// Returns the transfers in progress.
    fn running(&self) -> Vec<Running<'_>>;
}

/// The direction of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileDirection {
    Out,
    In,
}

/// What the loop must do. The loop carries out deeds in the order in which they were returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Send these raw bytes on the private connection.
    Send(Vec<u8>),
    /// Send a frame of the protocol, or the beginning of a frame, on the private connection.
    SendFrame(Vec<u8>),
    /// Stop sending on the private connection.
    EndSending,
    /// Close the private connection, because a file was not sent completely. On an open connection, the peer would treat the
    /// next frame as bytes of this file.
    Break { reason: String },
    /// Report an event to the user.
    Tell(FileEvent),
    /// Tell the user that this many messages were not sent, because they were queued after a file that failed.
    MessagesLost { count: usize },
    /// Read the file from byte `offset` to its end, and pass its pieces to [`Exchange::read`].
    Read { id: u32, offset: u64 },
    /// Stop reading the file.
    StopReading { id: u32 },
    /// Open the file, and report to [`Exchange::opened`] how much of it already exists.
    Open {
        id: u32,
        name: String,
        size: u64,
        /// The SHA-256 of the file, if it is known. If it is not known, an incomplete file is not kept, because its transfer
        /// cannot be resumed.
        sha256: Option<Digest>,
    },
    /// Append these bytes to the file. When the file is complete, the loop calls [`Exchange::finished`].
    Write { id: u32, bytes: Vec<u8> },
    /// No more bytes follow; keep the incomplete file, so that the transfer can be resumed later.
    Keep { id: u32 },
    /// Delete the incomplete file.
    Forget { id: u32 },
}

/// An event about a file, for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileEvent {
    /// The peer offers a file.
    Offered { name: String, size: u64 },
    /// The peer's file is larger than the limit. This client declines the file. In a protocol without offers, it receives
    /// the file's bytes and drops them.
    TooLarge { name: String, size: u64, limit: u64 },
    /// The transfer starts at byte `offset`.
    Begun {
        way: FileDirection,
        name: String,
        size: u64,
        offset: u64,
    },
    /// The peer has received the file, and its SHA-256 is correct.
    Sent { name: String, size: u64 },
    /// The whole file was sent. The protocol has no confirmation, so this client does not know whether the peer has received
    /// the file.
    Left { name: String, size: u64 },
    /// The file was received, at this path.
    Received {
        name: String,
        size: u64,
        path: String,
        /// True if the SHA-256 of the file was checked.
        checked: bool,
    },
    /// The transfer failed.
    Failed {
        way: FileDirection,
        name: String,
        reason: String,
    },
}

/// One transfer in progress, as the rows on the terminal show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Running<'a> {
    pub(crate) way: FileDirection,
    pub(crate) id: u32,
    pub(crate) name: &'a str,
    pub(crate) done: u64,
    pub(crate) size: u64,
}

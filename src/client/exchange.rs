//! Files on a private connection, in whatever language they go: what the loop asks an exchange, and what it has to do for it.

use super::profile::Digest;

/// The files that are on their way over one private connection, both ways. A value: what disk and connection say comes in,
/// [`Deed`]s go out.
pub(super) trait Exchange {
    /// A piece of a file that we send was read.
    fn read(&mut self, id: u32, bytes: &[u8]) -> Vec<Deed>;
    /// A file that we send cannot be read on.
    fn unreadable(&mut self, id: u32, reason: &str) -> Vec<Deed>;
    /// So much of a file that comes is here already.
    fn opened(&mut self, id: u32, offset: u64) -> Vec<Deed>;
    /// All of a file is written, and it has this path.
    fn finished(&mut self, id: u32, path: String) -> Vec<Deed>;
    /// All of a file is written, and it is not what was offered.
    fn wrong(&mut self, id: u32) -> Vec<Deed>;
    /// A file cannot be written.
    fn unwritable(&mut self, id: u32, reason: &str) -> Vec<Deed>;
    /// The person wants no more of the newest file that is on its way. Nothing when there is none.
    fn cancel(&mut self) -> Vec<Deed>;
    /// The peer sends no more.
    fn peer_ended(&mut self) -> Vec<Deed>;
    /// We want to send no more: [`Deed::EndSending`] follows, now or when what had to be sent before has been.
    fn shut(&mut self) -> Vec<Deed>;
    /// The private connection is over: everything that is on its way is cut.
    fn cut(&mut self) -> Vec<Deed>;
    /// True while every byte of some file has come and the disk does not have them yet.
    fn is_writing(&self) -> bool;
    /// What is on its way.
    fn running(&self) -> Vec<Running<'_>>;
}

/// From us or to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Out,
    In,
}

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// Send this on the private connection: bytes of the users' own.
    Send(Vec<u8>),
    /// Send this on the private connection: a frame of the protocol, or the head of one.
    SendFrame(Vec<u8>),
    /// Send nothing more on it.
    EndSending,
    /// End the private connection: what is on it cannot go on in order.
    Break { reason: String },
    /// Tell the person.
    Tell(FileEvent),
    /// Tell the person that messages which waited for a file were not sent.
    MessagesLost { count: usize },
    /// Read the file from this byte on, and bring its pieces to [`Exchange::read`].
    Read { id: u32, offset: u64 },
    /// Nothing more of the file that is sent is needed.
    StopReading { id: u32 },
    /// Find out how much of the file is there, and say it to [`Exchange::opened`].
    Open {
        id: u32,
        name: String,
        size: u64,
        /// What its bytes must be, where that is known; then a part of it is kept for another time, too.
        sha256: Option<Digest>,
    },
    /// Write this behind what is there; when all of it is written, [`Exchange::finished`] is told.
    Write { id: u32, bytes: Vec<u8> },
    /// No more comes; what is there stays, for another time.
    Keep { id: u32 },
    /// No more is wanted, nor what is there.
    Forget { id: u32 },
}

/// What a person may like to know about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileEvent {
    /// The peer offers one.
    Offered { name: String, size: u64 },
    /// The peer has one that is larger than what is taken; it was denied, or what comes of it is skipped.
    TooLarge { name: String, size: u64, limit: u64 },
    /// It is on its way from this byte on.
    Begun {
        way: Way,
        name: String,
        size: u64,
        offset: u64,
    },
    /// It has arrived and is what was offered.
    Sent { name: String, size: u64 },
    /// All of it has left; the language that is spoken has no answer to that.
    Left { name: String, size: u64 },
    /// It is here, as this file.
    Received {
        name: String,
        size: u64,
        path: String,
        /// It is known to be what was sent.
        checked: bool,
    },
    /// It is not to be.
    Failed {
        way: Way,
        name: String,
        reason: String,
    },
}

/// One transfer that is on its way, for whoever draws it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Running<'a> {
    pub(super) way: Way,
    pub(super) id: u32,
    pub(super) name: &'a str,
    pub(super) done: u64,
    pub(super) size: u64,
}

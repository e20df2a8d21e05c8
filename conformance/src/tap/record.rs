//! The moments of all connections, in order of time.

use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;

use crate::grammar::Side;

use super::Listener;
use super::watch::{Heard, Watch};

/// Maximum number of moments that are kept. The tap still shows later moments when they happen, but does not keep them.
const MOST_MOMENTS: usize = 20_000;

/// Maximum number of bytes that are kept, in all moments together.
const MOST_BYTES: usize = 16 << 20;

/// Something that happened on a connection, with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Time since the tap started.
    pub at: Duration,
    /// The connection, numbered from 0.
    pub connection: usize,
    /// What happened.
    pub what: What,
}

/// What happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A client connected.
    Opened {
        /// The client's address.
        peer: String,
    },
    /// The tap could not connect to the target.
    Refused {
        /// The reason.
        why: String,
    },
    /// One side sent bytes, or closed its sending direction, or reset the connection.
    Said(Side, Heard),
}

/// The store for all moments.
pub struct Record {
    began: Instant,
    began_at: SystemTime,
    kept: Mutex<Kept>,
    tell: Listener,
}

#[derive(Default)]
struct Kept {
    moments: Vec<Moment>,
    bytes: usize,
}

/// The recorder of one connection.
pub(super) struct Recorder<'a> {
    record: &'a Record,
    connection: usize,
    watch: Mutex<Watch<'a>>,
}

impl Record {
    pub(super) fn new(tell: Listener) -> Record {
        Record {
            began: Instant::now(),
            began_at: SystemTime::now(),
            kept: Mutex::default(),
            tell,
        }
    }

    /// Returns all moments that are kept.
    pub(super) fn all(&self) -> Vec<Moment> {
        self.kept.lock().moments.clone()
    }

    pub(super) fn began(&self) -> SystemTime {
        self.began_at
    }

    pub(super) fn of<'a>(&'a self, connection: usize, watch: Watch<'a>) -> Recorder<'a> {
        Recorder {
            record: self,
            connection,
            watch: Mutex::new(watch),
        }
    }

    /// Reports a moment, and keeps it if there is still room.
    pub(super) fn note(&self, connection: usize, what: What) {
        let mut kept = self.kept.lock();
        let moment = Moment {
            at: self.began.elapsed(),
            connection,
            what,
        };
        (self.tell)(&moment);
        let bytes = size(&moment.what);
        if kept.moments.len() < MOST_MOMENTS && kept.bytes + bytes <= MOST_BYTES {
            kept.bytes += bytes;
            kept.moments.push(moment);
        }
    }
}

impl Recorder<'_> {
    /// Records bytes of one side. The tap calls this function before it sends the bytes on to the other side. So an answer
    /// is never recorded before the packet that it answers.
    pub(super) fn hear(&self, side: Side, bytes: &[u8]) {
        let mut watch = self.watch.lock();
        for heard in watch.hear(side, bytes) {
            self.note(side, heard);
        }
    }

    /// Records that one side sends nothing more. `how` is [`Heard::Fin`] or [`Heard::Reset`].
    pub(super) fn end(&self, side: Side, how: Heard) {
        let mut watch = self.watch.lock();
        if let Some(left) = watch.end(side) {
            self.note(side, left);
        }
        self.note(side, how);
    }

    fn note(&self, side: Side, heard: Heard) {
        self.record.note(self.connection, What::Said(side, heard));
    }
}

fn size(what: &What) -> usize {
    match what {
        What::Said(_, Heard::Frame { bytes, .. } | Heard::Broken { bytes, .. }) => bytes.len(),
        What::Said(_, Heard::Raw(bytes) | Heard::LeftOver(bytes)) => bytes.len(),
        _ => 0,
    }
}

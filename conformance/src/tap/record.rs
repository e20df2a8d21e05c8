//! Everything that the tap heard, of all connections, in one order.

use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;

use crate::grammar::Side;

use super::Listener;
use super::watch::{Heard, Watch};

/// Maximum number of moments that are kept. Later ones are reported at once and then forgotten.
const MOST_MOMENTS: usize = 20_000;

/// Maximum number of bytes that are kept.
const MOST_BYTES: usize = 16 << 20;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Time since the tap started.
    pub at: Duration,
    /// The connection, numbered from 0.
    pub connection: usize,
    /// The event.
    pub what: What,
}

/// The kinds of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A client connected.
    Opened {
        /// The client's address.
        peer: String,
    },
    /// The target did not accept the connection.
    Refused {
        /// The reason.
        why: String,
    },
    /// One side sent something or ended.
    Said(Side, Heard),
}

/// The place where everything is recorded.
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

/// One connection's part of the record.
pub(super) struct Line<'a> {
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

    /// Returns everything that is kept.
    pub(super) fn all(&self) -> Vec<Moment> {
        self.kept.lock().moments.clone()
    }

    pub(super) fn began(&self) -> SystemTime {
        self.began_at
    }

    pub(super) fn of<'a>(&'a self, connection: usize, watch: Watch<'a>) -> Line<'a> {
        Line {
            record: self,
            connection,
            watch: Mutex::new(watch),
        }
    }

    /// Records a moment and reports it.
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

impl Line<'_> {
    /// Records bytes of one side. The tap records them before it passes them on, so an answer never comes before its
    /// question.
    pub(super) fn hear(&self, side: Side, bytes: &[u8]) {
        let mut watch = self.watch.lock();
        for heard in watch.hear(side, bytes) {
            self.note(side, heard);
        }
    }

    /// Records that one side sends nothing more, and how it ended.
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

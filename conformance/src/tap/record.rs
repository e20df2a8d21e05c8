//! All that was heard, of all connections, in one order.

use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;

use crate::grammar::Side;

use super::Listener;
use super::watch::{Heard, Watch};

/// So many moments are kept; what comes later is told at once, and forgotten.
const MOST_MOMENTS: usize = 20_000;

/// And so many bytes.
const MOST_BYTES: usize = 16 << 20;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Since the tap began.
    pub at: Duration,
    /// Which connection, from 0.
    pub connection: usize,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A client came.
    Opened {
        /// From there.
        peer: String,
    },
    /// The target took no connection.
    Refused {
        /// Why.
        why: String,
    },
    /// Somebody said something.
    Said(Side, Heard),
}

/// Where everything is written down.
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

    /// All that is kept.
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

    /// Writes something down, and tells it.
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
    /// Bytes of one side. They are written down before they are passed on: so an answer never stands before its question.
    pub(super) fn hear(&self, side: Side, bytes: &[u8]) {
        let mut watch = self.watch.lock();
        for heard in watch.hear(side, bytes) {
            self.note(side, heard);
        }
    }

    /// One side says no more, in this way.
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

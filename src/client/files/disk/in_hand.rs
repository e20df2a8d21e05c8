use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use super::{Meter, Reader, Writer};
use crate::files::exchange::{FileDirection, Running};

/// The threads that read and write the files of one private connection, and the rates of the transfers.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The paths of the files to send.
    pub(crate) paths: BTreeMap<u32, PathBuf>,
    pub(crate) readers: BTreeMap<u32, Reader>,
    pub(crate) writers: BTreeMap<u32, Writer>,
    meters: BTreeMap<(FileDirection, u32), Meter>,
}

/// The progress of one transfer.
#[derive(Debug)]
pub(crate) struct Pace {
    pub(crate) way: FileDirection,
    pub(crate) name: String,
    pub(crate) done: u64,
    pub(crate) size: u64,
    /// The rate, in bytes per second.
    pub(crate) rate: u64,
}

impl Files {
    /// True while the queue of bytes for the disk is full. Then the loop does not read from the connection.
    pub(crate) fn are_held(&self) -> bool {
        self.writers
            .values()
            .any(|file| file.blocked_on().is_some())
    }

    /// Moves waiting pieces to the queue of bytes to write to disk. Call this function when the queue has space again.
    pub(crate) fn push(&mut self, id: u32) {
        if let Some(writer) = self.writers.get_mut(&id) {
            writer.push();
        }
    }

    /// Returns the progress and the rate of each transfer.
    pub(crate) fn paces(&mut self, running: Vec<Running<'_>>, now: Instant) -> Vec<Pace> {
        self.meters
            .retain(|key, _| running.iter().any(|file| (file.way, file.id) == *key));
        running
            .into_iter()
            .map(|file| {
                let meter = self.meters.entry((file.way, file.id));
                let meter = meter.or_insert_with(|| Meter::new(now, file.done));
                Pace {
                    way: file.way,
                    name: file.name.to_owned(),
                    done: file.done,
                    size: file.size,
                    rate: meter.rate(now, file.done),
                }
            })
            .collect()
    }
}

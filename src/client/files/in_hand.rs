use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use crossbeam_channel::Select;

use super::{Meter, Reader, Writer};
use crate::client::exchange::{Running, Way};
use crate::client::link::Link;
use crate::client::session::Ready;
use crate::room::dialogue::TunnelId;

/// The files of one private connection: the threads that read and write them, and how fast it goes.
#[derive(Debug, Default)]
pub(in crate::client) struct Files {
    /// Where the files are that we send.
    pub(in crate::client) paths: BTreeMap<u32, PathBuf>,
    pub(in crate::client) readers: BTreeMap<u32, Reader>,
    pub(in crate::client) writers: BTreeMap<u32, Writer>,
    meters: BTreeMap<(Way, u32), Meter>,
}

/// How far one is.
#[derive(Debug)]
pub(in crate::client) struct Pace {
    pub(in crate::client) way: Way,
    pub(in crate::client) name: String,
    pub(in crate::client) done: u64,
    pub(in crate::client) size: u64,
    /// In bytes per second.
    pub(in crate::client) rate: u64,
}

impl Files {
    /// True while the disk has no room: then nothing more is taken from the connection.
    pub(in crate::client) fn are_held(&self) -> bool {
        self.writers
            .values()
            .any(|file| file.blocked_on().is_some())
    }

    /// Adds the files that are sent to what is waited for. A piece of one is taken only when the connection has room for it, so
    /// that a file never stands in the way of what is typed.
    pub(in crate::client) fn wait_to_send<'a>(
        &'a self,
        tunnel: TunnelId,
        link: &'a Link,
        select: &mut Select<'a>,
        sources: &mut Vec<Ready>,
    ) {
        for (id, reader) in &self.readers {
            if link.has_room() {
                select.recv(&reader.chunks);
                sources.push(Ready::FileRead(tunnel, *id));
            } else if let Some(room) = link.outgoing() {
                select.send(room);
                sources.push(Ready::TunnelRoom(tunnel));
            }
        }
    }

    /// Adds the disk, for the files that come.
    pub(in crate::client) fn wait_for_disk<'a>(
        &'a self,
        tunnel: TunnelId,
        select: &mut Select<'a>,
        sources: &mut Vec<Ready>,
    ) {
        for (id, writer) in &self.writers {
            select.recv(&writer.reports);
            sources.push(Ready::FileReport(tunnel, *id));
            if let Some(room) = writer.blocked_on() {
                select.send(room);
                sources.push(Ready::FileRoom(tunnel, *id));
            }
        }
    }

    /// The disk has room.
    pub(in crate::client) fn push(&mut self, id: u32) {
        if let Some(writer) = self.writers.get_mut(&id) {
            writer.push();
        }
    }

    /// How far each is, and how fast.
    pub(in crate::client) fn paces(
        &mut self,
        running: Vec<Running<'_>>,
        now: Instant,
    ) -> Vec<Pace> {
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

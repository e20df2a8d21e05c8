//! The events for which the loop waits, and the functions that handle them.

use std::time::Instant;

use crossbeam_channel::{Select, TryRecvError, never};

use super::{Loss, Phase, Session};
use crate::ending::Ending;
use crate::files::disk::Files;
use crate::link::Link;
use crate::signals::Why;
use matou_protocols::dialogue::TunnelId;

/// What the loop can handle next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ready {
    Server,
    ServerRoom,
    Tunnel(TunnelId),
    TunnelConnected(TunnelId),
    TunnelRoom(TunnelId),
    Pipe,
    /// Standard output has space, or has failed.
    Output,
    Line,
    /// The connection that a waiting line needs can now accept this line.
    Held,
    Keys,
    Resized,
    Resumed,
    Reconnected,
    /// A file was inspected.
    Looked,
    /// A piece of a file was read.
    FileRead(TunnelId, u32),
    /// The disk has a report about a file.
    FileReport(TunnelId, u32),
    /// The disk's queue has space.
    FileRoom(TunnelId, u32),
    Signal,
    SecondSignal,
    Deadline,
}

impl Session {
    /// Blocks until the loop can do something. The result is only a hint: when the loop handles it, there may be nothing
    /// left to do.
    pub(super) fn wait(&self) -> Ready {
        let mut select = Select::new();
        let mut sources = vec![
            Ready::Signal,
            Ready::SecondSignal,
            Ready::Resized,
            Ready::Resumed,
        ];
        select.recv(&self.signals.leave);
        select.recv(&self.signals.at_once);
        select.recv(&self.signals.resized);
        select.recv(&self.signals.resumed);
        let shows = !self.output.is_backed_up();
        if shows && !self.server.link.is_backed_up() {
            select.recv(self.server.link.incoming());
            sources.push(Ready::Server);
        }
        if !self.held.is_full() {
            select.recv(&self.keys);
            sources.push(Ready::Keys);
        }
        if let Some(connecting) = self.loss.as_ref().and_then(Loss::connecting) {
            select.recv(connecting);
            sources.push(Ready::Reconnected);
        }
        if let Some(room) = self.server.link.blocked_on() {
            select.send(room);
            sources.push(Ready::ServerRoom);
        }
        for (id, tunnel) in self.private.iter() {
            wait_for_disk(id, &tunnel.files, &mut select, &mut sources);
            if let Some(arrival) = tunnel.stage.arrival() {
                select.recv(arrival);
                sources.push(Ready::TunnelConnected(id));
            }
            let Some(link) = tunnel.stage.link() else {
                continue;
            };
            if shows && !tunnel.files.are_held() && !link.is_backed_up() {
                select.recv(link.incoming());
                sources.push(Ready::Tunnel(id));
            }
            wait_to_send(id, &tunnel.files, link, &mut select, &mut sources);
            if let Some(room) = link.blocked_on() {
                select.send(room);
                sources.push(Ready::TunnelRoom(id));
            }
        }
        if let Some(printer) = self.output.printer() {
            select.recv(printer.failure());
            sources.push(Ready::Output);
            if let Some(room) = printer.blocked_on() {
                select.send(room);
                sources.push(Ready::Output);
            }
        }
        if let Some(done) = self.private.piped() {
            select.recv(done);
            sources.push(Ready::Pipe);
        }
        for looking in &self.looking {
            select.recv(looking.outcome());
            sources.push(Ready::Looked);
        }
        if self.takes_lines() {
            select.recv(&self.lines);
            sources.push(Ready::Line);
        }
        if self.has_room_for_held() {
            return select
                .try_ready()
                .map_or(Ready::Held, |index| sources[index]);
        }
        let index = match self.next_deadline() {
            Some(deadline) => select.ready_deadline(deadline).ok(),
            None => Some(select.ready()),
        };
        index.map_or(Ready::Deadline, |index| sources[index])
    }

    /// True if standard input should be read. While lines wait, a script is not read. A person's input is still read,
    /// because it may be `/quit`.
    fn takes_lines(&self) -> bool {
        match (&self.phase, self.output.is_for_a_person()) {
            (Phase::Leaving { .. } | Phase::Talking { input_ended: true }, _) => false,
            (_, true) => !self.held.is_full(),
            (Phase::Talking { .. }, false) => self.held.is_empty(),
            // After the client has lost the connection, it reads no more lines from the script until it has logged in again.
            (Phase::LoggingIn | Phase::Choosing | Phase::Away, false) => false,
        }
    }

    pub(super) fn handle(&mut self, ready: Ready) -> Result<(), Ending> {
        match ready {
            Ready::Server => {
                let given = self.server.link.given();
                if let Some(incoming) = self.server.link.next() {
                    self.hear_server(incoming)?;
                    self.server.link.has_answered(given);
                }
            }
            Ready::ServerRoom => self.server.link.push(),
            Ready::Tunnel(id) => self.tunnel_ready(id)?,
            Ready::TunnelConnected(id) => self.tunnel_connected(id)?,
            Ready::TunnelRoom(id) => self.link_of(id).into_iter().for_each(Link::push),
            Ready::Pipe => self.pipe_ended()?,
            Ready::Output => self.output.push(),
            Ready::Line => match self.lines.try_recv() {
                Ok(line) => self.line(line)?,
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => {
                    self.lines = never();
                    self.input_ended();
                }
            },
            // This event needs no code of its own, because the loop tries to send the waiting lines after every event.
            Ready::Held => {}
            Ready::Keys => self.keys_came()?,
            Ready::Resized => self.resized(),
            Ready::Resumed => self.resumed(),
            Ready::Reconnected => self.reconnected()?,
            Ready::Signal => match self.signals.leave.try_recv() {
                Ok(Why::Asked) => self.interrupted()?,
                Ok(Why::HungUp) => self.hung_up()?,
                Err(_) => {}
            },
            Ready::SecondSignal => {
                if self.signals.at_once.try_recv().is_ok() {
                    self.interrupted()?;
                }
            }
            Ready::Looked => self.looked()?,
            Ready::FileRead(tunnel, id) => self.file_read(tunnel, id)?,
            Ready::FileReport(tunnel, id) => self.file_report(tunnel, id)?,
            Ready::FileRoom(tunnel, id) => {
                if let Some(tunnel) = self.private.get_mut(tunnel) {
                    tunnel.files.push(id);
                }
            }
            Ready::Deadline if self.deadline.is_some_and(|at| at <= Instant::now()) => {
                self.overdue()?;
            }
            // If no peer is late, this call does nothing: the loop woke up only to paint or to check for stalls.
            Ready::Deadline => self.give_up_late()?,
        }
        Ok(())
    }

    /// Returns the next deadline.
    fn next_deadline(&self) -> Option<Instant> {
        let others = self.progress.due().into_iter();
        let others = others.chain(self.private.awaited_until());
        let others = others
            .chain(self.stalls_at())
            .chain(self.quitting_looks_at());
        self.deadline.into_iter().chain(others).min()
    }
}

/// Adds the files that are being sent to `select`. The loop takes a piece of a file only when the connection has space for
/// it. So a file never delays typed lines.
fn wait_to_send<'a>(
    tunnel: TunnelId,
    files: &'a Files,
    link: &'a Link,
    select: &mut Select<'a>,
    sources: &mut Vec<Ready>,
) {
    for (id, reader) in &files.readers {
        if link.has_room_for_files() {
            select.recv(&reader.chunks);
            sources.push(Ready::FileRead(tunnel, *id));
        } else if let Some(room) = link.outgoing() {
            select.send(room);
            sources.push(Ready::TunnelRoom(tunnel));
        }
    }
}

/// Adds the files that are being received to `select`: reports of the disk, and space in the disk's queue.
fn wait_for_disk<'a>(
    tunnel: TunnelId,
    files: &'a Files,
    select: &mut Select<'a>,
    sources: &mut Vec<Ready>,
) {
    for (id, writer) in &files.writers {
        select.recv(&writer.reports);
        sources.push(Ready::FileReport(tunnel, *id));
        if let Some(room) = writer.blocked_on() {
            select.send(room);
            sources.push(Ready::FileRoom(tunnel, *id));
        }
    }
}

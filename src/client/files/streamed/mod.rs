//! Messages and files on a private connection whose protocol has frames for them (ChatHack).
//!
//! A file is a frame with its name and size, followed by all of its bytes. The sender does not offer the file first, and the
//! receiver does not answer. The receiver skips a file that is too large. Messages that the user types while a file is being
//! sent must wait until the end of the file. If the sender cannot send the whole file, it must close the connection. If the
//! connection stayed open, the receiver would treat the next frame as bytes of the file.

use std::collections::VecDeque;
use std::fmt;

use crate::files::exchange::{Deed, Exchange, FileDirection, FileEvent, Running};

/// Maximum number of files that wait until the current file is sent.
const MOST_FILES: usize = 64;
/// Messages wait until the current file is sent. When this many bytes of messages wait, the client keeps further typed lines
/// until there is space.
const ROOM: usize = 32 * 1024;

/// The traffic on one private connection, in both directions. It does no IO: each function handles an event, and returns the
/// [`Deed`]s that follow.
#[derive(Debug, Default)]
pub(crate) struct Streamed {
    next_id: u32,
    sending: Option<File>,
    waiting: VecDeque<Waiting>,
    /// The file that is being received.
    coming: Option<Coming>,
    /// Files that have arrived completely but are not yet written to disk completely.
    written: Vec<File>,
    /// True if the user has stopped sending. The messages and files that are already waiting are still sent, but nothing is
    /// sent after them.
    shut: bool,
}

#[derive(Debug)]
struct File {
    id: u32,
    name: String,
    size: u64,
    done: u64,
}

#[derive(Debug)]
enum Waiting {
    Frame(Vec<u8>),
    File { head: Vec<u8>, file: File },
}

#[derive(Debug)]
enum Coming {
    Wanted(File),
    Skipped { left: u64 },
}

/// The error for a file that cannot be queued, because the maximum number of files is waiting already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("64 files are already queued; send this one after the current file was sent")
    }
}

impl Streamed {
    /// Sends a frame after everything that already waits. The caller must check [`Streamed::has_room`] first.
    pub(crate) fn say(&mut self, frame: Vec<u8>) -> Vec<Deed> {
        self.queue(Waiting::Frame(frame))
    }

    /// True if a typed line can be sent or queued now.
    pub(crate) fn has_room(&self) -> bool {
        let sizes = self.waiting.iter().map(|one| match one {
            Waiting::Frame(bytes) | Waiting::File { head: bytes, .. } => bytes.len(),
        });
        sizes.sum::<usize>() < ROOM
    }

    /// Sends or queues a file. `head` is the frame before the bytes of the file. Returns the id that the loop passes to
    /// [`Exchange::read`].
    pub(crate) fn send(
        &mut self,
        head: Vec<u8>,
        name: String,
        size: u64,
    ) -> Result<(u32, Vec<Deed>), Full> {
        let is_file = |one: &&Waiting| matches!(one, Waiting::File { .. });
        if self.waiting.iter().filter(is_file).count() == MOST_FILES {
            return Err(Full);
        }
        let file = self.file(name, size);
        let id = file.id;
        Ok((id, self.queue(Waiting::File { head, file })))
    }

    fn file(&mut self, name: String, size: u64) -> File {
        self.next_id = self.next_id.wrapping_add(1);
        File {
            id: self.next_id,
            name,
            size,
            done: 0,
        }
    }

    fn queue(&mut self, one: Waiting) -> Vec<Deed> {
        self.waiting.push_back(one);
        self.go_on()
    }

    /// Removes from the queue the messages and files that can be sent now, and returns the deeds that send them.
    fn go_on(&mut self) -> Vec<Deed> {
        let mut deeds = Vec::new();
        while self.sending.is_none() {
            match self.waiting.pop_front() {
                Some(Waiting::Frame(frame)) => deeds.push(Deed::SendFrame(frame)),
                Some(Waiting::File { head, file }) => {
                    deeds.extend([Deed::SendFrame(head), begun(FileDirection::Out, &file)]);
                    let (id, offset) = (file.id, 0);
                    if file.size == 0 {
                        deeds.push(has_left(file));
                    } else {
                        deeds.push(Deed::Read { id, offset });
                        self.sending = Some(file);
                    }
                }
                None => {
                    if self.shut {
                        deeds.push(Deed::EndSending);
                    }
                    return deeds;
                }
            }
        }
        deeds
    }

    /// Handles the start of a file that arrives. `refusal` is the reason not to accept the file, if there is one.
    pub(crate) fn comes(
        &mut self,
        name: String,
        size: u64,
        refusal: Option<FileEvent>,
    ) -> Vec<Deed> {
        if let Some(event) = refusal {
            self.coming = (size > 0).then_some(Coming::Skipped { left: size });
            return vec![Deed::Tell(event)];
        }
        let file = self.file(name, size);
        let open = Deed::Open {
            id: file.id,
            name: file.name.clone(),
            size,
            sha256: None,
        };
        let deeds = vec![begun(FileDirection::In, &file), open];
        match size {
            0 => self.written.push(file),
            _ => self.coming = Some(Coming::Wanted(file)),
        }
        deeds
    }

    /// Handles bytes of the file that is being received.
    pub(crate) fn data(&mut self, bytes: Vec<u8>) -> Vec<Deed> {
        let length = bytes.len() as u64;
        match self.coming.take() {
            Some(Coming::Wanted(mut file)) => {
                file.done = file.done.saturating_add(length);
                let id = file.id;
                if file.done < file.size {
                    self.coming = Some(Coming::Wanted(file));
                } else {
                    self.written.push(file);
                }
                vec![Deed::Write { id, bytes }]
            }
            Some(Coming::Skipped { left }) => {
                let left = left.saturating_sub(length);
                self.coming = (left > 0).then_some(Coming::Skipped { left });
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Skips the rest of the file that is being received.
    fn skip_the_rest(&mut self, reason: &str) -> Vec<Deed> {
        match self.coming.take() {
            Some(Coming::Wanted(file)) => {
                let left = file.size.saturating_sub(file.done);
                self.coming = Some(Coming::Skipped { left });
                not_received(file, reason)
            }
            other => {
                self.coming = other;
                Vec::new()
            }
        }
    }
}

impl Exchange for Streamed {
    fn read(&mut self, id: u32, bytes: &[u8]) -> Vec<Deed> {
        let Some(file) = self.sending.as_mut().filter(|file| file.id == id) else {
            return Vec::new();
        };
        // The file may have grown since its size was announced, so only the announced bytes are sent.
        let left = usize::try_from(file.size - file.done).unwrap_or(usize::MAX);
        let piece = &bytes[..bytes.len().min(left)];
        file.done += piece.len() as u64;
        let over = file.done == file.size;
        let mut deeds = vec![Deed::Send(piece.to_vec())];
        if over && let Some(file) = self.sending.take() {
            deeds.extend([Deed::StopReading { id }, has_left(file)]);
            deeds.extend(self.go_on());
        }
        deeds
    }

    fn unreadable(&mut self, id: u32, reason: &str) -> Vec<Deed> {
        let Some(file) = self.sending.take_if(|file| file.id == id) else {
            return Vec::new();
        };
        let broken = format!("a file could not be sent completely: {reason}");
        vec![
            Deed::StopReading { id },
            not_sent(file, reason),
            Deed::Break { reason: broken },
        ]
    }

    /// Does nothing: a transfer of this protocol always starts at byte 0, and the sender does not wait for an answer.
    fn opened(&mut self, _id: u32, _offset: u64) -> Vec<Deed> {
        Vec::new()
    }

    fn finished(&mut self, id: u32, path: String) -> Vec<Deed> {
        let Some(at) = self.written.iter().position(|file| file.id == id) else {
            return Vec::new();
        };
        let File { name, size, .. } = self.written.swap_remove(at);
        vec![Deed::Tell(FileEvent::Received {
            name,
            size,
            path,
            checked: false,
        })]
    }

    fn wrong(&mut self, _id: u32) -> Vec<Deed> {
        Vec::new()
    }

    fn unwritable(&mut self, id: u32, reason: &str) -> Vec<Deed> {
        if let Some(at) = self.written.iter().position(|file| file.id == id) {
            return not_received(self.written.swap_remove(at), reason);
        }
        match &self.coming {
            Some(Coming::Wanted(file)) if file.id == id => self.skip_the_rest(reason),
            _ => Vec::new(),
        }
    }

    /// Cancels the newest transfer. A file that waits can be cancelled, but a file that is being sent cannot.
    fn cancel(&mut self) -> Vec<Deed> {
        let deeds = self.skip_the_rest("you cancelled it");
        if !deeds.is_empty() {
            return deeds;
        }
        let is_file = |one: &Waiting| matches!(one, Waiting::File { .. });
        let newest = self.waiting.iter().rposition(is_file);
        match newest.and_then(|at| self.waiting.remove(at)) {
            Some(Waiting::File { file, .. }) => vec![not_sent(file, "you cancelled it")],
            _ => Vec::new(),
        }
    }

    fn peer_ended(&mut self) -> Vec<Deed> {
        self.skip_the_rest("the private connection closed before the whole file arrived")
    }

    fn shut(&mut self) -> Vec<Deed> {
        if std::mem::replace(&mut self.shut, true) {
            return Vec::new();
        }
        self.go_on()
    }

    fn cut(&mut self) -> Vec<Deed> {
        let mut deeds = self.peer_ended();
        let reason = "the private connection closed before the whole file was sent";
        if let Some(file) = self.sending.take() {
            deeds.push(Deed::StopReading { id: file.id });
            deeds.push(not_sent(file, reason));
        }
        let mut messages = 0;
        for one in self.waiting.drain(..) {
            match one {
                Waiting::File { file, .. } => deeds.push(not_sent(file, reason)),
                Waiting::Frame(_) => messages += 1,
            }
        }
        if messages > 0 {
            deeds.push(Deed::MessagesLost { count: messages });
        }
        deeds
    }

    fn is_writing(&self) -> bool {
        !self.written.is_empty()
    }

    fn running(&self) -> Vec<Running<'_>> {
        let coming = self.coming.iter().filter_map(|coming| match coming {
            Coming::Wanted(file) => Some((FileDirection::In, file)),
            Coming::Skipped { .. } => None,
        });
        let sending = self.sending.iter().map(|file| (FileDirection::Out, file));
        let all = sending.chain(coming).map(|(way, file)| Running {
            way,
            id: file.id,
            name: &file.name,
            done: file.done,
            size: file.size,
        });
        all.collect()
    }
}

fn begun(way: FileDirection, file: &File) -> Deed {
    Deed::Tell(FileEvent::Begun {
        way,
        name: file.name.clone(),
        size: file.size,
        offset: 0,
    })
}

fn has_left(File { name, size, .. }: File) -> Deed {
    Deed::Tell(FileEvent::Left { name, size })
}

fn not_sent(file: File, reason: &str) -> Deed {
    Deed::Tell(FileEvent::Failed {
        way: FileDirection::Out,
        name: file.name,
        reason: reason.to_owned(),
    })
}

fn not_received(file: File, reason: &str) -> Vec<Deed> {
    let failed = FileEvent::Failed {
        way: FileDirection::In,
        name: file.name,
        reason: reason.to_owned(),
    };
    vec![Deed::Forget { id: file.id }, Deed::Tell(failed)]
}

#[cfg(test)]
mod tests;

use std::ops::Range;

use matou_protocols::dialogue::{Action, Dialogue, Fault, Source};

/// What came on a connection and is not a whole frame yet. It cannot grow much beyond one read and one frame, because no
/// protocol lets a frame begin that is over its limits.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// Where the next frame begins in `bytes`.
    next: usize,
    /// Where the frame is that was taken last.
    taken: Range<usize>,
    /// Where `bytes` begins in all that ever came.
    offset: u64,
}

/// Bytes that are no frame, and where.
#[derive(Debug)]
pub(super) struct Garbage {
    fault: Fault,
    at: u64,
    bytes: Vec<u8>,
}

impl Inbox {
    /// Appends what came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.next);
        self.offset += self.next as u64;
        self.next = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes one frame and says what follows from it; `None` when there is no whole one.
    pub(super) fn next(
        &mut self,
        dialogue: &mut dyn Dialogue,
        source: Source,
    ) -> Result<Option<Vec<Action>>, Garbage> {
        let unread = &self.bytes[self.next..];
        match dialogue.receive(source, unread) {
            Ok(None) => Ok(None),
            Ok(Some((length, actions))) => {
                self.taken = self.next..self.next + length;
                self.next += length;
                Ok(Some(actions))
            }
            Err(fault) => Err(Garbage {
                fault,
                at: self.offset + self.next as u64,
                bytes: unread[..unread.len().min(Garbage::SHOWN)].to_vec(),
            }),
        }
    }

    /// The frame that was taken last; before anything else is pushed.
    pub(super) fn taken(&self) -> &[u8] {
        self.bytes.get(self.taken.clone()).unwrap_or_default()
    }

    /// True when a frame has begun and is not whole.
    pub(super) fn has_part_of_a_frame(&self) -> bool {
        self.next < self.bytes.len()
    }

    /// The bytes that are no part of a frame, when it turns out that no more frames come.
    pub(super) fn take_rest(&mut self) -> Vec<u8> {
        self.bytes.drain(..self.next);
        self.next = 0;
        std::mem::take(&mut self.bytes)
    }
}

impl Garbage {
    /// So many bytes are shown: enough to recognise `HTTP/1.1` or a TLS record.
    const SHOWN: usize = 16;
}

impl std::fmt::Display for Garbage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; byte {} of what it sent:", self.fault, self.at)?;
        for byte in &self.bytes {
            write!(f, " {byte:02x}")?;
        }
        Ok(())
    }
}

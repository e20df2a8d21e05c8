use std::ops::Range;

use matou_protocols::dialogue::{Action, Dialogue, Fault, Source};

/// Bytes received on a connection that are not a complete frame yet. There are never more of these bytes than in one read
/// and one frame together: every protocol rejects a frame that is too large as soon as the length of the frame has arrived.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// Where the next frame begins in `bytes`.
    next: usize,
    /// The position in `bytes` of the frame that was taken last.
    taken: Range<usize>,
    /// The number of bytes in the stream before the first byte of `bytes`.
    offset: u64,
}

/// Bytes that are not a valid frame, and their position in the stream.
#[derive(Debug)]
pub(crate) struct Garbage {
    fault: Fault,
    at: u64,
    bytes: Vec<u8>,
}

impl Inbox {
    /// Appends received bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.next);
        self.offset += self.next as u64;
        self.next = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes one frame and passes it to the dialogue. Returns what the dialogue returns, or `None` if no frame is complete.
    pub(crate) fn next(
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

    /// Returns the frame that was taken last. Call it before more bytes are pushed.
    pub(crate) fn taken(&self) -> &[u8] {
        self.bytes.get(self.taken.clone()).unwrap_or_default()
    }

    /// True if an incomplete frame was received.
    pub(crate) fn has_part_of_a_frame(&self) -> bool {
        self.next < self.bytes.len()
    }

    /// Removes and returns the bytes after the frame that was taken last. Call this function when raw bytes follow the
    /// frames.
    pub(crate) fn take_rest(&mut self) -> Vec<u8> {
        self.bytes.drain(..self.next);
        self.next = 0;
        std::mem::take(&mut self.bytes)
    }
}

impl Garbage {
    /// Maximum number of bytes to show. 16 bytes are enough to recognise `HTTP/1.1` or a TLS record.
    const SHOWN: usize = 16;
}

impl std::fmt::Display for Garbage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}; at byte {} of the received data:",
            self.fault, self.at
        )?;
        for byte in &self.bytes {
            write!(f, " {byte:02x}")?;
        }
        Ok(())
    }
}

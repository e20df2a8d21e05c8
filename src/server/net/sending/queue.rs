//! The bytes that wait for one client, in order.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use super::piece::Piece;

/// Maximum number of pieces in one system call.
const PIECES: usize = 64;

/// A list of pieces. Many queues may share a piece, so a broadcast is in memory only once.
///
/// If a socket accepts only a part of a piece, the queue begins with the rest of that piece.
#[derive(Debug, Default)]
pub(in crate::net) struct Queue {
    pieces: VecDeque<Arc<Piece>>,
    /// How many bytes of the first piece are sent already.
    sent: usize,
    /// Number of bytes that wait, in all pieces together.
    bytes: usize,
}

impl Queue {
    pub(in crate::net) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Returns the number of bytes that wait.
    pub(in crate::net) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Appends a piece of which `sent` bytes are sent already. If the queue is not empty, `sent`
    /// must be 0.
    pub(in crate::net) fn push(&mut self, piece: Arc<Piece>, sent: usize) {
        debug_assert!(sent == 0 || self.is_empty());
        self.bytes += piece.bytes().len() - sent;
        self.sent += sent;
        self.pieces.push_back(piece);
    }

    /// Returns the beginning of the queue, as much as one system call can send, and the number of
    /// bytes in this part. The result borrows from the queue, so a thread can use it only while it
    /// keeps the lock.
    pub(in crate::net) fn front(&self) -> (Vec<IoSlice<'_>>, usize) {
        slices(self.pieces.iter().take(PIECES), self.sent)
    }

    /// Returns the same bytes as `front`, but the result does not borrow from the queue. So a
    /// thread can release the lock before it sends these bytes.
    pub(in crate::net) fn shared_front(&self) -> Front {
        Front {
            pieces: self.pieces.iter().take(PIECES).cloned().collect(),
            sent: self.sent,
        }
    }

    /// Removes this many bytes from the front, because they have been sent.
    pub(in crate::net) fn advance(&mut self, sent: usize) {
        self.bytes = self.bytes.saturating_sub(sent);
        self.sent += sent;
        while let Some(first) = self.pieces.front() {
            if self.sent < first.bytes().len() {
                break;
            }
            self.sent -= first.bytes().len();
            self.pieces.pop_front();
        }
    }
}

/// A copy of the beginning of a queue, made while the lock was held. It shares the pieces with the
/// queue.
#[derive(Debug)]
pub(in crate::net) struct Front {
    pieces: Vec<Arc<Piece>>,
    sent: usize,
}

impl Front {
    /// Returns the bytes that one system call sends, and their number.
    pub(in crate::net) fn slices(&self) -> (Vec<IoSlice<'_>>, usize) {
        slices(self.pieces.iter(), self.sent)
    }
}

fn slices<'a>(
    pieces: impl Iterator<Item = &'a Arc<Piece>>,
    sent: usize,
) -> (Vec<IoSlice<'a>>, usize) {
    let slices: Vec<_> = pieces
        .enumerate()
        .map(|(at, piece)| IoSlice::new(&piece.bytes()[if at == 0 { sent } else { 0 }..]))
        .collect();
    let length = slices.iter().map(|slice| slice.len()).sum();
    (slices, length)
}

#[cfg(test)]
mod tests {
    use super::super::piece::Queued;
    use super::*;

    fn piece(bytes: &[u8]) -> Arc<Piece> {
        Piece::new(bytes, &Queued::new(usize::MAX))
    }

    fn front(queue: &Queue) -> Vec<u8> {
        let (slices, length) = queue.front();
        let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
        assert_eq!(bytes.len(), length);
        assert_eq!(bytes.len(), queue.bytes());
        bytes
    }

    #[test]
    fn bytes_leave_in_order_and_a_part_of_a_piece_is_not_sent_twice() {
        let mut queue = Queue::default();
        queue.push(piece(b"abc"), 1);
        queue.push(piece(b"de"), 0);
        assert_eq!(front(&queue), b"bcde");
        queue.advance(1);
        assert_eq!(front(&queue), b"cde");
        let taken = queue.shared_front();
        queue.push(piece(b"f"), 0);
        assert_eq!(
            taken.slices().1,
            3,
            "the taken bytes do not include bytes that are pushed later"
        );
        queue.advance(2);
        assert_eq!(front(&queue), b"ef");
        queue.advance(2);
        assert!(queue.is_empty());
        assert_eq!(front(&queue), b"");
    }
}

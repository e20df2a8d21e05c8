//! The text of a load's messages: the sender, the number, the time, and a filler that shows whether the text was damaged.

use std::time::{Duration, Instant};

/// Minimum size of a message's text, in bytes.
pub(crate) const SMALLEST: usize = 34;

const SENDER: usize = 6;
const NUMBER: usize = 10;
const TIME: usize = 16;
/// The filler repeats after this number of bytes.
const PERIOD: usize = 64;

const ALPHABET: &[u8; PERIOD] = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_";

/// The content of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    /// The index of the sender.
    pub(crate) sender: u32,
    /// The number of this message among the messages of its sender, from 0.
    pub(crate) number: u32,
    /// The time of sending, measured from the start of the load.
    pub(crate) sent: Duration,
}

/// Writes and reads messages of one size. The messages are plain ASCII, which every text protocol can carry.
#[derive(Debug)]
pub(crate) struct Payload {
    size: usize,
    filler: Vec<u8>,
    began: Instant,
}

impl Payload {
    pub(crate) fn new(size: usize, began: Instant) -> Payload {
        let size = size.max(SMALLEST);
        Payload {
            size,
            filler: ALPHABET
                .iter()
                .copied()
                .cycle()
                .take(size + PERIOD)
                .collect(),
            began,
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Returns the text of a message. Its time of sending is the current time.
    pub(crate) fn write(&self, sender: u32, number: u32) -> String {
        let nanos = u64::try_from(self.now().as_nanos()).unwrap_or(u64::MAX);
        let mut text = format!("{sender:06} {number:010} {nanos:016x}");
        let filler = self.filler_of(sender, number, self.size - text.len());
        text.extend(filler.iter().copied().map(char::from));
        text
    }

    /// Returns the content of a text; `None` if the text is damaged or no load has written it.
    pub(crate) fn read(&self, text: &[u8]) -> Option<Said> {
        if text.len() != self.size {
            return None;
        }
        let (sender, rest) = text.split_at_checked(SENDER)?;
        let (number, rest) = rest.strip_prefix(b" ")?.split_at_checked(NUMBER)?;
        let (time, filler) = rest.strip_prefix(b" ")?.split_at_checked(TIME)?;
        let sender = digits(sender, 10)? as u32;
        let number = u32::try_from(digits(number, 10)?).ok()?;
        let whole = filler == self.filler_of(sender, number, filler.len());
        let sent = Duration::from_nanos(digits(time, 16)?);
        whole.then_some(Said {
            sender,
            number,
            sent,
        })
    }

    fn filler_of(&self, sender: u32, number: u32, length: usize) -> &[u8] {
        let mixed = (number as usize)
            .wrapping_mul(31)
            .wrapping_add((sender as usize).wrapping_mul(7));
        let from = mixed % PERIOD;
        self.filler.get(from..from + length).unwrap_or_default()
    }
}

fn digits(text: &[u8], radix: u32) -> Option<u64> {
    let digit = |byte: &u8| char::from(*byte).to_digit(radix).map(u64::from);
    text.iter().try_fold(0, |sum: u64, byte| {
        Some(sum * u64::from(radix) + digit(byte)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_back_as_it_was_written() {
        for size in [0, SMALLEST, 64, 1024] {
            let payload = Payload::new(size, Instant::now());
            let text = payload.write(4, 1_000_007);
            assert_eq!(text.len(), payload.size());
            let said = payload.read(text.as_bytes()).expect("it is whole");
            assert_eq!((said.sender, said.number), (4, 1_000_007));
            assert!(said.sent <= payload.now());
        }
    }

    #[test]
    fn any_changed_byte_of_number_or_filler_is_detected() {
        let payload = Payload::new(80, Instant::now());
        let text = payload.write(4, 77).into_bytes();
        for at in (0..SENDER + 1 + NUMBER).chain(SMALLEST..80) {
            let mut damaged = text.clone();
            damaged[at] ^= 1;
            let original = payload.read(&text);
            assert_ne!(payload.read(&damaged), original, "byte {at}");
        }
    }
}

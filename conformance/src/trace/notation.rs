//! The notation of bytes in a recording. A byte is a pair of hexadecimal digits. `c3a9*512` means that the bytes `c3a9` come
//! 512 times. `+1048512` at the end is the number of further bytes, which are not recorded.

use std::fmt::Write;

/// Maximum length, in bytes, of a pattern whose repetitions are written as one word.
const PATTERN: usize = 4;

/// Minimum length, in bytes, of a repetition that is written in the short form (`c3a9*512`). Shorter repetitions are written
/// byte by byte.
const WORTHWHILE: usize = 16;

/// Maximum number of bytes that are written for one event. A repetition counts only as the bytes of its pattern. If an event
/// needs more bytes, only its first [`FIRST`] bytes are written.
const KEPT: usize = 320;

/// The number of bytes that are written for an event that is too long.
const FIRST: usize = 32;

/// Maximum number of bytes that one word of the notation may represent. With this limit, a mistake in a file cannot fill the
/// memory.
const MOST: usize = 1 << 16;

/// Returns the notation of an event of `length` bytes, of which `bytes` may be only the first.
pub(super) fn written(bytes: &[u8], length: usize) -> String {
    let mut kept = bytes;
    let mut words = words(kept);
    if words.iter().map(|word| word.pattern.len()).sum::<usize>() > KEPT {
        kept = bytes.get(..FIRST).unwrap_or(bytes);
        words = self::words(kept);
    }
    let mut text = String::new();
    for word in &words {
        for byte in word.pattern {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        if word.times > 1 {
            let _ = write!(text, "*{}", word.times);
        }
        text.push(' ');
    }
    if length > kept.len() {
        let _ = write!(text, "+{}", length - kept.len());
    }
    text.trim_end().to_owned()
}

/// Reads the notation. Returns the recorded bytes, and the number of all bytes of the event.
pub(super) fn read(text: &str) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let mut more = 0;
    for word in text.split_whitespace() {
        if let Some(count) = word.strip_prefix('+') {
            more += count.parse::<usize>().ok()?;
            continue;
        }
        let (pattern, times) = word.split_once('*').unwrap_or((word, "1"));
        let pattern = pairs(pattern)?;
        let times = times.parse().ok()?;
        if pattern.len().checked_mul(times)? > MOST || more > 0 {
            return None;
        }
        bytes.extend(pattern.repeat(times));
    }
    let length = bytes.len() + more;
    (length > 0).then_some((bytes, length))
}

fn pairs(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let pair = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    Some(digits.chunks(2).map(pair).collect())
}

/// A pattern, and the number of times that it occurs.
struct Word<'a> {
    pattern: &'a [u8],
    times: usize,
}

fn words(bytes: &[u8]) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let (mut literal, mut at) = (0, 0);
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(repeated) = repetition(rest) else {
            at += 1;
            continue;
        };
        let before = bytes.get(literal..at).filter(|before| !before.is_empty());
        words.extend(before.map(|pattern| Word { pattern, times: 1 }));
        at += repeated.pattern.len() * repeated.times;
        literal = at;
        words.push(repeated);
    }
    let last = bytes.get(literal..).filter(|last| !last.is_empty());
    words.extend(last.map(|pattern| Word { pattern, times: 1 }));
    words
}

/// Returns the repetition at the beginning of the bytes, if it is long enough.
fn repetition(bytes: &[u8]) -> Option<Word<'_>> {
    (1..=PATTERN).find_map(|length| {
        let pattern = bytes.get(..length)?;
        let same = |piece: &&[u8]| *piece == pattern;
        let times = bytes.chunks(length).take_while(same).count();
        (times * length >= WORTHWHILE).then_some(Word { pattern, times })
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::short(b"\x00\x00\x00\x05alice", 9, "00000005616c696365")]
    #[case::repeated(&b"x".repeat(40), 40, "78*40")]
    #[case::characters(&[b"a".to_vec(), "é".repeat(20).into_bytes(), b"b".to_vec()].concat(), 42, "61 c3a9*20 62")]
    #[case::first_only(b"abc", 1_048_576, "616263 +1048573")]
    #[case::nothing_kept(b"", 7, "+7")]
    fn bytes_read_back_as_they_were_written(
        #[case] bytes: &[u8],
        #[case] length: usize,
        #[case] text: &str,
    ) {
        assert_eq!(written(bytes, length), text);
        assert_eq!(read(text), Some((bytes.to_vec(), length)));
    }

    #[test]
    fn long_bytes_without_a_pattern_are_cut() {
        let bytes: Vec<u8> = (0..4096_u32).map(|at| (at * at % 251) as u8).collect();
        let (kept, length) = read(&written(&bytes, 100_000)).expect("it is the notation of bytes");
        assert_eq!((kept.as_slice(), length), (&bytes[..FIRST], 100_000));
    }

    #[rstest]
    #[case("")]
    #[case("0")]
    #[case("0g")]
    #[case("00*x")]
    #[case("00*99999999")]
    #[case("é0")]
    #[case("+5 00")]
    fn other_words_are_mistakes(#[case] text: &str) {
        assert_eq!(read(text), None);
    }
}

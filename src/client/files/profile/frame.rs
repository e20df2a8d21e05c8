use std::fmt;

use crate::files::digest::Digest;

/// The beginning of every frame of this version of the format.
const MARK: &str = "::matou/1 ";
/// The beginning of every frame of any version. A line of text that begins like this is sent as a `text` frame.
const ANY_VERSION: &str = "::matou/";
/// Maximum bytes after one `data` line.
const MAX_DATA: usize = 64 * 1024;

/// A frame: a line that controls a transfer, or that carries a line of text that itself begins with `::matou/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    Offer {
        id: u32,
        size: u64,
        sha256: Digest,
        name: String,
    },
    Accept {
        id: u32,
        offset: u64,
    },
    Deny {
        id: u32,
    },
    /// Bytes of a file follow.
    Data {
        id: u32,
        length: usize,
    },
    Withdraw {
        id: u32,
        reason: Option<String>,
    },
    Stop {
        id: u32,
        reason: Option<String>,
    },
    Done {
        id: u32,
    },
    Bad {
        id: u32,
    },
    Text(String),
}

impl Frame {
    /// Encodes the line with its line feed.
    pub(crate) fn encode(&self) -> Vec<u8> {
        format!("{MARK}{self}\n").into_bytes()
    }

    /// Decodes a line without its line end; `None` if it is text.
    pub(super) fn parse(line: &[u8]) -> Option<Frame> {
        let line = str::from_utf8(line).ok()?.strip_prefix(MARK)?;
        let (verb, rest) = line.split_once(' ')?;
        if verb == "text" {
            return Some(Frame::Text(rest.to_owned()));
        }
        let (id, rest) = match rest.split_once(' ') {
            Some((id, rest)) => (id, Some(rest)),
            None => (rest, None),
        };
        let id = number(id)?;
        match (verb, rest) {
            ("offer", Some(rest)) => offer(id, rest),
            ("accept", Some(offset)) => number(offset).map(|offset| Frame::Accept { id, offset }),
            ("data", Some(length)) => number(length)
                .filter(|length| (1..=MAX_DATA).contains(length))
                .map(|length| Frame::Data { id, length }),
            ("deny", None) => Some(Frame::Deny { id }),
            ("withdraw", reason) => Some(Frame::Withdraw {
                id,
                reason: reason.map(str::to_owned),
            }),
            ("stop", reason) => Some(Frame::Stop {
                id,
                reason: reason.map(str::to_owned),
            }),
            ("done", None) => Some(Frame::Done { id }),
            ("bad", None) => Some(Frame::Bad { id }),
            _ => None,
        }
    }
}

fn offer(id: u32, rest: &str) -> Option<Frame> {
    let mut fields = rest.splitn(3, ' ');
    Some(Frame::Offer {
        id,
        size: number(fields.next()?)?,
        sha256: Digest::parse(fields.next()?)?,
        name: fields.next().filter(|name| !name.is_empty())?.to_owned(),
    })
}

/// Parses digits only. The digits are checked here because the parser of the standard library also accepts `+7`.
fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Frame::Offer {
                id,
                size,
                sha256,
                name,
            } => write!(f, "offer {id} {size} {sha256} {name}"),
            Frame::Accept { id, offset } => write!(f, "accept {id} {offset}"),
            Frame::Deny { id } => write!(f, "deny {id}"),
            Frame::Data { id, length } => write!(f, "data {id} {length}"),
            Frame::Withdraw { id, reason: None } => write!(f, "withdraw {id}"),
            Frame::Withdraw {
                id,
                reason: Some(reason),
            } => write!(f, "withdraw {id} {reason}"),
            Frame::Stop { id, reason: None } => write!(f, "stop {id}"),
            Frame::Stop {
                id,
                reason: Some(reason),
            } => write!(f, "stop {id} {reason}"),
            Frame::Done { id } => write!(f, "done {id}"),
            Frame::Bad { id } => write!(f, "bad {id}"),
            Frame::Text(text) => write!(f, "text {text}"),
        }
    }
}

/// Encodes a line of text.
pub(crate) fn encode_text(text: &str) -> Vec<u8> {
    if text.starts_with(ANY_VERSION) {
        return Frame::Text(text.to_owned()).encode();
    }
    format!("{text}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::another_version("::matou/2 deny 1")]
    #[case::no_verb("::matou/1 ")]
    #[case::an_unknown_verb("::matou/1 rename 1")]
    #[case::no_id("::matou/1 deny")]
    #[case::a_negative_id("::matou/1 deny -1")]
    #[case::a_signed_id("::matou/1 deny +1")]
    #[case::too_large_an_id("::matou/1 deny 4294967296")]
    #[case::something_after_it("::matou/1 deny 1 2")]
    #[case::too_much_data("::matou/1 data 1 65537")]
    #[case::no_data("::matou/1 data 1 0")]
    #[case::an_offer_without_a_name(
        "::matou/1 offer 1 5 0000000000000000000000000000000000000000000000000000000000000000"
    )]
    #[case::half_a_hash("::matou/1 offer 1 5 00 name")]
    fn a_line_that_is_not_a_frame_is_text(#[case] line: &str) {
        assert_eq!(Frame::parse(line.as_bytes()), None);
    }

    #[test]
    fn an_offer_can_be_read_by_people_too() {
        let frame = Frame::Offer {
            id: 7,
            size: 12,
            sha256: Digest([0xab; 32]),
            name: "two words.txt".into(),
        };
        let line = format!("::matou/1 offer 7 12 {} two words.txt\n", "ab".repeat(32));
        assert_eq!(frame.encode(), line.into_bytes());
    }

    pub(crate) fn any_frame() -> impl Strategy<Value = Frame> {
        let id = any::<u32>;
        let reason = || prop::option::of("[^\n\r]{0,20}");
        prop_oneof![
            (id(), any::<u64>(), any::<[u8; 32]>(), "[^\n\r]{1,20}").prop_map(
                |(id, size, digest, name)| Frame::Offer {
                    id,
                    size,
                    sha256: Digest(digest),
                    name
                }
            ),
            (id(), any::<u64>()).prop_map(|(id, offset)| Frame::Accept { id, offset }),
            id().prop_map(|id| Frame::Deny { id }),
            (id(), reason()).prop_map(|(id, reason)| Frame::Withdraw { id, reason }),
            (id(), reason()).prop_map(|(id, reason)| Frame::Stop { id, reason }),
            id().prop_map(|id| Frame::Done { id }),
            id().prop_map(|id| Frame::Bad { id }),
            "[^\n]*".prop_map(Frame::Text),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(frame in any_frame()) {
            let line = frame.encode();
            prop_assert_eq!(Frame::parse(line.strip_suffix(b"\n").unwrap()), Some(frame));
        }
    }
}

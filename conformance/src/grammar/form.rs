//! Bytes that people write as text: a UUID, an IP address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use uuid::Uuid;

/// How such a type is laid out. The text of a value is always the usual one, so that equal bytes are equal texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 16 bytes in the order of the text, `6ba7b810-9dad-11d1-80b4-00c04fd430c8`.
    Uuid,
    /// A byte 4 and the 4 bytes of an IPv4 address, or a byte 6 and the 16 bytes of an IPv6 address.
    Address,
}

/// What bytes are in such a form.
pub(super) enum Formed {
    /// A value, and how many bytes it takes.
    Whole(String, usize),
    /// Only its beginning.
    Partial,
    /// It cannot become one: why.
    Broken(String),
}

impl Form {
    /// The names that wire.kdl knows.
    pub const NAMED: [(&'static str, Form); 2] = [("uuid", Form::Uuid), ("address", Form::Address)];

    /// The form that wire.kdl calls so.
    #[must_use]
    pub fn named(name: &str) -> Option<Form> {
        let mut known = Form::NAMED.iter();
        known.find(|(known, _)| *known == name).map(|(_, form)| *form)
    }

    /// A value that is no particular one, made of a number.
    #[must_use]
    pub fn arbitrary(self, number: u64) -> String {
        match self {
            Form::Uuid => uuid::Builder::from_random_bytes((u128::from(number) << 64 | 0xc0ffee).to_be_bytes())
                .into_uuid()
                .to_string(),
            Form::Address => Ipv6Addr::from(u128::from(number)).to_string(),
        }
    }

    /// Whether a value would be written so.
    #[must_use]
    pub fn writes(self, text: &str) -> bool {
        let bytes = self.encode(text).unwrap_or_default();
        matches!(self.decode(&bytes), Formed::Whole(written, _) if written == text)
    }

    /// The bytes of a text, if it is one of this form.
    pub(super) fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Form::Uuid => Uuid::try_parse(text).ok().map(|uuid| uuid.as_bytes().to_vec()),
            Form::Address => text.parse().ok().map(|address| match address {
                IpAddr::V4(address) => [&[4][..], &address.octets()].concat(),
                IpAddr::V6(address) => [&[6][..], &address.octets()].concat(),
            }),
        }
    }

    /// The value at the front of these bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> Formed {
        let (version, rest) = match (self, bytes.split_first()) {
            (Form::Uuid, _) => {
                return whole(bytes, 0, |bytes| Uuid::from_bytes(bytes).to_string());
            }
            (Form::Address, None) => return Formed::Partial,
            (Form::Address, Some((version, rest))) => (*version, rest),
        };
        match version {
            4 => whole(rest, 1, |bytes: [u8; 4]| Ipv4Addr::from(bytes).to_string()),
            6 => whole(rest, 1, |bytes: [u8; 16]| Ipv6Addr::from(bytes).to_string()),
            other => Formed::Broken(format!("has the version {other}, which is neither 4 nor 6")),
        }
    }
}

fn whole<const N: usize>(bytes: &[u8], before: usize, text: impl FnOnce([u8; N]) -> String) -> Formed {
    match bytes.first_chunk::<N>() {
        Some(bytes) => Formed::Whole(text(*bytes), before + N),
        None => Formed::Partial,
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Uuid => "a UUID, such as \"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"",
            Form::Address => "an address, such as \"192.0.2.1\" or \"2001:db8::1\"",
        })
    }
}

//! The faults, each a mistake that real servers have, with the requirement that it breaks.

mod chat;
mod framing;
mod login;
mod negotiation;
mod tunnel;

use super::proxy::Meddle;
use super::room::{self, Decode, Handle};

/// A server with one mistake.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    /// What it does wrong, after "the server".
    pub(crate) name: &'static str,
    /// The requirement that it breaks: at least one case that fails cites it.
    pub(crate) breaks: &'static str,
    /// Packets; a case that neither has one of them nor cites the requirement must not blame the target. None: any case may.
    pub(crate) touches: &'static [&'static str],
    pub(crate) decode: Decode,
    pub(crate) handle: Handle,
    /// Sits between the clients and the server, for mistakes in the relaying of bytes.
    pub(crate) meddle: Option<Meddle>,
}

impl Fault {
    const fn handling(name: &'static str, breaks: &'static str, handle: Handle) -> Fault {
        Fault {
            name,
            breaks,
            touches: ANY,
            decode: room::decode,
            handle,
            meddle: None,
        }
    }

    const fn decoding(name: &'static str, breaks: &'static str, decode: Decode) -> Fault {
        Fault {
            decode,
            ..Fault::handling(name, breaks, room::handle)
        }
    }

    const fn reading(
        name: &'static str,
        breaks: &'static str,
        decode: Decode,
        handle: Handle,
    ) -> Fault {
        Fault {
            decode,
            ..Fault::handling(name, breaks, handle)
        }
    }

    const fn relaying(name: &'static str, breaks: &'static str, meddle: Meddle) -> Fault {
        Fault {
            meddle: Some(meddle),
            ..Fault::handling(name, breaks, room::handle)
        }
    }
}

/// Faults of one kind, and the packets that a case must have to do with before it may blame the target for one of them.
type Section = (&'static [Fault], &'static [&'static str]);

/// Any case.
const ANY: &[&str] = &[];

const SECTIONS: [Section; 6] = [
    (framing::FAULTS, ANY),
    (login::FAULTS, &["LOGIN"]),
    (chat::FAULTS, &["MESSAGE", "MESSAGE_PRIVATE"]),
    (chat::FAULTS_FOR_EVERYBODY, ANY),
    (
        negotiation::FAULTS,
        &["REQUEST_PRIVATE", "OK_PRIVATE", "KO_PRIVATE"],
    ),
    (tunnel::FAULTS, &["LOGIN_PRIVATE"]),
];

/// All of them, in the order of the requirements.
pub(crate) fn all() -> Vec<Fault> {
    let touching =
        |(faults, touches): Section| faults.iter().map(move |fault| Fault { touches, ..*fault });
    SECTIONS.into_iter().flat_map(touching).collect()
}

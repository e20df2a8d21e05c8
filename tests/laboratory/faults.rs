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

/// All of them, in the order of the requirements.
pub(crate) fn all() -> Vec<Fault> {
    [
        framing::FAULTS,
        login::FAULTS,
        chat::FAULTS,
        negotiation::FAULTS,
        tunnel::FAULTS,
    ]
    .concat()
}

//! A mistake that real servers have, with the requirement that it breaks, in whatever protocol.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use matou_server::net::{Engine, Service};

use crate::proxy::{self, Meddle};
use crate::room::{self, Decode, Faulty, Handle, Subject, Utter};

/// A server with one mistake.
pub(crate) struct Fault<P: Subject> {
    name: &'static str,
    breaks: &'static str,
    decode: Decode<P>,
    handle: Handle<P>,
    utter: Utter<P>,
    meddle: Option<Meddle>,
}

impl<P: Subject> Fault<P> {
    /// Does what it should not.
    pub(crate) const fn handling(
        name: &'static str,
        breaks: &'static str,
        handle: Handle<P>,
    ) -> Fault<P> {
        Fault::reading(name, breaks, room::decode, handle)
    }

    /// Takes bytes for what they are not.
    pub(crate) const fn decoding(
        name: &'static str,
        breaks: &'static str,
        decode: Decode<P>,
    ) -> Fault<P> {
        Fault::reading(name, breaks, decode, room::handle)
    }

    /// Both.
    pub(crate) const fn reading(
        name: &'static str,
        breaks: &'static str,
        decode: Decode<P>,
        handle: Handle<P>,
    ) -> Fault<P> {
        Fault {
            name,
            breaks,
            decode,
            handle,
            utter: |_, _, outs| outs,
            meddle: None,
        }
    }

    /// Does what it should not when time has passed, or because of it.
    pub(crate) const fn timing(
        name: &'static str,
        breaks: &'static str,
        handle: Handle<P>,
        utter: Utter<P>,
    ) -> Fault<P> {
        Fault {
            utter,
            ..Fault::handling(name, breaks, handle)
        }
    }

    /// A mistake in the relaying of bytes.
    pub(crate) const fn relaying(
        name: &'static str,
        breaks: &'static str,
        meddle: Meddle,
    ) -> Fault<P> {
        Fault {
            meddle: Some(meddle),
            ..Fault::handling(name, breaks, room::handle)
        }
    }

    /// The fault as the laboratory takes it. `touches` are packets: a case that neither has one of them nor cites the
    /// requirement must not blame the target. None: any case may.
    pub(crate) fn specimen(&self, touches: &'static [&'static str]) -> Specimen {
        let Fault {
            decode,
            handle,
            utter,
            meddle,
            ..
        } = *self;
        Specimen {
            suite: P::SUITE,
            name: self.name,
            breaks: self.breaks,
            touches,
            settings: P::settings,
            serve: Box::new(move |engine| serve(engine, decode, (handle, utter), meddle)),
        }
    }
}

/// Any case may blame the target for such a fault.
pub(crate) const ANY: &[&str] = &[];

/// A fault of one of the protocols.
pub(crate) struct Specimen {
    /// The suite that must catch it.
    pub(crate) suite: &'static str,
    /// What the server does wrong, after "the server".
    pub(crate) name: &'static str,
    /// The requirement that it breaks: at least one case that fails cites it.
    pub(crate) breaks: &'static str,
    /// The packets that a case must have to do with before it may blame the target.
    pub(crate) touches: &'static [&'static str],
    /// What the suite must be told of the server.
    pub(crate) settings: fn() -> BTreeMap<String, String>,
    /// Starts the server; it ends with the service.
    pub(crate) serve: Serve,
}

/// Starts a server, and says where clients find it.
pub(crate) type Serve = Box<dyn Fn(&Engine) -> (Service, SocketAddr) + Send + Sync>;

fn serve<P: Subject>(
    engine: &Engine,
    decode: Decode<P>,
    (handle, utter): (Handle<P>, Utter<P>),
    meddle: Option<Meddle>,
) -> (Service, SocketAddr) {
    let room = Faulty::<P>::new(handle, utter);
    let codec = (P::codec(), decode);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let service = P::listen(engine, room, codec, any);
    let address = match meddle {
        Some(meddle) => proxy::listen(service.address(), meddle, P::opening),
        None => service.address(),
    };
    (service, address)
}

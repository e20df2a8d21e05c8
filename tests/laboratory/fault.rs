//! A fault that real servers have, and the requirement that it breaks.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use matou_server::net::{Engine, Service};

use crate::proxy::{self, Meddle};
use crate::room::{self, Decode, Faulty, Handle, Subject, Utter};

/// A fault of a server of the protocol `P`.
pub(crate) struct Fault<P: Subject> {
    name: &'static str,
    breaks: &'static str,
    decode: Decode<P>,
    handle: Handle<P>,
    utter: Utter<P>,
    meddle: Option<Meddle>,
}

impl<P: Subject> Fault<P> {
    /// Makes a fault in the handling of events.
    pub(crate) const fn handling(
        name: &'static str,
        breaks: &'static str,
        handle: Handle<P>,
    ) -> Fault<P> {
        Fault::reading(name, breaks, room::decode, handle)
    }

    /// Makes a fault in decoding.
    pub(crate) const fn decoding(
        name: &'static str,
        breaks: &'static str,
        decode: Decode<P>,
    ) -> Fault<P> {
        Fault::reading(name, breaks, decode, room::handle)
    }

    /// Makes a fault in decoding and in the handling of events.
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

    /// Makes a fault in what the server does when some time has passed, such as a ping or a timeout.
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

    /// Makes a fault in the relaying of a tunnel's bytes.
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

    /// Returns a specimen: a server with this fault. `touches` lists the packets that the fault affects. A case may fail
    /// because of the fault only if it uses one of these packets or cites the requirement that the fault breaks. If the list
    /// is empty, any case may fail.
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

/// An empty list of packets: any case may fail because of the fault.
pub(crate) const ANY: &[&str] = &[];

/// A server of any protocol with one fault.
pub(crate) struct Specimen {
    /// The name of the suite that must catch the fault.
    pub(crate) suite: &'static str,
    /// What the server does wrong. This text continues a sentence that begins with "the server".
    pub(crate) name: &'static str,
    /// The requirement that the fault breaks. At least one case that fails must cite it.
    pub(crate) breaks: &'static str,
    /// The packets that the fault affects, see [`Fault::specimen`].
    pub(crate) touches: &'static [&'static str],
    /// Returns the settings that the suite needs.
    pub(crate) settings: fn() -> BTreeMap<String, String>,
    /// Starts the server. It stops when the service is dropped.
    pub(crate) serve: Serve,
}

/// Starts a server, and returns its address for clients.
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

//! A fault that real servers have, and the requirement that it breaks.

use std::any::Any;
use std::fmt;
use std::net::SocketAddr;
use std::panic::Location;

use matou_server::net::Engine;

use crate::lab::Layer;
use crate::proxy::Meddle;
use crate::room::{self, Decode, Handle, Subject, Utter};
use crate::running::{self, Running, StartError};

/// A fault of a server of the protocol `P`.
pub(crate) struct Fault<P: Subject> {
    name: &'static str,
    breaks: &'static str,
    decode: Option<Decode<P>>,
    handle: Handle<P>,
    utter: Utter<P>,
    meddle: Option<Meddle>,
    source: &'static Location<'static>,
}

impl<P: Subject> Fault<P> {
    /// Makes a fault in the handling of events.
    #[track_caller]
    pub(crate) const fn handling(
        name: &'static str,
        breaks: &'static str,
        handle: Handle<P>,
    ) -> Fault<P> {
        Fault {
            name,
            breaks,
            decode: None,
            handle,
            utter: |_, _, outs| outs,
            meddle: None,
            source: Location::caller(),
        }
    }

    /// Makes a fault in decoding.
    #[track_caller]
    pub(crate) const fn decoding(
        name: &'static str,
        breaks: &'static str,
        decode: Decode<P>,
    ) -> Fault<P> {
        Fault::reading(name, breaks, decode, room::handle)
    }

    /// Makes a fault in decoding and in the handling of events.
    #[track_caller]
    pub(crate) const fn reading(
        name: &'static str,
        breaks: &'static str,
        decode: Decode<P>,
        handle: Handle<P>,
    ) -> Fault<P> {
        Fault {
            decode: Some(decode),
            ..Fault::handling(name, breaks, handle)
        }
    }

    /// Makes a fault in what the server does when some time has passed, such as a ping or a timeout.
    #[track_caller]
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

    /// Makes a fault in the way the server relays a tunnel's bytes.
    #[track_caller]
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

    /// Returns a specimen: a server with this fault. `touches` lists the packets that the fault affects.
    pub(crate) fn specimen(&'static self, touches: &'static [&'static str]) -> Specimen {
        Specimen {
            suite: P::SUITE,
            name: self.name,
            breaks: self.breaks,
            touches,
            source: self.source,
            fault: self,
            start: start::<P>,
        }
    }

    /// Returns the functions that work on the room.
    pub(crate) fn layer(&self) -> Layer<P> {
        Layer {
            handle: self.handle,
            utter: self.utter,
        }
    }

    /// Returns the function that decodes wrongly, if the fault is in decoding.
    pub(crate) fn decoder(&self) -> Option<Decode<P>> {
        self.decode
    }

    /// Returns the mistake of the relay, if the fault is in relaying.
    pub(crate) fn meddle(&self) -> Option<Meddle> {
        self.meddle
    }
}

/// The empty list of packets. With this list, any case may fail because of the fault.
pub(crate) const ANY: &[&str] = &[];

/// A server of any protocol, with one fault.
pub struct Specimen {
    /// The name of the suite that must catch the fault.
    pub suite: &'static str,
    /// What the server does wrong. This text continues a sentence that begins with "the server".
    pub name: &'static str,
    /// The requirement that the fault breaks. At least one of the cases that fail must cite this requirement.
    pub breaks: &'static str,
    /// The packets that the fault affects. The fault may make a case fail only if the case uses one of these packets or
    /// cites the requirement that the fault breaks. If the list is empty, any case may fail.
    pub touches: &'static [&'static str],
    /// The place in the source code (file and line) where the fault is defined.
    pub source: &'static Location<'static>,
    /// A `Fault<P>` for the protocol `P` of the suite.
    fault: &'static (dyn Any + Send + Sync),
    start: Start,
}

type Start = fn(&[&Specimen], &Engine, SocketAddr) -> Result<Running, StartError>;

impl Specimen {
    /// Starts the server on this address. Port 0 lets the system choose a port.
    ///
    /// # Errors
    /// Fails when the server cannot listen on the address, or when its certificate or the registered identities cannot be
    /// made.
    pub fn start(&self, engine: &Engine, address: SocketAddr) -> Result<Running, StartError> {
        (self.start)(&[self], engine, address)
    }

    /// Starts a server that has the fault of this specimen and the faults of the others too. Specimens of other protocols
    /// have no effect.
    ///
    /// # Errors
    /// Fails like [`Specimen::start`].
    pub fn start_with(
        &self,
        others: &[&Specimen],
        engine: &Engine,
        address: SocketAddr,
    ) -> Result<Running, StartError> {
        (self.start)(&[&[self], others].concat(), engine, address)
    }
}

fn start<P: Subject>(
    specimens: &[&Specimen],
    engine: &Engine,
    address: SocketAddr,
) -> Result<Running, StartError> {
    let faults = specimens.iter();
    let faults: Vec<&Fault<P>> = faults.filter_map(|it| it.fault.downcast_ref()).collect();
    running::start(&faults, engine, address)
}

impl fmt::Debug for Specimen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Specimen({} {})", self.breaks, self.name)
    }
}

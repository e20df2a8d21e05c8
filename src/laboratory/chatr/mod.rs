//! The faults of Chatr Connect servers. The timeouts of these servers are about twelve times shorter than those in the
//! document. The suite receives the shorter timeouts as settings.

mod connecting;
mod identities;
mod missing;
mod pings;
mod rendezvous;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use matou_protocols::chatr::{Claim, Frame, Options, Reason, Room, Verdict};
use matou_protocols::room::{ConnId, Entropy};
use matou_server::net::{ConnectionLimits, Engine, Service};

use crate::fault::{self, ANY, Specimen};
use crate::faulty::{Decoders, Faulty};
use crate::room::{self, Subject};
use crate::running::StartError;

type Fault = fault::Fault<Room>;
type Lab = crate::lab::Lab<Room>;
type Call<'a> = room::Call<'a, Room>;
type Heard<'a> = room::Heard<'a, Room>;
type Reply = room::Reply<Room>;
use room::{Out, decode, raw};

/// The interval between two pings; the next constant is the timeout for the answer. In the document, these times are 5 and
/// 15 seconds.
const PING_INTERVAL: Duration = Duration::from_millis(400);
const PING_TIMEOUT: Duration = Duration::from_millis(1200);

impl Subject for Room {
    const SUITE: &'static str = "chatr";
    type Said<'a> = Frame<'a>;

    fn healthy(entropy: Entropy) -> Room {
        let options = Options {
            ping_interval: PING_INTERVAL,
            ping_timeout: PING_TIMEOUT,
            ..Options::default()
        };
        Room::new(options, entropy)
    }

    fn codec() {}

    fn said(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
        Frame::decode_from_server(bytes).ok().flatten()
    }

    fn answer(claim: Claim) -> Verdict {
        match identities::key_of(claim.uuid) {
            Some(key) if key.verify(claim.uuid.as_bytes(), &claim.signature).is_ok() => {
                Verdict::Verified
            }
            _ => Verdict::Refuted,
        }
    }

    fn listen(
        engine: &Engine,
        room: Faulty<Room>,
        decoders: Decoders<Room>,
        address: SocketAddr,
    ) -> Result<Service, StartError> {
        let limits = ConnectionLimits::default();
        let certificate = identities::certificate()?;
        Ok(engine.listen_tls(room, decoders, address, limits, Room::answer, certificate)?)
    }

    /// The laboratory runs the suite with the scale 0.25. The suite multiplies timeouts and upper bounds by this scale. It
    /// does not multiply lower bounds, and it does not multiply the times during which it checks that nothing arrives. So
    /// only `ping-within` and `time-out-until` are four times as long here as the suite really waits.
    fn settings() -> Result<BTreeMap<String, String>, StartError> {
        let told = [
            ("identities", identities::file()?),
            ("ping-within", "6s".to_owned()),
            ("time-out-from", "1100ms".to_owned()),
            ("time-out-until", "16s".to_owned()),
            ("quiet", "800ms".to_owned()),
        ];
        Ok(told.map(|(name, value)| (name.to_owned(), value)).into())
    }

    fn is_same(one: &Frame<'_>, other: &Frame<'_>) -> bool {
        one == other
    }

    fn opening(_: &[u8]) -> Option<usize> {
        None
    }
}

/// Encodes a packet.
fn bytes(frame: Frame<'_>) -> Vec<u8> {
    frame.encoded()
}

/// Returns the effect that sends a packet to one client.
fn told(to: ConnId, frame: Frame<'_>) -> Out {
    Out::One(to, bytes(frame))
}

/// Returns the effect that tells one client why the server disconnects it.
fn farewell(to: ConnId, reason: Reason) -> Out {
    told(to, reason.frame())
}

/// A list of faults of one kind, and the packets that they affect (see `fault::Fault::specimen`).
type Section = (&'static [Fault], &'static [&'static str]);

const SECTIONS: [Section; 4] = [
    (connecting::PACKETS, ANY),
    (connecting::FAULTS, ANY),
    (pings::FAULTS, ANY),
    (
        rendezvous::FAULTS,
        &[
            "CONNECTION_REQUEST",
            "CONNECTION_REQUEST_ACCEPT",
            "CONNECTION_REQUEST_DENIED",
        ],
    ),
];

/// Returns all faults, in the order of the requirements.
pub fn faults() -> Vec<Specimen> {
    let touching = |(faults, touches): Section| faults.iter().map(move |it| it.specimen(touches));
    SECTIONS.into_iter().flat_map(touching).collect()
}

/// Returns a fault for each packet that a server may not implement.
pub fn missing_packets() -> Vec<Specimen> {
    let faults = missing::FAULTS.as_flattened().iter();
    faults.map(|fault| fault.specimen(ANY)).collect()
}

//! The room of a server with faults, for the engine.

use std::convert::Infallible;
use std::fmt;
use std::time::Instant;

use matou_protocols::room::{ConnId, Effects, Event, Flow, Packet, Protocol};
use matou_protocols::wire::Malformed;

use crate::lab::{Lab, Layer};
use crate::room::{Call, Decode, Heard, Out, Subject};

/// A room that handles calls or decodes frames with faults.
pub(crate) struct Faulty<P: Subject> {
    lab: Lab<P>,
}

impl<P: Subject> Faulty<P> {
    pub(crate) fn new(layers: Vec<Layer<P>>) -> Faulty<P> {
        let lab = Lab::new(layers);
        Faulty { lab }
    }
}

/// The correct codec, and the faulty decoders with their layers.
pub(crate) struct Decoders<P: Subject> {
    pub(crate) codec: P::Codec,
    pub(crate) faulty: Vec<(usize, Decode<P>)>,
}

impl<P: Subject> Clone for Decoders<P> {
    fn clone(&self) -> Decoders<P> {
        Decoders {
            codec: self.codec.clone(),
            faulty: self.faulty.clone(),
        }
    }
}

/// What a decoder has returned, and the layer that handles it.
pub(crate) struct Layered<'a, P: Protocol> {
    layer: usize,
    heard: Heard<'a, P>,
}

impl<P: Protocol> fmt::Display for Layered<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.heard.fmt(f)
    }
}

impl<'a, P: Protocol> Layered<'a, P> {
    /// The first layer handles a frame. Bytes are handled by the layer of the decoder that returned them.
    fn new(heard: Heard<'a, P>, of: usize) -> Layered<'a, P> {
        let layer = match heard {
            Heard::Frame(_) => 0,
            Heard::Bytes(_) => of,
        };
        Layered { layer, heard }
    }
}

type Decoded<T> = Result<Option<(T, usize)>, Malformed>;

impl<P: Subject> Protocol for Faulty<P> {
    const NAME: &'static str = P::NAME;
    type Codec = Decoders<P>;
    type Command<'a> = Layered<'a, P>;
    type Question = P::Question;
    type Answer = P::Answer;

    /// Returns the result of the first faulty decoder whose result differs from the correct one.
    fn decode<'a>(decoders: &Decoders<P>, input: &'a [u8]) -> Decoded<Layered<'a, P>> {
        let right = P::decode(&decoders.codec, input);
        for (layer, decode) in &decoders.faulty {
            let heard = decode(&decoders.codec, input);
            if !is_same::<P>(&right, &heard) {
                return Ok(heard?.map(|(heard, length)| (Layered::new(heard, *layer), length)));
            }
        }
        Ok(right?.map(|(frame, length)| (Layered::new(Heard::Frame(frame), 0), length)))
    }

    fn turns_the_stream(command: &Layered<'_, P>) -> bool {
        matches!(&command.heard, Heard::Frame(frame) if P::turns_the_stream(frame))
    }

    fn handle(
        &mut self,
        from: ConnId,
        event: Event<Layered<'_, P>, P::Answer>,
        now: Instant,
        out: &mut Effects,
    ) -> Flow<P::Question> {
        match event {
            Event::Opened(_) => drop(self.lab.open.insert(from)),
            Event::Gone => drop(self.lab.open.remove(&from)),
            _ => {}
        }
        let (layer, event) = unlayered(event);
        let reply = self.lab.enter(layer, Call { from, event, now });
        emit(self.lab.utter(now, reply.outs), out);
        reply.flow
    }

    fn deadline(&self) -> Option<Instant> {
        self.lab.deadline()
    }

    fn tick(&mut self, now: Instant, out: &mut Effects) {
        let outs = self.lab.tick(now);
        emit(self.lab.utter(now, outs), out);
        emit(self.lab.call_due(now), out);
    }
}

/// Returns the layer that handles the event first, and the event.
fn unlayered<'a, P: Protocol>(
    event: Event<Layered<'a, P>, P::Answer>,
) -> (usize, Event<Heard<'a, P>, P::Answer>) {
    let mut layer = 0;
    let heard = |command: Layered<'a, P>| {
        layer = command.layer;
        Ok::<_, Infallible>(command.heard)
    };
    match event.try_map(heard) {
        Ok(event) => (layer, event),
        Err(never) => match never {},
    }
}

/// Returns whether a faulty decoder has returned the same as the correct one.
fn is_same<P: Subject>(right: &Decoded<P::Command<'_>>, heard: &Decoded<Heard<'_, P>>) -> bool {
    match (right, heard) {
        (Ok(Some((right, length))), Ok(Some((Heard::Frame(frame), other)))) => {
            length == other && P::is_same(right, frame)
        }
        (Ok(None), Ok(None)) => true,
        (Err(right), Err(malformed)) => right == malformed,
        _ => false,
    }
}

/// Bytes that are sent without a change.
struct Raw(Vec<u8>);

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Packet for Raw {
    fn encode(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.0);
    }
}

fn emit(outs: Vec<Out>, effects: &mut Effects) {
    for out in outs {
        match out {
            Out::All(bytes) => effects.all(&Raw(bytes)),
            Out::AllBut(id, bytes) => effects.all_but(id, &Raw(bytes)),
            Out::One(id, bytes) => effects.one(id, &Raw(bytes)),
            Out::Join(id, name) => effects.join(id, &name),
            Out::Leave(id) => effects.leave(id),
            Out::Finish(id) => effects.finish(id),
            Out::Cut(id) => effects.cut(id),
            Out::Tunnel(one, other) => effects.tunnel(one, other),
        }
    }
}

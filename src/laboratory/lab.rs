//! The correct room with layers of faults over it.
//!
//! A server may have several faults. Each fault is a layer: it gets a call from the layer above it, and passes the call on to
//! the layer below it. The last layer passes the call to the correct room.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use matou_protocols::room::{ConnId, Effect, Effects, Event};

use crate::room::{Call, Handle, Heard, Out, Reply, Subject, Utter};

/// The functions of one fault that work on the room.
pub(crate) struct Layer<P: Subject> {
    pub(crate) handle: Handle<P>,
    pub(crate) utter: Utter<P>,
}

/// The correct room, facts about the room that the faults need, and the notes that the faults have made.
pub(crate) struct Lab<P: Subject> {
    room: P,
    layers: Vec<Layer<P>>,
    /// The number of layers that the current call has entered.
    depth: usize,
    /// The identified clients and their names.
    pub(crate) names: BTreeMap<ConnId, String>,
    /// The open connections.
    pub(crate) open: BTreeSet<ConnId>,
    /// The notes of each layer, by name.
    notes: BTreeMap<usize, BTreeMap<String, i64>>,
    later: Vec<(Instant, usize, Later<P>)>,
}

/// A function that a fault calls later.
type Later<P> = Box<dyn FnOnce(&mut Lab<P>, Instant) -> Reply<P> + Send>;

impl<P: Subject> Lab<P> {
    /// Makes a correct room with these faults. The first layer gets each call first.
    pub(crate) fn new(layers: Vec<Layer<P>>) -> Lab<P> {
        let mut state = 1_u64;
        let entropy = move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            state
        };
        Lab {
            room: P::healthy(Box::new(entropy)),
            layers,
            depth: 0,
            names: BTreeMap::new(),
            open: BTreeSet::new(),
            notes: BTreeMap::new(),
            later: Vec::new(),
        }
    }

    /// Handles a call like the layer below the current one, or like the correct server if there is none. Ignores
    /// [`Heard::Bytes`], because only the layer whose decoder returned the bytes can handle them.
    pub(crate) fn good(&mut self, call: Call<'_, P>) -> Reply<P> {
        match call.event {
            Event::Command(Heard::Bytes(_)) => Reply::ignore(),
            _ => self.enter(self.depth, call),
        }
    }

    /// Passes a call to this layer.
    pub(crate) fn enter(&mut self, layer: usize, call: Call<'_, P>) -> Reply<P> {
        match self.layers.get(layer).map(|layer| layer.handle) {
            Some(handle) => self.within(layer, |lab| handle(lab, call)),
            None => self.correct(call),
        }
    }

    /// Lets every layer change these effects. The last layer comes first, because it is the nearest one to the room.
    pub(crate) fn utter(&mut self, now: Instant, outs: Vec<Out>) -> Vec<Out> {
        let utters: Vec<_> = self.layers.iter().map(|layer| layer.utter).collect();
        let from_the_room = utters.into_iter().enumerate().rev();
        from_the_room.fold(outs, |outs, (layer, utter)| {
            self.within(layer, |lab| utter(lab, now, outs))
        })
    }

    /// Does what the room does at this time without a call.
    pub(crate) fn tick(&mut self, now: Instant) -> Vec<Out> {
        let mut effects = Effects::default();
        self.room.tick(now, &mut effects);
        self.outs(&effects)
    }

    /// Calls the functions that are due, and returns their effects.
    pub(crate) fn call_due(&mut self, now: Instant) -> Vec<Out> {
        let later = std::mem::take(&mut self.later);
        let (due, still): (Vec<_>, Vec<_>) = later.into_iter().partition(|(at, ..)| *at <= now);
        self.later = still;
        let call = |(_, layer, later): (_, usize, Later<P>)| {
            self.within(layer, |lab| later(lab, now)).outs
        };
        due.into_iter().flat_map(call).collect()
    }

    /// Returns when the room or a fault next wants to act without a call.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let later = self.later.iter().map(|(at, ..)| *at);
        later.chain(self.room.deadline()).min()
    }

    /// Calls a function of this layer.
    fn within<T>(&mut self, layer: usize, call: impl FnOnce(&mut Lab<P>) -> T) -> T {
        let above = std::mem::replace(&mut self.depth, layer + 1);
        let returned = call(self);
        self.depth = above;
        returned
    }

    fn correct(&mut self, call: Call<'_, P>) -> Reply<P> {
        let frames_only = |heard| match heard {
            Heard::Frame(frame) => Ok(frame),
            Heard::Bytes(_) => Err(()),
        };
        let Ok(event) = call.event.try_map(frames_only) else {
            return Reply::ignore();
        };
        let mut effects = Effects::default();
        let flow = self.room.handle(call.from, event, call.now, &mut effects);
        Reply::new(flow, self.outs(&effects))
    }

    fn outs(&mut self, effects: &Effects) -> Vec<Out> {
        let outs: Vec<_> = effects.log().into_iter().flat_map(owned::<P>).collect();
        for out in &outs {
            match out {
                Out::Join(id, name) => {
                    self.names.insert(*id, name.clone());
                }
                Out::Leave(id) => {
                    self.names.remove(id);
                }
                _ => {}
            }
        }
        outs
    }

    /// Closes the connection of this call, without an answer to any client.
    pub(crate) fn disconnect(&mut self, call: Call<'_, P>) -> Reply<P> {
        let from = call.from;
        let left = Call {
            event: Event::ReadClosed,
            ..call
        };
        drop(self.good(left));
        Reply::close(from)
    }

    /// Returns the client with this name.
    pub(crate) fn called(&self, name: &str) -> Option<ConnId> {
        let found = self.names.iter().find(|(_, taken)| *taken == name);
        found.map(|(id, _)| *id)
    }

    /// Returns the notes of the current layer.
    pub(crate) fn notes(&mut self) -> &mut BTreeMap<String, i64> {
        self.notes.entry(self.depth).or_default()
    }

    /// Returns the note of the current layer with this name. A note is zero until the fault changes it.
    pub(crate) fn note(&mut self, name: impl Into<String>) -> &mut i64 {
        self.notes().entry(name.into()).or_default()
    }

    /// Calls this function of the current layer at this time.
    pub(crate) fn call_later(
        &mut self,
        at: Instant,
        later: impl FnOnce(&mut Lab<P>, Instant) -> Reply<P> + Send + 'static,
    ) {
        let layer = self.depth.saturating_sub(1);
        self.later.push((at, layer, Box::new(later)));
    }
}

/// Copies an effect. If the effect is for all clients, splits it into one effect for each frame, so that a fault can change
/// single frames.
fn owned<P: Subject>(effect: Effect<'_>) -> Vec<Out> {
    match effect {
        Effect::All(mut bytes) => {
            let mut outs = Vec::new();
            while let Some((_, length)) = P::said(bytes) {
                let (frame, rest) = bytes.split_at(length);
                outs.push(Out::All(frame.to_vec()));
                bytes = rest;
            }
            outs
        }
        Effect::AllBut(id, bytes) => vec![Out::AllBut(id, bytes.to_vec())],
        Effect::One(id, bytes) => vec![Out::One(id, bytes.to_vec())],
        Effect::Join(id, name) => vec![Out::Join(id, name.to_owned())],
        Effect::Leave(id) => vec![Out::Leave(id)],
        Effect::Finish(id) => vec![Out::Finish(id)],
        Effect::Cut(id) => vec![Out::Cut(id)],
        Effect::Tunnel(one, other) => vec![Out::Tunnel(one, other)],
    }
}

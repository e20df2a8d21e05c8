//! The life of a connection in a room: the room opens the connection, moves it from stage to stage, closes it, and forgets
//! it. All rooms share this code.

use std::net::{IpAddr, SocketAddr};

use super::{ByConn, ConnId, Effects, Flow, Overdue};

/// Every connection of a room, with its address and its present stage.
#[derive(Debug)]
pub(crate) struct Connections<S> {
    all: ByConn<Connection<S>>,
}

#[derive(Debug)]
struct Connection<S> {
    address: IpAddr,
    stage: S,
}

/// A stage in the life of a connection. Each protocol has its own stages. Through this trait, the shared code learns what it
/// needs to know about a stage.
pub(crate) trait Stage: Sized {
    /// The first stage: the connection was accepted, and its peer has not sent anything yet.
    const ACCEPTED: Self;
    /// The last stage: the room is closing the connection, and ignores what the peer still sends.
    const LEAVING: Self;

    /// True while the room may close the connection. False when the connection is closing already, or when the engine or a
    /// timer will close it.
    fn may_close(&self) -> bool;

    /// Returns how the engine reads the next bytes of the connection.
    fn flow<Q>(&self) -> Flow<Q>;

    /// Returns what the server was waiting for when this time limit passed, as text for the log, such as "its first byte".
    /// Returns `None` when the limit does not apply to this stage.
    fn missing(&self, overdue: Overdue) -> Option<&'static str>;
}

impl<S> Default for Connections<S> {
    fn default() -> Connections<S> {
        Connections {
            all: ByConn::default(),
        }
    }
}

impl<S: Stage> Connections<S> {
    /// Adds a connection in its first stage. An IPv6 socket reports an IPv4 address in a mapped form (`::ffff:192.0.2.1`);
    /// this function stores the address in its IPv4 form.
    pub(crate) fn open(&mut self, id: ConnId, peer: SocketAddr) {
        let connection = Connection {
            address: peer.ip().to_canonical(),
            stage: S::ACCEPTED,
        };
        self.all.insert(id, connection);
    }

    /// Returns the stage of a connection; `None` when it is gone.
    pub(crate) fn stage(&self, id: ConnId) -> Option<&S> {
        self.all.get(&id).map(|connection| &connection.stage)
    }

    /// Returns the stages of all connections, so that the caller can change them.
    pub(crate) fn stages_mut(&mut self) -> impl Iterator<Item = &mut S> {
        self.all
            .values_mut()
            .map(|connection| &mut connection.stage)
    }

    /// Returns the address of a connection's peer.
    pub(crate) fn address(&self, id: ConnId) -> Option<IpAddr> {
        self.all.get(&id).map(|connection| connection.address)
    }

    /// Moves a connection to another stage, and returns its previous stage. Does nothing, and returns `None`, when the
    /// connection is gone.
    pub(crate) fn enter(&mut self, id: ConnId, stage: S) -> Option<S> {
        let connection = self.all.get_mut(&id)?;
        Some(std::mem::replace(&mut connection.stage, stage))
    }

    /// Returns how the engine reads the next bytes of a connection.
    pub(crate) fn flow<Q>(&self, id: ConnId) -> Flow<Q> {
        self.stage(id).map_or(Flow::Closed, S::flow)
    }

    /// True while the room may close the connection.
    pub(crate) fn may_close(&self, id: ConnId) -> bool {
        self.stage(id).is_some_and(S::may_close)
    }

    /// True when there are no connections.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn close(&mut self, id: ConnId) -> Option<S> {
        match self.may_close(id) {
            true => self.enter(id, S::LEAVING),
            false => None,
        }
    }

    fn forget(&mut self, id: ConnId) -> Option<S> {
        self.all.remove(&id).map(|connection| connection.stage)
    }
}

/// How a room ends connections. [`Lifecycle::clean_up`] releases what belongs to a connection in its current stage. There
/// are two cases. If the room closes the connection, `clean_up` is called at this moment. A second call with
/// [`Stage::LEAVING`] follows when the connection is gone, but nothing is left to release then. If the connection ends in
/// another way, `clean_up` is called only when the connection is gone.
pub(crate) trait Lifecycle {
    /// The stages of a connection in this protocol.
    type Stage: Stage;

    /// The room's connections.
    fn connections(&mut self) -> &mut Connections<Self::Stage>;

    /// Releases everything that belonged to a connection, for example its name and its requests. `ended_in` is the
    /// connection's last stage.
    fn clean_up(&mut self, id: ConnId, ended_in: Self::Stage, out: &mut Effects);

    /// True when the time limit for the first byte does not apply to connections from this address.
    fn may_stay_silent(&self, address: IpAddr) -> bool {
        let _ = address;
        false
    }

    /// Tells a client that its connection is closed because of a time limit. Does nothing if the protocol has no packet for
    /// this.
    fn say_time_out(&self, id: ConnId, out: &mut Effects) {
        let _ = (id, out);
    }

    /// Closes a connection whose time limit has passed, if the limit applies to its stage.
    fn overdue(&mut self, from: ConnId, overdue: Overdue, out: &mut Effects) {
        let stage = self.connections().stage(from);
        let Some(missing) = stage.and_then(|stage| stage.missing(overdue)) else {
            return;
        };
        if overdue == Overdue::FirstByte
            && let Some(address) = self.connections().address(from)
            && self.may_stay_silent(address)
        {
            return;
        }
        out.remark(from, format!("closed: timed out waiting for {missing}"));
        self.say_time_out(from, out);
        self.close(from, out);
    }

    /// Closes a connection after the bytes that are queued for it have been written. Does nothing when the room may not
    /// close the connection ([`Stage::may_close`]).
    fn close(&mut self, id: ConnId, out: &mut Effects) {
        if let Some(ended_in) = self.connections().close(id) {
            self.clean_up(id, ended_in, out);
            out.finish(id);
        }
    }

    /// Removes a connection that has ended, and releases everything that still belongs to it.
    fn forget(&mut self, id: ConnId, out: &mut Effects) {
        if let Some(ended_in) = self.connections().forget(id) {
            self.clean_up(id, ended_in, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::TunnelStage;

    const ALICE: ConnId = ConnId(1);

    /// A room for tests, which only records the stages that it cleans up.
    #[derive(Default)]
    struct Counting {
        connections: Connections<TunnelStage<i64>>,
        expects_silence: bool,
        cleaned_up: Vec<TunnelStage<i64>>,
    }

    impl Lifecycle for Counting {
        type Stage = TunnelStage<i64>;

        fn connections(&mut self) -> &mut Connections<TunnelStage<i64>> {
            &mut self.connections
        }

        fn clean_up(&mut self, _: ConnId, ended_in: TunnelStage<i64>, _: &mut Effects) {
            self.cleaned_up.push(ended_in);
        }

        fn may_stay_silent(&self, _: IpAddr) -> bool {
            self.expects_silence
        }
    }

    fn room_in(stage: TunnelStage<i64>) -> Counting {
        let mut room = Counting::default();
        room.connections
            .open(ALICE, SocketAddr::from(([192, 0, 2, 1], 4000)));
        room.connections.enter(ALICE, stage);
        room
    }

    fn flow(room: &Counting) -> Flow {
        room.connections.flow(ALICE)
    }

    #[test]
    fn a_connection_is_closed_once_and_forgotten_once() {
        let mut room = room_in(TunnelStage::WaitingEnd(7));
        let mut out = Effects::default();
        room.close(ALICE, &mut out);
        room.close(ALICE, &mut out);
        assert!(matches!(room.cleaned_up[..], [TunnelStage::WaitingEnd(7)]));
        assert_eq!(out.log(), [crate::room::Effect::Finish(ALICE)]);
        assert_eq!(flow(&room), Flow::Closed);
        room.forget(ALICE, &mut out);
        room.forget(ALICE, &mut out);
        assert!(matches!(room.cleaned_up[1..], [TunnelStage::Leaving]));
        assert!(
            room.connections
                .enter(ALICE, TunnelStage::TunnelEnd)
                .is_none()
        );
        assert!(room.connections.is_empty());
    }

    #[test]
    fn the_engine_closes_the_ends_of_a_tunnel() {
        let mut room = room_in(TunnelStage::TunnelEnd);
        let mut out = Effects::default();
        room.close(ALICE, &mut out);
        assert!(out.is_empty() && room.cleaned_up.is_empty());
        assert_eq!(flow(&room), Flow::Raw);
    }

    #[test]
    fn a_time_limit_closes_only_the_connections_that_it_applies_to() {
        let login = || std::sync::Arc::from("alice");
        let identified = || TunnelStage::Identified { login: login() };
        for (stage, overdue, expects_silence, closes) in [
            (TunnelStage::Anonymous, Overdue::FirstByte, true, false),
            (TunnelStage::Anonymous, Overdue::FirstByte, false, true),
            (TunnelStage::Anonymous, Overdue::Identification, true, true),
            (identified(), Overdue::Identification, false, false),
            (identified(), Overdue::Frame, false, true),
            (TunnelStage::WaitingEnd(7), Overdue::Frame, false, false),
        ] {
            let mut room = room_in(stage);
            room.expects_silence = expects_silence;
            let mut out = Effects::default();
            room.overdue(ALICE, overdue, &mut out);
            assert_eq!(flow(&room) == Flow::Closed, closes, "{overdue:?}");
            assert_eq!(out.remarks().len(), usize::from(closes));
        }
    }
}

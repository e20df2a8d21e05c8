//! Where everybody stands.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::room::{ByConn, ConnId};

/// Every connection of a room.
#[derive(Debug, Default)]
pub(super) struct Connections(ByConn<Connection>);

#[derive(Debug)]
pub(super) struct Connection {
    /// Where it comes from; an IPv4 address is one, however it came.
    pub(super) address: IpAddr,
    pub(super) state: State,
    /// Logins that failed.
    pub(super) failures: u32,
}

/// Where a connection stands in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Connected, without a login.
    Anonymous,
    /// It proposed a login; the accounts are asked about it.
    Proposed(Proposal),
    /// A client: its login was accepted.
    Identified { login: Arc<str> },
    /// It is being closed; nothing that it sends counts any more.
    Leaving,
}

/// A login that waits for what the accounts say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) login: Arc<str>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Counted as a wrong password then, until it turns out to be right.
    WithPassword {
        counted: Instant,
    },
    WithoutPassword,
}

impl Connections {
    pub(super) fn open(&mut self, id: ConnId, address: IpAddr) {
        let connection = Connection {
            address: address.to_canonical(),
            state: State::Anonymous,
            failures: 0,
        };
        self.0.insert(id, connection);
    }

    pub(super) fn get(&self, id: ConnId) -> Option<&Connection> {
        self.0.get(&id)
    }

    /// One more login of it failed; returns how many now.
    pub(super) fn failed(&mut self, id: ConnId) -> u32 {
        self.0.get_mut(&id).map_or(0, |connection| {
            connection.failures = connection.failures.saturating_add(1);
            connection.failures
        })
    }

    /// From here on it stands there; returns where it stood. A connection that is gone stays gone.
    pub(super) fn enter(&mut self, id: ConnId, state: State) -> Option<State> {
        let connection = self.0.get_mut(&id)?;
        Some(std::mem::replace(&mut connection.state, state))
    }

    /// It is gone; returns where it stood.
    pub(super) fn forget(&mut self, id: ConnId) -> Option<State> {
        self.0.remove(&id).map(|connection| connection.state)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

//! One value for each connection of a case. A value is found by the id of its connection.

use std::ops::{Index, IndexMut};

/// The id of a connection of a case. Connections are numbered in the order in which they were opened.
///
/// It differs from the [`LaneId`](crate::scenario::LaneId), because a lane may have several connections, one after the
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnId(usize);

impl ConnId {
    /// Returns the number, as the reports show it.
    pub(crate) fn number(self) -> usize {
        self.0
    }
}

/// One value for each connection.
#[derive(Debug, Clone)]
pub(crate) struct PerConnection<T>(Vec<T>);

impl<T> Default for PerConnection<T> {
    fn default() -> PerConnection<T> {
        PerConnection(Vec::new())
    }
}

impl<T> PerConnection<T> {
    /// Adds the value of a new connection.
    pub(crate) fn push(&mut self, value: T) -> ConnId {
        self.0.push(value);
        ConnId(self.0.len() - 1)
    }

    /// Returns the value of a connection; `None` if the connection is newer than this list.
    pub(crate) fn find(&self, conn: ConnId) -> Option<&T> {
        self.0.get(conn.0)
    }

    /// Returns the connections that have a value.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ConnId> + use<T> {
        (0..self.0.len()).map(ConnId)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ConnId, &T)> {
        self.ids().zip(&self.0)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut()
    }
}

impl<T: Default> PerConnection<T> {
    /// Adds a default value for every connection of `others` that has no value here.
    pub(crate) fn extend_to<U>(&mut self, others: &PerConnection<U>) {
        let length = others.0.len().max(self.0.len());
        self.0.resize_with(length, T::default);
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "only `push` makes ids, a case never removes a connection, and every `PerConnection` has a value for each connection"
)]
impl<T> Index<ConnId> for PerConnection<T> {
    type Output = T;

    fn index(&self, conn: ConnId) -> &T {
        &self.0[conn.0]
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "only `push` makes ids, a case never removes a connection, and every `PerConnection` has a value for each connection"
)]
impl<T> IndexMut<ConnId> for PerConnection<T> {
    fn index_mut(&mut self, conn: ConnId) -> &mut T {
        &mut self.0[conn.0]
    }
}

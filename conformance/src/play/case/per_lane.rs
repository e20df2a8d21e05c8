//! One value for each lane of a scenario.

use std::ops::{Index, IndexMut};

use crate::scenario::{LaneId, Scenario};

/// One value for each lane.
#[derive(Debug)]
pub(crate) struct PerLane<T>(Vec<T>);

impl<T> PerLane<T> {
    /// Makes the value of each lane of a scenario. `make` is called for each lane, in order.
    pub(crate) fn of(scenario: &Scenario, mut make: impl FnMut(LaneId) -> T) -> PerLane<T> {
        let lanes = (0..scenario.lanes.len()).map(LaneId);
        PerLane(lanes.map(&mut make).collect())
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "lint makes the id of each lane, and there is one value for each lane"
)]
impl<T> Index<LaneId> for PerLane<T> {
    type Output = T;

    fn index(&self, lane: LaneId) -> &T {
        &self.0[lane.0]
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "lint makes the id of each lane, and there is one value for each lane"
)]
impl<T> IndexMut<LaneId> for PerLane<T> {
    fn index_mut(&mut self, lane: LaneId) -> &mut T {
        &mut self.0[lane.0]
    }
}

//! Annotated traces: the conversation of one case, with a meaning for every byte.
//!
//! | file | what |
//! |---|---|
//! | `block` | one frame, or one other event, divided into its fields |
//! | `split` | divides the events of a conversation into such blocks |
//! | `recording` | the conversations that come with the program, and the file that keeps them |
//! | `notation` | bytes as that file writes them |
//!
//! The module `report` shows a trace as text and as a picture.

mod block;
mod notation;
mod recording;
mod split;

pub use block::{Block, Part};
pub use recording::{FILE, Recorded, Recording, WrongRecording};
pub use split::blocks;

use crate::grammar::Choices;
use crate::run::{Event, Failure};
use crate::scenario::Scenario;
use crate::suite::Suite;

/// The conversation of one case, ready to be shown.
#[derive(Debug, Clone)]
pub struct Trace {
    /// The id and the title of the case.
    pub title: String,
    /// Where the conversation comes from.
    pub origin: String,
    /// The names of the lanes, in the order in which they first do something.
    pub lanes: Vec<String>,
    /// The frames and other events, in the order in which they happened.
    pub blocks: Vec<Block>,
    /// The failure of the case, and the number of blocks that come before it.
    pub failure: Option<(usize, Failure)>,
    /// The number of further events, which were not recorded.
    pub more: usize,
}

impl Trace {
    /// Returns the trace of these events. The names of the packets come from `suite`, with these choices of its readings.
    #[must_use]
    pub fn of(
        suite: &Suite,
        scenario: &Scenario,
        choices: &Choices,
        events: &[Event],
        origin: String,
    ) -> Trace {
        let blocks = blocks(&suite.grammar, choices, events);
        let mut lanes: Vec<String> = Vec::new();
        for block in &blocks {
            if !lanes.contains(&block.lane) {
                lanes.push(block.lane.clone());
            }
        }
        Trace {
            title: format!("{}: {}", scenario.id, scenario.title),
            origin,
            lanes,
            blocks,
            failure: None,
            more: 0,
        }
    }

    /// Adds the failure after the first unexpected block of the lane that failed. If no block is unexpected, adds it at the
    /// end.
    #[must_use]
    pub fn with_failure(mut self, failure: Option<&Failure>) -> Trace {
        self.failure = failure.map(|failure| {
            let on_lane = |block: &Block| {
                let lane = failure.lane.as_ref();
                lane.is_none_or(|lane| block.lane == *lane)
            };
            let mut blocks = self.blocks.iter();
            let unexpected = blocks.position(|block| block.unexpected && on_lane(block));
            let before = unexpected.map_or(self.blocks.len(), |index| index + 1);
            (before, failure.clone())
        });
        self
    }
}

//! Steps of several lanes that run at the same time.

use std::sync::Arc;
use std::time::Instant;

use crate::play::case::Case;
use crate::play::lane::Gate;
use crate::scenario::Step;

use super::progress::Progress;
use super::track::Track;

/// Several lists of steps that run at the same time. Within a list, the steps keep their order.
#[derive(Debug)]
pub(crate) struct Together<'a> {
    tracks: Vec<Track<'a>>,
    begun: bool,
}

impl<'a> Together<'a> {
    pub(crate) fn new(tracks: &'a [Vec<Step>]) -> Together<'a> {
        Together {
            tracks: tracks.iter().map(|steps| Track::new(steps)).collect(),
            begun: false,
        }
    }

    /// Polls all lists. In the first round of polling, a gate holds back the sends of all lanes until every list has been
    /// polled once. So all these sends start at the same instant.
    pub(crate) fn poll(&mut self, case: &mut Case<'a>) -> Progress {
        if self.begun {
            return self.round(case);
        }
        self.begun = true;
        let gate = Arc::new(Gate::default());
        let outer = case.gate.replace(Arc::clone(&gate));
        let progress = self.round(case);
        case.gate = outer;
        gate.open();
        progress
    }

    fn round(&mut self, case: &mut Case<'a>) -> Progress {
        let mut earliest: Option<Instant> = None;
        for track in &mut self.tracks {
            match track.poll(case) {
                Progress::Done => {}
                Progress::Waits(until) => {
                    earliest = Some(earliest.map_or(until, |known| known.min(until)));
                }
                failed @ Progress::Fails(_) => return failed,
            }
        }
        earliest.map_or(Progress::Done, Progress::Waits)
    }
}

//! Limits on the size of a suite after its fragments have been inserted and its repetitions unrolled. Without these limits,
//! fragments and repetitions in a small file could unroll to a huge number of steps.

/// Maximum number of steps of one scenario. A conversation with more steps would be a load test, and its report would be too
/// long to read.
pub(super) const MAX_STEPS: usize = 10_000;

/// Maximum number of steps of all scenarios together.
const MAX_STEPS_OF_A_SUITE: usize = 200_000;

/// Maximum number of bytes that all texts made with `(xN)"..."` have together.
const MAX_LITERAL_BYTES: usize = 64 * 1024 * 1024;

/// Maximum number of lanes of one scenario. Each lane needs a socket in the runner and one in the target.
pub(super) const MAX_LANES: usize = 1_000;

/// Approximate maximum number of bytes that are copied when fragments and repetitions are inserted.
const MAX_COPIED: usize = 256 * 1024 * 1024;

/// Maximum nesting depth of blocks and fragments. The reader recurses into them, so a greater depth needs a larger stack.
pub(super) const MAX_NESTING: usize = 64;

/// The part of the budget that is left.
#[derive(Debug)]
pub(super) struct Budget {
    steps: usize,
    steps_of_the_suite: usize,
    literal_bytes: usize,
    copied: usize,
    reported: bool,
}

impl Budget {
    pub(super) fn of_a_suite() -> Budget {
        Budget {
            steps: MAX_STEPS,
            steps_of_the_suite: MAX_STEPS_OF_A_SUITE,
            literal_bytes: MAX_LITERAL_BYTES,
            copied: MAX_COPIED,
            reported: false,
        }
    }

    pub(super) fn next_scenario(&mut self) {
        self.steps = MAX_STEPS;
        self.reported = false;
    }

    /// Takes one step from the budget. Returns false if the budget had no step left.
    pub(super) fn take_step(&mut self) -> bool {
        take(&mut self.steps, 1) && take(&mut self.steps_of_the_suite, 1)
    }

    /// Takes the bytes of a repeated text from the budget. Returns false if the budget did not have enough bytes left.
    pub(super) fn take_literal(&mut self, bytes: usize) -> bool {
        take(&mut self.literal_bytes, bytes)
    }

    /// Takes the size of a copy (of steps, or of the scope) from the budget. If the budget did not have enough bytes left,
    /// also takes away the remaining steps of the scenario, and returns false.
    pub(super) fn take_copy(&mut self, size: usize) -> bool {
        let enough = take(&mut self.copied, size);
        if !enough {
            self.steps = 0;
        }
        enough
    }

    /// Notes that the scenario is reported as too large. Returns whether this is the first such report about this scenario.
    pub(super) fn is_first_report(&mut self) -> bool {
        !std::mem::replace(&mut self.reported, true)
    }

    /// Returns whether no steps are left.
    pub(super) fn is_spent(&self) -> bool {
        self.steps == 0 || self.steps_of_the_suite == 0
    }
}

fn take(left: &mut usize, amount: usize) -> bool {
    match left.checked_sub(amount) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => {
            *left = 0;
            false
        }
    }
}

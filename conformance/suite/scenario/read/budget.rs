//! Bounds on what a small file may unroll to.

/// The most steps of one scenario. A conversation of thousands of steps is a load test, and not read by anybody.
pub(super) const MAX_STEPS: usize = 10_000;

/// The most steps of all scenarios together.
const MAX_STEPS_OF_A_SUITE: usize = 200_000;

/// The most bytes that `(xN)"..."` may make in all.
pub(super) const MAX_LITERAL_BYTES: usize = 64 * 1024 * 1024;

/// The most lanes of one scenario: each is a connection here, and one at the target.
pub(super) const MAX_LANES: usize = 1_000;

/// Words and bytes of steps that are copied while fragments and repetitions are put in.
const MAX_COPIED: usize = 256 * 1024 * 1024;

/// How deep blocks and fragments may stand in each other, counted through all fragments: reading them is recursive.
pub(super) const MAX_NESTING: usize = 64;

/// What is left.
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

    /// Takes one step; says whether there was one left.
    pub(super) fn take_step(&mut self) -> bool {
        take(&mut self.steps, 1) && take(&mut self.steps_of_the_suite, 1)
    }

    /// Takes the bytes of a literal.
    pub(super) fn take_literal(&mut self, bytes: usize) -> bool {
        take(&mut self.literal_bytes, bytes)
    }

    /// Takes what a copy of steps or of what is known at a step costs.
    pub(super) fn take_copy(&mut self, size: usize) -> bool {
        let enough = take(&mut self.copied, size);
        if !enough {
            self.steps = 0;
        }
        enough
    }

    /// Says once for each scenario that the budget is spent.
    pub(super) fn is_first_report(&mut self) -> bool {
        !std::mem::replace(&mut self.reported, true)
    }

    /// Whether steps are left.
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

//! Limits on the size of an unrolled suite. With fragments and repetitions, a small file could unroll to a huge one.

/// Maximum number of steps of one scenario. A conversation of more steps is a load test, and its report would be too long to
/// read.
pub(super) const MAX_STEPS: usize = 10_000;

/// Maximum number of steps of all scenarios together.
const MAX_STEPS_OF_A_SUITE: usize = 200_000;

/// Maximum number of bytes of all texts that are made with `(xN)"..."`, together.
const MAX_LITERAL_BYTES: usize = 64 * 1024 * 1024;

/// Maximum number of lanes of one scenario. Each lane needs a socket in the runner and one in the target.
pub(super) const MAX_LANES: usize = 1_000;

/// Maximum amount of memory, roughly in bytes, that is copied when fragments and repetitions are inserted.
const MAX_COPIED: usize = 256 * 1024 * 1024;

/// Maximum depth of blocks and fragments inside each other. The reader recurses into them, so a greater depth needs a larger
/// stack.
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

    /// Takes one step from the budget. Returns false if no step was left.
    pub(super) fn take_step(&mut self) -> bool {
        take(&mut self.steps, 1) && take(&mut self.steps_of_the_suite, 1)
    }

    /// Takes the bytes of a repeated text. Returns false if not enough were left.
    pub(super) fn take_literal(&mut self, bytes: usize) -> bool {
        take(&mut self.literal_bytes, bytes)
    }

    /// Takes the size of a copy of steps, or of a copy of the scope. Returns false if not enough was left; after that, no
    /// step is left either.
    pub(super) fn take_copy(&mut self, size: usize) -> bool {
        let enough = take(&mut self.copied, size);
        if !enough {
            self.steps = 0;
        }
        enough
    }

    /// Returns whether the scenario has not been reported as too large yet, and notes that it is reported now.
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

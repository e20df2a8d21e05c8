//! A budget: a limited number of things, such as descriptors. A caller takes some of them as a
//! share, and gives them back when it drops the share.

use std::sync::Arc;

use parking_lot::Mutex;

/// Counts how many things of a fixed supply, such as descriptors, are left.
///
/// The lock of `left` is held for one calculation, and no other lock is taken under it.
#[derive(Debug)]
pub(in crate::net) struct Budget {
    left: Mutex<usize>,
}

/// A part of a budget. Dropping this value gives the part back.
#[derive(Debug)]
pub(in crate::net) struct Share {
    budget: Arc<Budget>,
    count: usize,
}

impl Budget {
    pub(in crate::net) fn new(count: usize) -> Arc<Budget> {
        Arc::new(Budget {
            left: Mutex::new(count),
        })
    }

    /// Takes this many things. Returns `None` when fewer than this many are left. Never blocks.
    pub(in crate::net) fn take(self: &Arc<Self>, count: usize) -> Option<Share> {
        let mut left = self.left.lock();
        *left = left.checked_sub(count)?;
        Some(Share {
            budget: Arc::clone(self),
            count,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        *self.budget.left.lock() += self.count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_can_be_taken_again_and_never_more() {
        let budget = Budget::new(3);
        let two = budget.take(2);
        assert!(two.is_some() && budget.take(2).is_none());
        let one = budget.take(1);
        assert!(one.is_some() && budget.take(1).is_none());
        drop(two);
        assert!(budget.take(3).is_none() && budget.take(2).is_some());
    }
}

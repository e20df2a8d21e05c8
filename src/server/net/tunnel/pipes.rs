//! Which tunnels get pipes of their own in the kernel, and of what size.
//!
//! A pipe moves the bytes of one direction without a copy into this process. It takes two
//! descriptors and as much memory of the kernel as it is long. So pipes have a budget: first long
//! ones, then short ones, and then none. A direction without a pipe copies its bytes, and that
//! works too.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use crate::net::bounds::budget::{Budget, Share};
use crate::net::sys::Splice;

/// Bytes of a long pipe: the size that was fastest when measured.
const LONG: usize = 1 << 20;

/// Bytes of a short pipe. It is the system's own size, and it needs fewer system calls than a copy.
const SHORT: usize = 64 << 10;

/// Maximum long pipes: 64 MiB of the kernel's memory. A user without privileges gets as many.
const LONG_MOST: usize = 64;

/// Descriptors of a pipe: one for each end.
const DESCRIPTORS: usize = 2;

/// The pipes that this process may have.
#[derive(Debug)]
pub(in crate::net) struct Pipes {
    descriptors: Arc<Budget>,
    long: Arc<Budget>,
}

/// A pipe of one direction. Dropping it closes it and gives its share of the budget back.
pub(in crate::net) struct Pipe {
    // Closed before the shares below are given back: fields are dropped in this order.
    splice: Splice,
    _descriptors: Share,
    _long: Option<Share>,
}

impl Pipes {
    /// Pipes that take their descriptors out of this budget.
    pub(in crate::net) fn new(descriptors: &Arc<Budget>) -> Pipes {
        Pipes {
            descriptors: Arc::clone(descriptors),
            long: Budget::new(LONG_MOST),
        }
    }

    /// Opens a pipe; `None` when the direction must copy. Never blocks.
    pub(in crate::net) fn open(&self) -> Option<Pipe> {
        let descriptors = self.descriptors.take(DESCRIPTORS)?;
        let long = self.long.take(1);
        let size = if long.is_some() { LONG } else { SHORT };
        Some(Pipe {
            // The system may grant less than a long pipe. Below a short one, copying is faster.
            splice: Splice::new(size, SHORT)?,
            _descriptors: descriptors,
            _long: long,
        })
    }
}

impl Pipe {
    /// Moves what can be read now, see [`Splice::forward`].
    pub(in crate::net) fn forward(&self, from: &TcpStream, to: &TcpStream) -> io::Result<usize> {
        self.splice.forward(from, to)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn pipes_are_long_then_short_then_none_and_can_be_opened_again() {
        let pipes = Pipes {
            descriptors: Budget::new(5),
            long: Budget::new(1),
        };
        let (first, second) = (pipes.open().unwrap(), pipes.open().unwrap());
        // A system that is short of memory for pipes may grant less than a long one.
        assert!((SHORT..=LONG).contains(&first.splice.size()));
        assert_eq!(second.splice.size(), SHORT);
        assert!(pipes.open().is_none(), "one descriptor is left");
        drop(second);
        assert!(pipes.open().is_some());
    }
}

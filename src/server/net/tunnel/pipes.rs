//! Decides which tunnels get their own pipes in the kernel, and how large these pipes are.
//!
//! A pipe moves the bytes of one direction without copying them into this process. A pipe needs two
//! descriptors, and memory of the kernel. So the number of pipes is limited: the first pipes are
//! long, the following pipes are short, and after these no more pipes are opened. A direction
//! without a pipe works too: its pump copies the bytes.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use crate::net::bounds::budget::{Budget, Share};
use crate::net::sys::Splice;

/// Size of a long pipe in bytes. In measurements, tunnels were fastest with this size.
const LONG: usize = 1 << 20;

/// Size of a short pipe in bytes: the default size of the system. With a short pipe, a pump needs
/// fewer system calls than with copying.
const SHORT: usize = 64 << 10;

/// Maximum number of long pipes. So all long pipes together take 64 MiB of the kernel's memory, the
/// maximum for a user without privileges.
const LONG_MOST: usize = 64;

/// Number of descriptors of a pipe: one for each end.
const DESCRIPTORS: usize = 2;

/// The pipes that this process may have.
#[derive(Debug)]
pub(in crate::net) struct Pipes {
    descriptors: Arc<Budget>,
    long: Arc<Budget>,
}

/// A pipe of one direction. Dropping this value closes the pipe and gives its shares back to the
/// budgets.
pub(in crate::net) struct Pipe {
    // Fields are dropped in this order: first the pipe is closed, then the shares below are given
    // back.
    splice: Splice,
    _descriptors: Share,
    _long: Option<Share>,
}

impl Pipes {
    /// Prepares pipes that take their descriptors from this budget.
    pub(in crate::net) fn new(descriptors: &Arc<Budget>) -> Pipes {
        Pipes {
            descriptors: Arc::clone(descriptors),
            long: Budget::new(LONG_MOST),
        }
    }

    /// Opens a pipe. Returns `None` when no pipe is left: then the pump must copy the bytes. Never
    /// blocks.
    pub(in crate::net) fn open(&self) -> Option<Pipe> {
        let descriptors = self.descriptors.take(DESCRIPTORS)?;
        let long = self.long.take(1);
        let size = if long.is_some() { LONG } else { SHORT };
        Some(Pipe {
            // The system may grant fewer bytes than requested. A pipe that is shorter than `SHORT`
            // is not used, because copying is faster.
            splice: Splice::new(size, SHORT)?,
            _descriptors: descriptors,
            _long: long,
        })
    }
}

impl Pipe {
    /// Moves the bytes that can be read now. May block, see [`Splice::forward`].
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
        // If the system has little memory for pipes, it may grant fewer bytes.
        assert!((SHORT..=LONG).contains(&first.splice.size()));
        assert_eq!(second.splice.size(), SHORT);
        assert!(pipes.open().is_none(), "one descriptor is left");
        drop(second);
        assert!(pipes.open().is_some());
    }
}

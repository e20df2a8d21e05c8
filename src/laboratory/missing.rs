//! Packets that a server does not implement.
//!
//! There are many of these faults, and they are alike. So the tests of the suite judge only the faults of
//! [`faults`](crate::faults), and these faults are played only when the diagnosis is measured.

/// Makes the two faults of a server that does not implement a packet: it ignores the packet, or it closes the connection.
macro_rules! missing {
    ($packet:literal, $breaks:literal, $frame:pat) => {
        [
            Fault::handling(
                concat!("does not implement ", $packet, ": it ignores the packet"),
                $breaks,
                |lab, call| match call.frame() {
                    Some($frame) => Reply::ignore(),
                    _ => lab.good(call),
                },
            ),
            Fault::handling(
                concat!("does not implement ", $packet, ": it closes the connection"),
                $breaks,
                |lab, call| match call.frame() {
                    Some($frame) => lab.disconnect(call),
                    _ => lab.good(call),
                },
            ),
        ]
    };
}

pub(crate) use missing;

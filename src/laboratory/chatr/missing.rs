//! Packets that a server does not implement.

use matou_protocols::chatr::Frame;

use super::{Fault, Reply};
use crate::missing::missing;

pub(super) const FAULTS: &[[Fault; 2]] = &[
    missing!(
        "CONNECTION_REQUEST",
        "CHATR-4.1",
        Frame::ConnectionRequest { .. }
    ),
    missing!(
        "CONNECTION_REQUEST_ACCEPT",
        "CHATR-5.1",
        Frame::ConnectionRequestAccept { .. }
    ),
    missing!(
        "CONNECTION_REQUEST_DENIED",
        "CHATR-5.5",
        Frame::ConnectionRequestDenied { .. }
    ),
    missing!("DISCONNECT", "CHATR-6.1", Frame::Disconnect { .. }),
];

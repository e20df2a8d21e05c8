//! Packets that a server does not implement.

use matou_protocols::chathack::{ClientFrame, Received};

use super::{Fault, Reply};
use crate::missing::missing;

pub(super) const FAULTS: &[[Fault; 2]] = &[
    missing!(
        "LOGIN_PASSWORD",
        "CHATHACK-1.3",
        Received::Frame(ClientFrame::LoginWithPassword { .. })
    ),
    missing!(
        "SAY",
        "CHATHACK-2.1",
        Received::Frame(ClientFrame::GlobalMessage { .. })
    ),
    missing!(
        "ASK",
        "CHATHACK-3.1",
        Received::Frame(ClientFrame::PrivateAsking { .. })
    ),
    missing!(
        "VALIDATE",
        "CHATHACK-3.5",
        Received::Frame(ClientFrame::PrivateValidation { .. })
    ),
    missing!(
        "DENY",
        "CHATHACK-3.9",
        Received::Frame(ClientFrame::PrivateDenied { .. })
    ),
];

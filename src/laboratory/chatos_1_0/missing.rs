//! Packets that a server does not implement.

use matou_protocols::chatos_1_0::Frame;

use super::{Fault, Reply};
use crate::missing::missing;

pub(super) const FAULTS: &[[Fault; 2]] = &[
    missing!("SPM", "CHATOS1-2.1", Frame::SendPersonalMessage { .. }),
    missing!("SMA", "CHATOS1-3.1", Frame::SendMessageToAll { .. }),
    missing!("TCP_ASK", "CHATOS1-4.1", Frame::TcpAsk(_)),
    missing!("TCP_ABORT", "CHATOS1-4.12", Frame::TcpAbort(_)),
    missing!("TCP_ACCEPT", "CHATOS1-5.1", Frame::TcpAccept(_)),
    missing!("TCP_CONNECT", "CHATOS1-5.5", Frame::TcpConnect(_)),
];

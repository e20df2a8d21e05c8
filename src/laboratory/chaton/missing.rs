//! Commands that a server does not implement.

use matou_protocols::chaton::ClientFrame;

use super::{Fault, Reply};
use crate::missing::missing;

pub(super) const FAULTS: &[[Fault; 2]] = &[
    missing!("MESSAGE", "CHATON-2.1", ClientFrame::Message { .. }),
    missing!(
        "MESSAGE_PRIVATE",
        "CHATON-2.6",
        ClientFrame::MessagePrivate { .. }
    ),
    missing!(
        "REQUEST_PRIVATE",
        "CHATON-3.1",
        ClientFrame::RequestPrivate { .. }
    ),
    missing!("OK_PRIVATE", "CHATON-3.7", ClientFrame::OkPrivate { .. }),
    missing!("KO_PRIVATE", "CHATON-3.5", ClientFrame::KoPrivate { .. }),
    missing!(
        "LOGIN_PRIVATE",
        "CHATON-4.1",
        ClientFrame::LoginPrivate { .. }
    ),
];

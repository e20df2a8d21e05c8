//! Deadlines that never pass.

use matou_protocols::room::Overdue;

#[derive(Debug)]
pub(in crate::net) enum Due {
    Close,
    Handshake,
    Progress,
    Overdue(Overdue),
}

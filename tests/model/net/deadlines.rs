//! Nothing is ever late.

use matou_protocols::room::Overdue;

#[derive(Debug)]
pub(super) enum Due {
    Close,
    Handshake,
    Progress,
    Overdue(Overdue),
}

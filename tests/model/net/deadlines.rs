//! Nothing is ever late.

use matou::room::Overdue;

#[derive(Debug)]
pub(super) enum Due {
    Close,
    Handshake,
    Overdue(Overdue),
}

//! The command that this protocol adds to Chaton, if a server does not implement it.

use matou_protocols::chatos_groupe2::ClientFrame;

use super::{Fault, Reply};
use crate::missing::missing;

pub(super) const FAULTS: &[[Fault; 2]] = &[missing!(
    "CLOSE_CONNECTION",
    "GROUPE2-4.1",
    ClientFrame::CloseConnection(_)
)];

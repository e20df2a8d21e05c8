//! What Linux reports in /proc.

mod kin;
mod observe;
mod sockets;
mod stat;

use std::process::Child;

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

pub(in crate::spawn) use kin::{Kin, kin};
pub use observe::Members;
pub(in crate::spawn) use observe::{members, observe};
pub(in crate::spawn) use sockets::listener;

/// Returns whether the process has ended. If it has, it stays a zombie, so that no other process can get its id, which is
/// also the id of its group.
pub(in crate::spawn) fn has_ended(child: &mut Child) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // After `wait`, the system no longer knows the process, and the call fails. Then the standard library knows its status.
    match waitid(WaitId::Pid(Pid::from_child(child)), options) {
        Ok(status) => status.is_some(),
        Err(_) => child.try_wait().is_ok_and(|status| status.is_some()),
    }
}

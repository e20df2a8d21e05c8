//! The functions for systems that report nothing about processes and sockets.

use std::net::SocketAddr;
use std::process::Child;

use super::{Listener, Named, Observation, Work};
use crate::spawn::tag::Tag;

/// A placeholder: this system does not report the processes of a group.
#[derive(Debug)]
pub struct Members;

impl Members {
    /// Returns `None`: this system does not report the work of processes.
    #[must_use]
    pub fn work(&self) -> Option<Work> {
        None
    }
}

/// A placeholder: this system does not report the processes that a target started. So this type has no value.
#[derive(Debug)]
pub(in crate::spawn) enum Kin {}

impl Kin {
    pub(in crate::spawn) fn pid(&self) -> u32 {
        match *self {}
    }

    pub(in crate::spawn) fn group(&self) -> u32 {
        match *self {}
    }

    pub(in crate::spawn) fn named(&self) -> Named {
        match *self {}
    }

    pub(in crate::spawn) fn kill(&self) {
        match *self {}
    }
}

/// Returns no process: this system does not report the processes that a target started.
pub(in crate::spawn) fn kin(_leaders: &[u32], _tag: &Tag) -> Vec<Kin> {
    Vec::new()
}

/// Returns whether the process has ended. If it has, another process may get its id from now on.
pub(in crate::spawn) fn has_ended(child: &mut Child) -> bool {
    child.try_wait().is_ok_and(|status| status.is_some())
}

pub(in crate::spawn) fn members(_leader: u32) -> Option<Members> {
    None
}

pub(in crate::spawn) fn observe(
    _leader: u32,
    _port: u16,
    _before: Option<Observation>,
) -> Option<Observation> {
    None
}

/// Returns `None`: this system does not report which process listens at an address.
pub(in crate::spawn) fn listener(
    _address: SocketAddr,
    _leader: u32,
    _tag: &Tag,
) -> Option<Listener> {
    None
}

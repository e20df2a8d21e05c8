use std::collections::BTreeMap;
use std::io;
use std::time::Instant;

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use crate::link::Link;
use matou_protocols::dialogue::{Pass, TunnelId};

/// The expected peers, each with the pass that it must send. A thread that holds the lock makes no call that blocks.
#[derive(Debug, Default)]
pub(super) struct Promises(Mutex<BTreeMap<TunnelId, Promise>>);

/// One expected peer.
#[derive(Debug)]
pub(super) struct Promise {
    pub(super) pass: Pass,
    pub(super) until: Instant,
    /// The connection of the peer is sent here, once.
    pub(super) arrival: Sender<io::Result<Link>>,
}

/// The decision about an unauthenticated peer, based on the bytes that it has sent so far.
#[derive(Debug)]
pub(super) enum Verdict {
    /// At least this many more bytes are needed.
    More(usize),
    /// The bytes are an expected pass. The promise that belongs to this pass has been removed.
    In(Sender<io::Result<Link>>),
    /// No expected pass begins with these bytes.
    Out,
}

impl Promises {
    pub(super) fn add(&self, tunnel: TunnelId, promise: Promise) {
        self.0.lock().insert(tunnel, promise);
    }

    /// Withdraws a promise that has not been used yet.
    pub(super) fn withdraw(&self, tunnel: TunnelId) {
        self.0.lock().remove(&tunnel);
    }

    /// Compares the bytes with every promise. It compares only complete secrets: otherwise a peer could guess a secret one
    /// byte at a time.
    pub(super) fn judge(&self, shown: &[u8], now: Instant) -> Verdict {
        let mut promises = self.0.lock();
        let mut missing = None;
        let mut right = None;
        // The list may still contain expired promises, because the session removes them later. This function must ignore
        // them.
        let in_time = promises.iter().filter(|(_, promise)| promise.until > now);
        for (tunnel, Promise { pass, .. }) in in_time {
            let known = shown.len().min(pass.public.len());
            if shown[..known] != pass.public[..known] {
                continue;
            }
            let length = pass.public.len() + pass.secret.len();
            match length.checked_sub(shown.len()) {
                Some(0) if is_same(&shown[known..], &pass.secret) => right = Some(*tunnel),
                None | Some(0) => {}
                Some(more) => missing = Some(missing.map_or(more, |least: usize| least.min(more))),
            }
        }
        match (right.and_then(|tunnel| promises.remove(&tunnel)), missing) {
            (Some(promise), _) => Verdict::In(promise.arrival),
            (None, Some(more)) => Verdict::More(more),
            (None, None) => Verdict::Out,
        }
    }
}

/// Compares two values in a time that does not depend on the number of equal bytes.
fn is_same(shown: &[u8], secret: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(shown, secret).is_ok()
}

#[cfg(test)]
mod tests;

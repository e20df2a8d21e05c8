//! Probes: small datagrams. A peer may have several addresses. With probes, the client finds an address at which the peer
//! receives datagrams and from which it answers.
//!
//! A probe has 64 bytes. It begins with [`MARK`] and a random number of the sender. Then follows the random number that the
//! sender has received from the probe's destination, or zeros if the sender has received none. All remaining bytes are
//! zeros. A client that gets its own number back from an address knows that datagrams reach the peer there, and that the
//! peer answers. Before a client knows this, it sends nothing larger than a probe. A client sends at most ten probes per
//! accepted request. So neither the server nor a peer can misuse the client to flood another machine.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Length of a probe, in bytes.
pub(super) const PROBE_BYTES: usize = 64;
/// Maximum probes per accepted request, counted over all addresses.
pub(super) const MOST_PROBES: usize = 10;
/// The first bytes of a probe. In the first byte of our QUIC packets, one bit is always set. In a probe, this bit is zero,
/// so that a receiver can distinguish probes from QUIC packets.
const MARK: [u8; 16] = *b"\0matou probe v1\n";
/// The time of each probe, in milliseconds after the first. Each probe goes to the next address in turn. The first probes
/// are close together, because both peers usually begin at about the same time. The later probes are for a peer that begins
/// late.
const TIMES: [u64; MOST_PROBES] = [0, 0, 200, 400, 700, 1000, 1500, 2500, 4000, 6000];

/// A random number.
pub(super) type Nonce = [u8; 16];

/// The search for one peer.
#[derive(Debug)]
pub(super) struct Probing {
    candidates: Vec<Candidate>,
    nonce: Nonce,
    began: Instant,
    sent: usize,
    /// The index of the address for the next probe.
    turn: usize,
}

#[derive(Debug)]
struct Candidate {
    address: SocketAddr,
    /// The random number in the last probe from this address.
    heard: Option<Nonce>,
    /// True if this client still has to send back the number in `heard`.
    owed: bool,
    /// True if this client's own random number came back from this address.
    answers: bool,
}

impl Probing {
    /// Starts the search, with the addresses in order of preference.
    pub(super) fn begin(now: Instant, candidates: &[SocketAddr], nonce: Nonce) -> Probing {
        let candidates = candidates.iter().map(|address| Candidate {
            address: *address,
            heard: None,
            owed: false,
            answers: false,
        });
        Probing {
            candidates: candidates.collect(),
            nonce,
            began: now,
            sent: 0,
            turn: 0,
        }
    }

    /// True if the peer may be at this address.
    pub(super) fn includes(&self, address: SocketAddr) -> bool {
        let mut candidates = self.candidates.iter();
        candidates.any(|candidate| candidate.address == address)
    }

    /// Handles a datagram. Returns true if the datagram was a probe from one of the addresses.
    pub(super) fn hear(&mut self, from: SocketAddr, datagram: &[u8]) -> bool {
        let Some((nonce, heard)) = read(datagram) else {
            return false;
        };
        let mut candidates = self.candidates.iter_mut();
        let Some(candidate) = candidates.find(|candidate| candidate.address == from) else {
            return false;
        };
        candidate.answers |= heard == self.nonce;
        candidate.owed |= candidate.heard != Some(nonce);
        candidate.heard = Some(nonce);
        true
    }

    /// Returns the first address, in order of preference, from which this client's own number came back.
    pub(super) fn found(&self) -> Option<SocketAddr> {
        let mut candidates = self.candidates.iter();
        let found = candidates.find(|candidate| candidate.answers);
        found.map(|candidate| candidate.address)
    }

    /// Returns the next probe that is due. A probe that answers the peer is returned first.
    pub(super) fn due(&mut self, now: Instant) -> Option<(SocketAddr, [u8; PROBE_BYTES])> {
        let deadline = self.deadline()?;
        if now < deadline {
            return None;
        }
        let owed = self.candidates.iter().position(|candidate| candidate.owed);
        let chosen = owed.unwrap_or_else(|| {
            let turn = self.turn % self.candidates.len();
            self.turn = turn + 1;
            turn
        });
        let candidate = self.candidates.get_mut(chosen)?;
        candidate.owed = false;
        self.sent += 1;
        let probe = write(self.nonce, candidate.heard.unwrap_or_default());
        Some((candidate.address, probe))
    }

    /// Returns when the next probe is due; `None` after the last probe.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let planned = *TIMES.get(self.sent)?;
        if self.candidates.is_empty() {
            return None;
        }
        if self.candidates.iter().any(|candidate| candidate.owed) {
            return Some(self.began);
        }
        Some(self.began + Duration::from_millis(planned))
    }
}

fn write(nonce: Nonce, heard: Nonce) -> [u8; PROBE_BYTES] {
    let mut probe = [0; PROBE_BYTES];
    probe[..16].copy_from_slice(&MARK);
    probe[16..32].copy_from_slice(&nonce);
    probe[32..48].copy_from_slice(&heard);
    probe
}

fn read(datagram: &[u8]) -> Option<(Nonce, Nonce)> {
    let ([mark, nonce, heard, _], []) = datagram.as_chunks::<16>() else {
        return None;
    };
    (*mark == MARK).then_some((*nonce, *heard))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 2], port))
    }

    /// Returns all probes that are sent while the peer is silent for an hour, each with its time.
    fn all(probing: &mut Probing, began: Instant) -> Vec<(Duration, SocketAddr)> {
        let mut sent = Vec::new();
        while let Some(at) = probing.deadline() {
            assert!(probing.due(at - Duration::from_millis(1)).is_none() || at == began);
            if let Some((to, _)) = probing.due(at) {
                sent.push((at - began, to));
            }
        }
        sent
    }

    #[test]
    fn ten_probes_and_no_more_take_turns_between_the_addresses() {
        let began = Instant::now() + Duration::from_secs(1);
        let mut probing = Probing::begin(began, &[address(1), address(2)], [1; 16]);
        let (mut sent, mut now) = (Vec::new(), began);
        for _ in 0..100_000 {
            sent.extend(probing.due(now).map(|(to, probe)| (to, probe.len())));
            now += Duration::from_millis(1);
        }
        assert_eq!(sent.len(), MOST_PROBES);
        let to_the_first = sent.iter().filter(|(to, _)| *to == address(1)).count();
        assert_eq!(to_the_first, MOST_PROBES / 2);
        assert!(sent.iter().all(|(_, length)| *length == PROBE_BYTES));
        assert_eq!(probing.deadline(), None);
    }

    #[test]
    fn without_an_address_nothing_is_sent() {
        let now = Instant::now();
        let mut probing = Probing::begin(now, &[], [1; 16]);
        assert_eq!(probing.deadline(), None);
        assert_eq!(probing.due(now + Duration::from_secs(9)), None);
    }

    #[test]
    fn an_address_is_found_when_the_own_number_comes_back_from_it() {
        let now = Instant::now();
        let (alice, bob) = (address(1), address(2));
        let mut ours = Probing::begin(now, &[bob], [1; 16]);
        let mut theirs = Probing::begin(now, &[alice], [2; 16]);
        let (_, lost) = ours.due(now).unwrap();
        let (_, first) = ours.due(now).unwrap();
        assert_eq!(lost, first);
        assert!(theirs.hear(alice, &first));
        assert_eq!(theirs.found(), None);
        let (to, answer) = theirs.due(now).unwrap();
        assert_eq!(to, alice);
        assert!(ours.hear(bob, &answer));
        assert_eq!(ours.found(), Some(bob));
        // Bob's answer is due at once, although it is too early for the next regular probe.
        let (_, answer) = ours.due(now).unwrap();
        assert!(theirs.hear(alice, &answer));
        assert_eq!(theirs.found(), Some(alice));
    }

    #[test]
    fn the_number_of_answers_is_limited() {
        let now = Instant::now();
        let mut probing = Probing::begin(now, &[address(1)], [1; 16]);
        let mut sent = 0;
        for round in 0..100_u8 {
            assert!(probing.hear(address(1), &write([round; 16], [0; 16])));
            while probing.due(now).is_some() {
                sent += 1;
            }
        }
        assert_eq!(sent, MOST_PROBES);
        assert_eq!(probing.found(), None);
    }

    #[test]
    fn strangers_and_garbage_are_ignored() {
        let now = Instant::now();
        let mut probing = Probing::begin(now, &[address(1)], [1; 16]);
        let probe = write([2; 16], [1; 16]);
        assert!(!probing.hear(address(2), &probe));
        assert!(!probing.hear(address(1), &probe[..PROBE_BYTES - 1]));
        assert!(!probing.hear(address(1), &[&probe[..], &[0]].concat()));
        assert!(!probing.hear(address(1), &[0; PROBE_BYTES]));
        assert!(!probing.hear(address(1), b""));
        assert_eq!(probing.found(), None);
    }

    #[test]
    fn the_whole_search_takes_some_seconds() {
        let began = Instant::now() + Duration::from_secs(1);
        let mut probing = Probing::begin(began, &[address(1)], [1; 16]);
        let sent = all(&mut probing, began);
        assert_eq!(sent.len(), MOST_PROBES);
        assert_eq!(sent.last().unwrap().0, Duration::from_secs(6));
    }
}

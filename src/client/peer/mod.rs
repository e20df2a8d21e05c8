//! Conversations from peer to peer over UDP, for Chatr Connect, whose document leaves this part open.
//!
//! # From an agreed request to a conversation
//!
//! The server has told each of two clients the other's address; the port is the one on which both have agreed beforehand
//! (`--p2p-port`). Then:
//!
//! 1. **Probes** (`probes`): both send datagrams of 64 bytes to the address that the server saw and, where that is of use,
//!    to the one that the peer gave as its own: at most ten per request. A number that comes back shows a way there and back.
//!    Both peers send, so each opens the way through its own NAT for the other.
//! 2. **A handshake** (`tls`): the client with the smaller UUID calls the other with QUIC (version 1). Both show their
//!    bare RSA keys in TLS 1.3 (RFC 7250), take no other key than the one *registered* for the other's UUID, and sign this
//!    very handshake, to which both have given fresh random numbers: a recorded conversation proves nothing later. Sessions
//!    are never resumed, because resuming would skip the proof.
//! 3. **A greeting**: each opens one stream of its own and writes `matou-chatr/1` on it. Whoever reads the other's greeting
//!    knows that its own key was taken, too. Only then do the users' bytes follow, in the framing of every private
//!    conversation of this client: text and files, each direction with an end of its own.
//!
//! QUIC does the rest: what is lost is sent again, what comes twice is dropped, what is swapped is put in order, and nobody on
//! the way can read or change it. The crate `quinn-proto` is all of that without a socket; the socket and the clock are
//! `thread`'s, and `conversations` in between can be driven by a test that loses, doubles and swaps datagrams as it likes.
//!
//! # Limits
//!
//! * NATs must keep the port: one that gives the socket another one cannot be crossed, because the protocol tells no port.
//! * Nothing is relayed: when no probe comes through there is no conversation.
//! * An address does not change while a conversation lasts; whoever moves asks again.
//! * A peer that is silent for 30 s is gone; both send something every 8 s.
//! * The datagram that closes a conversation is sent seven times in 3 s, or until the peer answers it (`farewell`). A client
//!   that ends waits for the answer for at most 1 s.
//! * An onlooker sees that two addresses talk and how much; the handshake encrypts the keys, but whoever can call in place of
//!   the peer learns the callee's public key.
//! * Datagrams stay at 1200 bytes of payload, so that every path carries them: safe, and no race for files.

mod conversation;
mod conversations;
mod farewell;
mod probes;
#[cfg(test)]
mod tests;
mod thread;
mod tls;
mod wired;

pub(super) use conversation::Meeting;
pub(super) use thread::{Callers, Peers};

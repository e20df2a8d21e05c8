//! Peer-to-peer conversations over UDP, for Chatr Connect, whose document does not specify this part.
//!
//! # From an agreed request to a conversation
//!
//! The server has told each of the two clients the address of the other client. The port is the number on which both users
//! agreed in advance (`--p2p-port`). Then:
//!
//! 1. **Probes** (`probes`): both clients send datagrams of 64 bytes, at most ten per request. They send these datagrams to
//!    the address that the server saw and, where useful, to the address that the peer gave as its own. A client that gets
//!    its own number back knows that datagrams pass in both directions. Each client's probes also open its own NAT for the
//!    other client.
//! 2. **A handshake** (`tls`): the client with the smaller UUID opens a QUIC connection (version 1). Both clients present
//!    raw RSA public keys in TLS 1.3 (RFC 7250), accept only the key that is *registered* for the other's UUID, and sign the
//!    handshake. Fresh random numbers of both sides make every handshake different, so a recorded handshake proves nothing
//!    later. Sessions are never resumed, because resuming would skip the proof.
//! 3. **A greeting**: each client opens a stream and writes `matou-chatr/1` on it. A client that reads the other's greeting
//!    knows that its own key was accepted. Then the users' bytes follow, in the same format as on other private connections
//!    of this client: text and files. Each direction is closed separately.
//!
//! QUIC does everything else: it sends lost datagrams again, drops duplicates, restores the order, and encrypts. The crate
//! `quinn-proto` implements QUIC without a socket. `thread` owns the socket and the clock. `conversations` connects `thread`
//! with `quinn-proto`. The tests use a network that loses, duplicates and reorders datagrams.
//!
//! # Limits
//!
//! * A NAT must not change the port, because the protocol does not carry port numbers.
//! * Nothing is relayed: if no probe arrives, there is no conversation.
//! * A peer's address cannot change during a conversation. After a change of network, the user must ask again.
//! * A peer that sends nothing for 30 s counts as lost. Both sides send something every 8 s.
//! * The datagram that closes a conversation is sent seven times in 3 s, or until the peer answers it (`farewell`). Before
//!   the client ends, it waits at most 1 s for the answer.
//! * An observer of the network sees the two addresses and the amount of data. The handshake encrypts the keys, but an
//!   attacker that can connect in place of the peer learns the other client's public key.
//! * Datagrams carry at most 1200 bytes of payload, which every path supports. This size works everywhere, but larger
//!   datagrams would carry files faster.

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

//! Peer-to-peer conversations over UDP, for Chatr Connect, whose document does not specify this part.
//!
//! # From an agreed request to a conversation
//!
//! Before a conversation begins, the server has told each of the two clients the address of the other client. The server
//! does not tell them a UDP port: both users have agreed on a port in advance (`--p2p-port`). Then:
//!
//! 1. **Probes** (`probes`): both clients send datagrams of 64 bytes, at most ten per request. They send these datagrams to
//!    the peer's address as the server sees it. The peer may also have given an address in its local network. If this
//!    address may be reachable, they send datagrams to it too. Each probe carries a random number of its sender, and the
//!    peer sends this number back. A client that gets its own number back knows that datagrams pass in both directions. The
//!    probes also make the sender's NAT let the other client's datagrams in.
//! 2. **A handshake** (`tls`): the client with the smaller UUID opens a QUIC connection (version 1). In TLS 1.3, both
//!    clients present raw RSA public keys (RFC 7250) and sign the handshake. Each client accepts only the key that is
//!    *registered* for the UUID of the other client. Both sides add new random numbers to every handshake. So an attacker
//!    cannot use a recorded handshake as a proof later. Sessions are never resumed, because resuming would skip the proof.
//! 3. **A greeting**: each client opens a stream and writes `matou-chatr/1` on it. A client that reads the greeting of the
//!    other client knows that the other client has accepted its key. After the greeting, the stream carries the users' text
//!    and files, in the format of all private connections of this client. Each direction is closed separately.
//!
//! QUIC does everything else: it sends lost datagrams again, drops duplicates, restores the order, and encrypts. The crate
//! `quinn-proto` implements QUIC without a socket. `thread` owns the socket and the clock. `conversations` connects `thread`
//! with `quinn-proto`. The tests use a network that loses, duplicates and reorders datagrams.
//!
//! # Limits
//!
//! * A NAT must not change the UDP port, because the server's packets contain no port numbers.
//! * The server does not relay the conversation: if no probe arrives, there is no conversation.
//! * A peer's address cannot change during a conversation. When one computer changes its network, the users must ask for a
//!   new private connection.
//! * A peer that sends nothing for 30 s counts as lost. Both sides send something every 8 s.
//! * The datagram that closes a conversation is sent seven times in 3 s, or until the peer answers it (`farewell`). Before
//!   the client ends, it waits at most 1 s for the answer.
//! * An attacker who observes the network sees the two addresses and the amount of data. The handshake encrypts the public
//!   keys. But an attacker that takes the place of one client in the handshake learns the public key of the other client.
//! * Datagrams carry at most 1200 bytes of payload, which every path supports. Larger datagrams would carry files faster,
//!   but some paths drop them.

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

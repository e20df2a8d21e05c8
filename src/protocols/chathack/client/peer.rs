//! Handles what another client sends on a direct connection: messages and files. The client passes the bytes of a file to
//! the program as soon as they arrive.

use super::ChatHackClient;
use crate::chathack::{MAX_MESSAGE_BYTES, PeerFrame, Received};
use crate::dialogue::{Action, Event, Fault, TunnelId};

/// What the next bytes from a peer mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Frame,
    /// The rest of a file that the client receives. The rest has this number of bytes.
    File(u64),
    /// The rest of a frame or a file that the client skips. The rest has this number of bytes.
    Skipped(u64),
}

impl ChatHackClient {
    pub(super) fn hear_peer(
        &mut self,
        tunnel: TunnelId,
        bytes: &[u8],
    ) -> Result<Option<(usize, Vec<Action>)>, Fault> {
        let next = self.tunnels.detail(tunnel).map(|direct| direct.next);
        let (length, actions, next) = match next.unwrap_or(Next::Frame) {
            _ if bytes.is_empty() => return Ok(None),
            Next::File(left) => {
                let (bytes, left) = front(bytes, left);
                let file = Action::FileBytes {
                    tunnel,
                    bytes: bytes.to_vec(),
                };
                (bytes.len(), vec![file], Next::file(left))
            }
            Next::Skipped(left) => {
                let (bytes, left) = front(bytes, left);
                (bytes.len(), Vec::new(), Next::skipped(left))
            }
            Next::Frame => match PeerFrame::decode(bytes, MAX_MESSAGE_BYTES)? {
                None => return Ok(None),
                Some((Received::Frame(frame), length)) => {
                    let (actions, next) = self.hear_peer_frame(tunnel, frame);
                    (length, actions, next)
                }
                Some((Received::TooLong(why), length)) => {
                    let here = length.min(bytes.len());
                    let left = (length - here) as u64;
                    (here, self.ignore(tunnel, &why), Next::skipped(left))
                }
            },
        };
        if let Some(direct) = self.tunnels.detail_mut(tunnel) {
            direct.next = next;
        }
        Ok(Some((length, actions)))
    }

    fn hear_peer_frame(&self, tunnel: TunnelId, frame: PeerFrame<'_>) -> (Vec<Action>, Next) {
        let peer = self.tunnels.peer(tunnel).unwrap_or_default();
        match frame {
            PeerFrame::Message { login, message } if login == peer => {
                let text = Event::TunnelText {
                    peer: peer.to_owned(),
                    line: message.into(),
                    complete: true,
                };
                (Action::tell(text), Next::Frame)
            }
            PeerFrame::File { login, name, size } if login == peer => {
                let size = u64::try_from(size).unwrap_or_default();
                let name = name.to_owned();
                let comes = Action::FileComes { tunnel, name, size };
                (vec![comes], Next::file(size))
            }
            // The login in this frame is not the login of the peer, so the client skips the file.
            PeerFrame::File { size, .. } => {
                let size = u64::try_from(size).unwrap_or_default();
                (self.ignore(tunnel, &frame), Next::skipped(size))
            }
            other => (self.ignore(tunnel, &other), Next::Frame),
        }
    }

    fn ignore(&self, tunnel: TunnelId, why: &dyn std::fmt::Display) -> Vec<Action> {
        let peer = self.tunnels.peer(tunnel).unwrap_or_default();
        let what = format!("on the private connection with {peer:?}: {why}");
        Action::tell(Event::Unexpected { what })
    }
}

impl Next {
    fn file(left: u64) -> Next {
        match left {
            0 => Next::Frame,
            left => Next::File(left),
        }
    }

    fn skipped(left: u64) -> Next {
        match left {
            0 => Next::Frame,
            left => Next::Skipped(left),
        }
    }
}

/// Returns the first `left` bytes of the input, or fewer if fewer have arrived, and how many of the `left` bytes are still
/// missing.
fn front(bytes: &[u8], left: u64) -> (&[u8], u64) {
    let wanted = usize::try_from(left).unwrap_or(usize::MAX);
    let here = bytes.get(..wanted).unwrap_or(bytes);
    (here, left - here.len() as u64)
}

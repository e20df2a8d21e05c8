//! Private connections.

use super::Session;
use super::stalls::with_unsent;
use super::typing::Outcome;
use crate::ending::Ending;
use crate::escape::Escaped;
use crate::files::exchange::Deed;
use crate::files::profile::{Piece, encode_text};
use crate::link::{Incoming, Link};
use crate::private::pipe;
use crate::private::tunnel::{Speech, Tunnel};
use matou_protocols::dialogue::{Action, Content, Direction, Event, Refusal, Source, TunnelId};

/// What to do after an event on a private connection.
enum Then {
    GoesOn,
    Closed(Option<String>),
}

impl Session {
    pub(super) fn link_of(&mut self, id: TunnelId) -> Option<&mut Link> {
        self.tunnels.get_mut(&id)?.link.as_mut()
    }

    pub(super) fn tunnel_connected(&mut self, id: TunnelId) -> Result<(), Ending> {
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Ok(());
        };
        match tunnel.connected() {
            None => Ok(()),
            Some(Ok(())) => {
                self.peer_came(id);
                let actions = self.dialogue.connected(id);
                self.perform_all(actions)
            }
            Some(Err(error)) => self.end_tunnel(id, Some(format!("cannot connect: {error}"))),
        }
    }

    pub(super) fn tunnel_ready(&mut self, id: TunnelId) -> Result<(), Ending> {
        let Some(link) = self.link_of(id) else {
            return Ok(());
        };
        let given = link.given();
        let Some(incoming) = link.next() else {
            return Ok(());
        };
        let then = self.hear_tunnel(id, incoming)?;
        if let Some(link) = self.link_of(id) {
            link.has_answered(given);
        }
        match then {
            Then::GoesOn => Ok(()),
            Then::Closed(reason) => self.end_tunnel(id, reason),
        }
    }

    fn hear_tunnel(&mut self, id: TunnelId, incoming: Incoming) -> Result<Then, Ending> {
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Ok(Then::GoesOn);
        };
        match incoming {
            Incoming::Bytes(bytes) if tunnel.is_in_frames() => {
                tunnel.inbox.push(&bytes);
                self.read_tunnel_frames(id)
            }
            Incoming::Bytes(bytes) => {
                self.take_tunnel_bytes(id, &bytes)?;
                Ok(Then::GoesOn)
            }
            Incoming::End if !tunnel.up => Ok(Then::Closed(Some(
                "the server closed it before it was open".into(),
            ))),
            Incoming::End => {
                tunnel.ended = true;
                let (peer, over, shut) = (tunnel.peer.clone(), tunnel.all_sent, tunnel.shut);
                self.show_tunnel_rest(id);
                self.with_exchange(id, |exchange| exchange.peer_ended());
                if over {
                    return Ok(Then::Closed(None));
                }
                if shut {
                    return Ok(Then::GoesOn);
                }
                if self.output.is_for_a_person() {
                    // With a person, the client closes its direction too when the peer has closed the other.
                    self.shut_if_both_are_done(id);
                } else {
                    self.output.show(&Event::TunnelEof { peer });
                }
                Ok(Then::GoesOn)
            }
            Incoming::AllSent => {
                tunnel.all_sent = true;
                let ended = tunnel.ended;
                let actions = self.dialogue.all_sent(id);
                self.perform_all(actions)?;
                Ok(if ended {
                    Then::Closed(None)
                } else {
                    Then::GoesOn
                })
            }
            Incoming::ReceiveFailed(error) | Incoming::SendFailed(error) => {
                self.show_tunnel_rest(id);
                Ok(Then::Closed(Some(error.to_string())))
            }
        }
    }

    fn read_tunnel_frames(&mut self, id: TunnelId) -> Result<Then, Ending> {
        loop {
            let dialogue = &mut *self.dialogue;
            let tunnel = self.tunnels.get_mut(&id);
            let Some(tunnel) = tunnel.filter(|tunnel| tunnel.is_in_frames()) else {
                return Ok(Then::GoesOn);
            };
            match tunnel.inbox.next(dialogue, Source::Tunnel(id)) {
                Ok(Some(actions)) => {
                    match &*actions {
                        [Action::FileBytes { bytes, .. }] => {
                            self.show_raw(Direction::Received, id, bytes);
                        }
                        _ => self.show_taken(Source::Tunnel(id)),
                    }
                    self.perform_all(actions)?;
                }
                Ok(None) => return Ok(Then::GoesOn),
                Err(garbage) => return Ok(Then::Closed(Some(garbage.to_string()))),
            }
        }
    }

    /// The private connection is open: from here on it carries the users' bytes. Some may have arrived already.
    pub(super) fn tunnel_is_up(&mut self, id: TunnelId) -> Result<(), Ending> {
        let wanted = self.options.tunnel.as_ref().map(|wish| &wish.peer);
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Ok(());
        };
        tunnel.up = true;
        let early = tunnel.inbox.take_rest();
        if self.pipe.is_some() || wanted != Some(&tunnel.peer) {
            return self.take_tunnel_bytes(id, &early);
        }
        let Some(link) = &mut tunnel.link else {
            return Ok(());
        };
        let done = pipe::start(link, early)
            .map_err(|error| Ending::TunnelFailed(format!("cannot start: {error}")))?;
        self.pipe = Some((id, done));
        Ok(())
    }

    fn take_tunnel_bytes(&mut self, id: TunnelId, bytes: &[u8]) -> Result<(), Ending> {
        self.show_raw(Direction::Received, id, bytes);
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Ok(());
        };
        let Speech::Lines { decoder, .. } = &mut tunnel.speech else {
            return Ok(());
        };
        for piece in decoder.push(bytes) {
            self.take_piece(id, piece);
        }
        Ok(())
    }

    fn take_piece(&mut self, id: TunnelId, piece: Piece) {
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return;
        };
        let Speech::Lines { transfers, .. } = &mut tunnel.speech else {
            return;
        };
        let deeds = match piece {
            Piece::Text { line, complete } => {
                let peer = tunnel.peer.clone();
                self.output.show(&Event::TunnelText {
                    peer,
                    line,
                    complete,
                });
                return;
            }
            Piece::Frame(frame) => transfers.hear(frame),
            Piece::Data { id, bytes } => transfers.data(id, bytes),
        };
        self.do_deeds(id, deeds);
    }

    fn show_tunnel_rest(&mut self, id: TunnelId) {
        let rest = match self.tunnels.get_mut(&id).map(|tunnel| &mut tunnel.speech) {
            Some(Speech::Lines { decoder, .. }) => decoder.rest(),
            _ => None,
        };
        if let Some(piece) = rest {
            self.take_piece(id, piece);
        }
    }

    /// Returns the newest private connection with a peer on which this client can still send.
    pub(super) fn tunnel_to(&self, peer: &str) -> Option<TunnelId> {
        let mut tunnels = self.tunnels.iter().rev();
        tunnels.find_map(|(id, tunnel)| {
            (tunnel.up && !tunnel.shut && tunnel.peer == peer).then_some(*id)
        })
    }

    pub(super) fn refuse_without_tunnel(&mut self, peer: &str) -> Outcome {
        let peer = peer.to_owned();
        self.refuse(&Refusal::NoTunnel { peer }.to_string())
    }

    /// Sends a typed line on this private connection.
    pub(super) fn write_to(&mut self, id: TunnelId, text: &str) -> Outcome {
        let Some(tunnel) = self.tunnels.get(&id) else {
            return Outcome::Done;
        };
        let peer = tunnel.peer.clone();
        if tunnel.shut {
            return self.refuse_without_tunnel(&peer);
        }
        if let Err(reason) = self.write(id, text) {
            return self.refuse(&reason);
        }
        self.output.aside(|paint| {
            let (left, right) = (paint.faint(&"[to "), paint.faint(&"]"));
            format!("{left}{}{right} {}", paint.name(&peer), Escaped(text))
        });
        Outcome::Done
    }

    fn write(&mut self, id: TunnelId, text: &str) -> Result<(), String> {
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Ok(());
        };
        let deeds = match &mut tunnel.speech {
            Speech::Lines { .. } => vec![Deed::Send(encode_text(text))],
            Speech::Frames(streamed) => {
                let frame = self.dialogue.frame(Content::Text(text));
                streamed.say(frame.map_err(|refusal| refusal.to_string())?)
            }
        };
        self.do_deeds(id, deeds);
        Ok(())
    }

    /// Closes a private connection. Received bytes are kept.
    pub(super) fn end_tunnel(
        &mut self,
        id: TunnelId,
        reason: Option<String>,
    ) -> Result<(), Ending> {
        self.cut_files(id);
        if let Some(tunnel) = self.tunnels.get_mut(&id) {
            let unsent = tunnel.link.as_ref().map_or(0, Link::unsent);
            let reason = reason.map(|reason| with_unsent(reason, unsent));
            tunnel.over.get_or_insert(reason);
        }
        self.close_if_over(id)
    }

    pub(super) fn close_if_over(&mut self, id: TunnelId) -> Result<(), Ending> {
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Ok(());
        };
        let Some(reason) = tunnel.over.clone() else {
            return Ok(());
        };
        tunnel.link = None;
        (tunnel.shut, tunnel.all_sent, tunnel.ended) = (true, true, true);
        if tunnel.speech.exchange().is_writing() {
            return Ok(());
        }
        self.close_tunnel(id, reason)
    }

    fn close_tunnel(&mut self, id: TunnelId, reason: Option<String>) -> Result<(), Ending> {
        self.cut_files(id);
        self.doorman.settle(id);
        self.dialogue.ended(id);
        let Some(tunnel) = self.tunnels.remove(&id) else {
            return Ok(());
        };
        let failed = self.is_wanted(&tunnel.peer) && self.pipe.is_none();
        let was_talking_to = self.talking_to.as_ref() == Some(&tunnel.peer);
        let why = reason.clone().unwrap_or_else(|| "it ended".into());
        let peer = tunnel.peer;
        if failed {
            self.leave(Ending::TunnelFailed(format!(
                "there is no private connection with {peer:?}: {why}"
            )));
        }
        self.give_up_held(id, &peer);
        let left_alone = was_talking_to && self.tunnel_to(&peer).is_none();
        self.output.show(&Event::TunnelClosed { peer, reason });
        if left_alone {
            self.output
                .remark("what you type is not sent; type /tell to write to everyone again");
        }
        Ok(())
    }

    /// Handles `/close`. A private connection that is not open yet, because the peer has not connected, closes at once.
    pub(super) fn shut_or_give_up(&mut self, id: TunnelId) -> Result<(), Ending> {
        let awaited = |tunnel: &Tunnel| tunnel.expected.is_some();
        if self.tunnels.get(&id).is_some_and(awaited) {
            return self.end_tunnel(id, None);
        }
        self.shut_tunnel(id);
        Ok(())
    }

    /// Stops sending. The private connection closes when the peer has stopped too.
    pub(super) fn shut_tunnel(&mut self, id: TunnelId) {
        if let Some(tunnel) = self.tunnels.get_mut(&id) {
            tunnel.shut = true;
        }
        self.with_exchange(id, |exchange| exchange.shut());
    }

    /// Closes the private connections that are not open yet.
    pub(super) fn give_up_opening(&mut self) {
        let opening = self.tunnels.iter().filter(|(_, tunnel)| !tunnel.up);
        let opening: Vec<_> = opening.map(|(id, _)| *id).collect();
        for id in opening {
            // With a person, this does not end the program.
            let _ = self.close_tunnel(
                id,
                Some("the connection to the server was lost before it was open".into()),
            );
        }
    }

    /// Shuts the open private connections, and drops the others.
    pub(super) fn leave_tunnels(&mut self) {
        self.doorman.close();
        let pipe = self.pipe.take().map(|(id, _)| id);
        self.tunnels
            .retain(|id, tunnel| tunnel.up && Some(*id) != pipe);
        let left: Vec<_> = self.tunnels.keys().copied().collect();
        left.into_iter().for_each(|id| self.shut_tunnel(id));
    }
}

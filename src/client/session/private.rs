//! Private connections.

use super::Session;
use super::stalls::with_unsent;
use super::typing::Outcome;
use crate::ending::Ending;
use crate::escape::Escaped;
use crate::files::exchange::Deed;
use crate::files::profile::{Piece, encode_text};
use crate::link::{Incoming, Link};
use crate::private::Stage;
use crate::private::tunnel::{Sending, Speech, Tunnel};
use matou_protocols::dialogue::{Action, Content, Direction, Event, Refusal, Source, TunnelId};

impl Session {
    pub(super) fn link_of(&mut self, id: TunnelId) -> Option<&mut Link> {
        self.private.get_mut(id)?.stage.link_mut()
    }

    pub(super) fn tunnel_connected(&mut self, id: TunnelId) -> Result<(), Ending> {
        let Some(tunnel) = self.private.get_mut(id) else {
            return Ok(());
        };
        match tunnel.connected() {
            None => Ok(()),
            Some(Ok(pass)) => {
                self.show_frames(Direction::Received, Source::Tunnel(id), &pass);
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
        self.hear_tunnel(id, incoming)?;
        if let Some(link) = self.link_of(id) {
            link.has_answered(given);
        }
        Ok(())
    }

    fn hear_tunnel(&mut self, id: TunnelId, incoming: Incoming) -> Result<(), Ending> {
        let Some(tunnel) = self.private.get_mut(id) else {
            return Ok(());
        };
        match incoming {
            Incoming::Bytes(bytes) if tunnel.is_in_frames() => {
                tunnel.inbox.push(&bytes);
                self.read_tunnel_frames(id)
            }
            Incoming::Bytes(bytes) => {
                self.take_tunnel_bytes(id, &bytes);
                Ok(())
            }
            Incoming::End if !tunnel.stage.is_open() => {
                let reason = "the server closed the private connection before it was open";
                self.end_tunnel(id, Some(reason.into()))
            }
            Incoming::End => {
                tunnel.peer_ended = true;
                let (peer, sending) = (tunnel.peer.clone(), tunnel.sending);
                self.show_tunnel_rest(id);
                self.with_exchange(id, |exchange| exchange.peer_ended());
                match sending {
                    Sending::AllSent => return self.end_tunnel(id, None),
                    Sending::Shut => {}
                    // The peer has stopped sending. If the user is a person (not a script), the client stops sending too.
                    Sending::Possible if self.output.is_for_a_person() => {
                        self.shut_if_both_are_done(id);
                    }
                    Sending::Possible => self.output.show(&Event::TunnelEof { peer }),
                }
                Ok(())
            }
            Incoming::AllSent => {
                tunnel.sending = Sending::AllSent;
                let over = tunnel.peer_ended;
                let actions = self.dialogue.all_sent(id);
                self.perform_all(actions)?;
                match over {
                    true => self.end_tunnel(id, None),
                    false => Ok(()),
                }
            }
            Incoming::ReceiveFailed(error) | Incoming::SendFailed(error) => {
                self.show_tunnel_rest(id);
                self.end_tunnel(id, Some(error.to_string()))
            }
        }
    }

    fn read_tunnel_frames(&mut self, id: TunnelId) -> Result<(), Ending> {
        loop {
            let dialogue = &mut *self.dialogue;
            let tunnel = self.private.get_mut(id);
            let Some(tunnel) = tunnel.filter(|tunnel| tunnel.is_in_frames()) else {
                return Ok(());
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
                Ok(None) => return Ok(()),
                Err(garbage) => return self.end_tunnel(id, Some(garbage.to_string())),
            }
        }
    }

    /// Handles a private connection that has opened. From now on, the connection carries the users' bytes. Some of these
    /// bytes may have arrived already.
    pub(super) fn tunnel_is_up(&mut self, id: TunnelId) -> Result<(), Ending> {
        let wanted = self.options.tunnel.as_ref().map(|wish| &wish.peer);
        let has_piped = self.private.piped().is_some();
        let Some(tunnel) = self.private.get_mut(id) else {
            return Ok(());
        };
        tunnel.open();
        let early = tunnel.inbox.take_rest();
        if has_piped || wanted != Some(&tunnel.peer) {
            self.take_tunnel_bytes(id, &early);
            return Ok(());
        }
        tunnel
            .pipe(early)
            .map_err(|error| Ending::TunnelFailed(format!("cannot start: {error}")))
    }

    fn take_tunnel_bytes(&mut self, id: TunnelId, bytes: &[u8]) {
        self.show_raw(Direction::Received, id, bytes);
        let speech = self.private.get_mut(id).map(|tunnel| &mut tunnel.speech);
        if let Some(Speech::Lines { decoder, .. }) = speech {
            for piece in decoder.push(bytes) {
                self.take_piece(id, piece);
            }
        }
    }

    fn take_piece(&mut self, id: TunnelId, piece: Piece) {
        let Some(tunnel) = self.private.get_mut(id) else {
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
        let rest = match self.private.get_mut(id).map(|tunnel| &mut tunnel.speech) {
            Some(Speech::Lines { decoder, .. }) => decoder.rest(),
            _ => None,
        };
        if let Some(piece) = rest {
            self.take_piece(id, piece);
        }
    }

    pub(super) fn refuse_without_tunnel(&mut self, peer: &str) -> Outcome {
        let peer = peer.to_owned();
        self.refuse(&Refusal::NoTunnel { peer }.to_string())
    }

    /// Sends a typed line on this private connection.
    pub(super) fn write_to(&mut self, id: TunnelId, text: &str) -> Outcome {
        let Some(tunnel) = self.private.get(id) else {
            return Outcome::Done;
        };
        let peer = tunnel.peer.clone();
        if !tunnel.can_send() {
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
        let Some(tunnel) = self.private.get_mut(id) else {
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

    /// Closes a private connection, and interrupts its transfers. `reason` is `None` if it closes normally.
    pub(super) fn end_tunnel(
        &mut self,
        id: TunnelId,
        reason: Option<String>,
    ) -> Result<(), Ending> {
        self.cut_files(id);
        if let Some(tunnel) = self.private.get_mut(id) {
            let unsent = tunnel.stage.link().map_or(0, Link::unsent);
            tunnel.close(reason.map(|reason| with_unsent(reason, unsent)));
        }
        self.close_if_over(id)
    }

    /// Removes a private connection from the list if it has closed and all its files are written.
    pub(super) fn close_if_over(&mut self, id: TunnelId) -> Result<(), Ending> {
        let Some(tunnel) = self.private.get_mut(id) else {
            return Ok(());
        };
        let Stage::Closed(reason) = &tunnel.stage else {
            return Ok(());
        };
        let reason = reason.clone();
        if tunnel.speech.exchange().is_writing() {
            return Ok(());
        }
        self.cut_files(id);
        self.dialogue.ended(id);
        let has_piped = self.private.piped().is_some();
        let Some(tunnel) = self.private.remove(id) else {
            return Ok(());
        };
        let failed = self.is_wanted(&tunnel.peer) && !has_piped;
        let was_talking_to = self.talking_to.as_ref() == Some(&tunnel.peer);
        let why = reason.clone().unwrap_or_else(|| "it ended".into());
        let peer = tunnel.peer;
        if failed {
            self.leave(Ending::TunnelFailed(format!(
                "there is no private connection with {peer:?}: {why}"
            )));
        }
        self.give_up_held(id, &peer);
        let left_alone = was_talking_to && self.private.to(&peer).is_none();
        self.output.show(&Event::TunnelClosed { peer, reason });
        if left_alone {
            self.output
                .remark("what you type now is not sent; type /tell to write to everyone again");
        }
        Ok(())
    }

    /// Handles `/close`. If the peer has not connected yet, the private connection closes at once.
    pub(super) fn shut_or_give_up(&mut self, id: TunnelId) -> Result<(), Ending> {
        let stage = self.private.get(id).map(|tunnel| &tunnel.stage);
        if matches!(stage, Some(Stage::Awaited { .. })) {
            return self.end_tunnel(id, None);
        }
        self.shut_tunnel(id);
        Ok(())
    }

    /// Stops sending. The private connection closes after the peer has stopped sending too.
    pub(super) fn shut_tunnel(&mut self, id: TunnelId) {
        if let Some(tunnel) = self.private.get_mut(id)
            && tunnel.sending == Sending::Possible
        {
            tunnel.sending = Sending::Shut;
        }
        self.with_exchange(id, |exchange| exchange.shut());
    }

    /// Closes the private connections that are not open yet.
    pub(super) fn give_up_opening(&mut self) -> Result<(), Ending> {
        let reason = "the connection to the server was lost before the private connection was open";
        let is_opening = |tunnel: &mut Tunnel| tunnel.stage.is_before_open();
        let opening = self.private.which(is_opening);
        let mut opening = opening.into_iter();
        opening.try_for_each(|id| self.end_tunnel(id, Some(reason.into())))
    }

    /// Stops sending on the open private connections, and drops those that are not open.
    pub(super) fn leave_tunnels(&mut self) {
        let kept = self.private.keep_for_the_end();
        kept.into_iter().for_each(|id| self.shut_tunnel(id));
    }
}

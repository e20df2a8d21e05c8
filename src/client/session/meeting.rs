//! Peers of Chatr Connect, which this client reaches over UDP, and their names.

use std::net::IpAddr;

use uuid::Uuid;

use super::Session;
use super::typing::Outcome;
use crate::ending::Ending;
use crate::escape::Name;
use crate::private::Stage;
use crate::private::tunnel::Speech;
use crate::reach::connect;
use matou_protocols::dialogue::TunnelId;

impl Session {
    /// Searches for a peer in a separate thread. If the thread finds the peer, the loop gets a private connection, which it
    /// handles like any other.
    pub(super) fn meet_peer(
        &mut self,
        id: TunnelId,
        peer: String,
        uuid: Uuid,
        candidates: &[IpAddr],
        calls: bool,
    ) -> Result<(), Ending> {
        let meeting = self
            .chatr
            .as_ref()
            .and_then(|chatr| chatr.meeting(uuid, candidates, calls));
        let Some(meeting) = meeting else {
            self.dialogue.ended(id);
            return Ok(());
        };
        let connecting = connect::in_background(meeting);
        let speech = Speech::lines(self.options.max_file);
        self.private
            .add(id, peer, Stage::Connecting(connecting), speech);
        Ok(())
    }

    /// Gives a peer another name.
    pub(super) fn name(&mut self, peer: &str, name: &str) -> Result<Outcome, Ending> {
        let before = self.dialogue.known_as(peer);
        let outcome = self.dialogue.name(peer, name);
        if self.carry_out(outcome)? == Outcome::Refused {
            return Ok(Outcome::Refused);
        }
        self.people.meet(name);
        self.private.rename(&before, name);
        if self.talking_to.as_ref() == Some(&before) {
            self.talking_to = Some(name.to_owned());
        }
        self.output.aside(|paint| {
            format!(
                "-- {} is called {} from now on",
                Name(&before),
                paint.name(name)
            )
        });
        Ok(Outcome::Done)
    }

    pub(super) fn keep_book(&mut self, text: &str) {
        let kept = self.chatr.as_ref().map(|chatr| chatr.keep_book(text));
        if let Some(Err(error)) = kept {
            self.refuse(&format!("cannot write the address book: {error}"));
        }
    }
}

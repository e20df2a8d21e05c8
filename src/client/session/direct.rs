//! Direct private connections, which do not pass through the server, and files that are sent in frames.

use std::net::SocketAddr;
use std::time::Instant;

use super::Session;
use crate::ending::Ending;
use crate::files::exchange::{Deed, FileDirection, FileEvent};
use crate::files::streamed::Streamed;
use crate::private::tunnel::{self, Speech, Tunnel};
use crate::private::{Stage, direct};
use matou_protocols::dialogue::{Direction, Pass, Source, TunnelId};

/// Maximum number of files that the client receives without an offer, from its start to its end.
const MOST_FILES: u32 = 1000;

/// The files that this client has received without an offer so far.
#[derive(Debug, Default)]
pub(super) struct Unasked {
    files: u32,
    bytes: u64,
}

impl Session {
    /// Listens for a peer.
    pub(super) fn await_peer(
        &mut self,
        id: TunnelId,
        peer: String,
        pass: Pass,
    ) -> Result<(), Ending> {
        let own = self.server.own_address;
        let address = match self.private.await_peer(id, peer.clone(), pass, own) {
            Ok(address) => Some(address),
            Err(error) => {
                self.refuse(&format!(
                    "cannot listen for {peer:?}: {error}; choose another address with --direct-address, \
                     or another port with --direct-ports"
                ));
                None
            }
        };
        let actions = self.dialogue.listens(id, address);
        self.perform_all(actions)
    }

    /// Connects to a peer, unless its address must be refused.
    pub(super) fn connect_to_peer(
        &mut self,
        id: TunnelId,
        peer: String,
        address: SocketAddr,
        opening: Vec<u8>,
    ) -> Result<(), Ending> {
        let server = self.server.address;
        let speech = Speech::Frames(Streamed::default());
        if let Some(why) = direct::refusal(address.ip(), server.ip()) {
            let reason = format!(
                "this client does not connect to {}, because this address {why}",
                address.ip()
            );
            self.private
                .add(id, peer, Stage::Closed(Some(reason)), speech);
            return self.close_if_over(id);
        }
        let address = direct::reachable(address, server);
        let connecting = tunnel::connect(address, opening.clone(), self.options.connect_timeout);
        self.private
            .add(id, peer, Stage::Connecting(connecting), speech);
        self.show_frames(Direction::Sent, Source::Tunnel(id), &opening);
        Ok(())
    }

    /// Closes the private connections whose peer did not connect in time.
    pub(super) fn give_up_late(&mut self) -> Result<(), Ending> {
        let now = Instant::now();
        let is_late = |tunnel: &mut Tunnel| tunnel.awaited_until().is_some_and(|at| at <= now);
        let late = self.private.which(is_late);
        for id in late {
            let wait = humantime::format_duration(self.options.direct.wait);
            let reason = format!("no peer connected with the right id within {wait}");
            self.end_tunnel(id, Some(reason))?;
        }
        Ok(())
    }

    /// Handles the start of a file, which arrives without an offer. The options decide whether this client accepts the file
    /// or skips it.
    pub(super) fn file_comes(&mut self, id: TunnelId, name: String, size: u64) {
        let refusal = self.refusal_of_file(&name, size);
        if refusal.is_none() {
            self.unasked.files += 1;
            self.unasked.bytes = self.unasked.bytes.saturating_add(size);
        }
        self.with_streamed(id, |streamed| streamed.comes(name, size, refusal));
    }

    fn refusal_of_file(&self, name: &str, size: u64) -> Option<FileEvent> {
        let name = name.to_owned();
        let limit = self.options.max_file;
        if size > limit {
            return Some(FileEvent::TooLarge { name, size, limit });
        }
        let Unasked { files, bytes } = &self.unasked;
        let reason = if *files >= MOST_FILES {
            format!("{files} files have already arrived; restart the client to accept more")
        } else if bytes.saturating_add(size) > self.options.max_received {
            format!(
                "{bytes} bytes of files have already arrived; raise the limit with --max-received"
            )
        } else {
            return None;
        };
        Some(FileEvent::Failed {
            way: FileDirection::In,
            name,
            reason,
        })
    }

    /// Handles received bytes of a file.
    pub(super) fn file_bytes(&mut self, id: TunnelId, bytes: Vec<u8>) {
        self.with_streamed(id, |streamed| streamed.data(bytes));
    }

    fn with_streamed(&mut self, id: TunnelId, what: impl FnOnce(&mut Streamed) -> Vec<Deed>) {
        if let Some(Speech::Frames(streamed)) = self.private.get_mut(id).map(|one| &mut one.speech)
        {
            let deeds = what(streamed);
            self.do_deeds(id, deeds);
        }
    }
}

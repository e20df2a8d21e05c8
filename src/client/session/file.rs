//! The user's commands about files.

use std::io;
use std::path::PathBuf;

use crossbeam_channel::Receiver;

use super::Session;
use crate::ending::Ending;
use crate::escape::{Escaped, Name};
use crate::files::disk::{self, Look, Seen, bytes_in_words};
use crate::files::exchange::Deed;
use crate::private::tunnel::Speech;
use matou_protocols::dialogue::{Content, Refusal, TunnelId};

/// A file that is inspected before it is sent.
#[derive(Debug)]
pub(super) struct Looking {
    tunnel: TunnelId,
    path: PathBuf,
    outcome: Receiver<io::Result<Seen>>,
}

/// Maximum files to inspect at the same time. Each file is read by its own thread, and more threads would slow each other
/// down.
const MAX_LOOKING: usize = 8;

impl Looking {
    /// Returns the channel on which the size and the hash of the file arrive.
    pub(super) fn outcome(&self) -> &Receiver<io::Result<Seen>> {
        &self.outcome
    }
}

/// Commands of the user.
impl Session {
    pub(super) fn look_at_file(&mut self, peer: &str, path: &str) {
        let Some(id) = self.private.to(peer) else {
            self.refuse_without_tunnel(peer);
            return;
        };
        if self.looking.len() == MAX_LOOKING {
            self.refuse(
                "too many files are being read; send this file after the transfers of the others have started",
            );
            return;
        }
        let path = expanded(path);
        let look = match self.private.get(id).map(|tunnel| &tunnel.speech) {
            Some(Speech::Frames(_)) => Look::Briefly,
            _ => Look::Thoroughly,
        };
        match disk::look_at(path.clone(), look) {
            Ok(outcome) => {
                if look == Look::Thoroughly {
                    let shown = path.display().to_string();
                    self.output.aside(|_| {
                        format!("-- reading {} to compute its SHA-256", Escaped(&shown))
                    });
                }
                self.looking.push(Looking {
                    tunnel: id,
                    path,
                    outcome,
                });
            }
            Err(error) => {
                self.refuse(&format!("cannot start: {error}"));
            }
        }
    }

    pub(super) fn looked(&mut self) -> Result<(), Ending> {
        let ready = |looking: &Looking| !looking.outcome.is_empty();
        let Some(at) = self.looking.iter().position(ready) else {
            return Ok(());
        };
        let Looking {
            tunnel,
            path,
            outcome,
        } = self.looking.remove(at);
        match outcome.try_recv() {
            Ok(Ok(seen)) => self.send_file(tunnel, path, seen),
            Ok(Err(error)) => {
                self.refuse(&format!("cannot read {}: {error}", path.display()));
            }
            Err(_) => {}
        }
        self.close_if_over(tunnel)
    }

    fn send_file(&mut self, id: TunnelId, path: PathBuf, seen: Seen) {
        let Some(tunnel) = self.private.get_mut(id).filter(|tunnel| tunnel.can_send()) else {
            self.refuse("the private connection closed before the file was sent");
            return;
        };
        let Seen { name, size, sha256 } = seen;
        let (file, deeds) = match (&mut tunnel.speech, sha256) {
            (Speech::Lines { transfers, .. }, Some(sha256)) => {
                transfers.offer(name.clone(), size, sha256)
            }
            (Speech::Lines { .. }, None) => return,
            (Speech::Frames(_), _) => match self.framed_file(id, name.clone(), size) {
                Ok(sent) => sent,
                Err(reason) => {
                    self.refuse(&reason);
                    return;
                }
            },
        };
        if let Some(tunnel) = self.private.get_mut(id) {
            tunnel.files.paths.insert(file, path);
            if sha256.is_some() {
                let peer = &tunnel.peer;
                self.output.aside(|paint| {
                    let (name, size) = (Name(&name), bytes_in_words(size));
                    format!("-- offered {name}, {size}, to {}", paint.name(peer))
                });
            }
        }
        self.do_deeds(id, deeds);
    }

    /// Prepares a file for a protocol without offers. The client does not send a file that is larger than its own limit for
    /// received files.
    fn framed_file(
        &mut self,
        id: TunnelId,
        name: String,
        size: u64,
    ) -> Result<(u32, Vec<Deed>), String> {
        let limit = self.options.max_file;
        if size > limit {
            return Err(format!(
                "{} has {size} bytes, more than the limit of {limit}; raise the limit with --max-file, here and at the receiver",
                Name(&name)
            ));
        }
        let content = Content::File { name: &name, size };
        let head = self.dialogue.frame(content).map_err(|r| r.to_string())?;
        match self.private.get_mut(id).map(|tunnel| &mut tunnel.speech) {
            Some(Speech::Frames(streamed)) => streamed
                .send(head, name, size)
                .map_err(|full| full.to_string()),
            _ => Err(Refusal::NoFrames.to_string()),
        }
    }

    /// Answers the peer's offer of a file. Returns false if there is no offer.
    pub(super) fn answer_offer(&mut self, peer: &str, accept: bool) -> bool {
        let with_offer = self.private.iter_mut().find_map(|(id, tunnel)| {
            let Speech::Lines { transfers, .. } = &mut tunnel.speech else {
                return None;
            };
            (tunnel.peer == peer && transfers.has_offer()).then_some((id, transfers))
        });
        let Some((id, transfers)) = with_offer else {
            return false;
        };
        let deeds = if accept {
            transfers.accept()
        } else {
            transfers.deny()
        };
        self.do_deeds(id, deeds);
        true
    }

    pub(super) fn cancel_file(&mut self, peer: &str) {
        let cancelled = self
            .private
            .iter_mut()
            .rev()
            .filter(|(_, tunnel)| tunnel.peer == peer)
            .map(|(id, tunnel)| (id, tunnel.speech.exchange().cancel()))
            .find(|(_, deeds)| !deeds.is_empty());
        match cancelled {
            Some((id, deeds)) => self.do_deeds(id, deeds),
            None => {
                let reason = format!("there is no transfer from or to {} to cancel", Name(peer));
                self.refuse(&reason);
            }
        }
    }
}

/// Expands `~/`, as a shell would.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

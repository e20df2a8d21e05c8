//! What the loop does with files.

use std::io;
use std::path::PathBuf;

use crossbeam_channel::Receiver;

use super::Session;
use crate::client::Ending;
use crate::client::escape::{Escaped, Name};
use crate::client::files::{self, Offered, Reader, Writer, Written, bytes_in_words};
use crate::client::profile::{Deed, FileEvent};
use crate::room::dialogue::{Direction, Refusal, TunnelId};

/// A file that is looked at before it is offered.
#[derive(Debug)]
pub(super) struct Looking {
    tunnel: TunnelId,
    path: PathBuf,
    outcome: Receiver<io::Result<Offered>>,
}

/// Each is a thread that reads; more would only slow each other down.
const MAX_LOOKING: usize = 8;

impl Looking {
    /// Where its size and hash will come.
    pub(super) fn outcome(&self) -> &Receiver<io::Result<Offered>> {
        &self.outcome
    }
}

/// What the person wants.
impl Session {
    pub(super) fn look_at_file(&mut self, peer: &str, path: &str) {
        let Some(tunnel) = self.tunnel_to(peer) else {
            let peer = peer.to_owned();
            self.refuse(&Refusal::NoTunnel { peer }.to_string());
            return;
        };
        if self.looking.len() == MAX_LOOKING {
            self.refuse("many files are being read already; send this one when they are offered");
            return;
        }
        let path = expanded(path);
        match files::look_at(path.clone()) {
            Ok(outcome) => {
                self.output.aside(|_| {
                    format!(
                        "-- reading {} once, for its hash",
                        Escaped(&path.display().to_string())
                    )
                });
                self.looking.push(Looking {
                    tunnel,
                    path,
                    outcome,
                });
            }
            Err(error) => self.refuse(&format!("cannot start: {error}")),
        }
    }

    pub(super) fn looked(&mut self) -> Result<(), Ending> {
        let ready = |looking: &Looking| !looking.outcome.is_empty();
        let Some(at) = self.looking.iter().position(ready) else {
            return Ok(());
        };
        let looking = self.looking.remove(at);
        let offered = match looking.outcome.try_recv() {
            Ok(Ok(offered)) => offered,
            Ok(Err(error)) => {
                self.refuse(&format!(
                    "{} cannot be read: {error}",
                    looking.path.display()
                ));
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        let Some(tunnel) = self.tunnels.get_mut(&looking.tunnel) else {
            self.refuse("the private connection ended before the file was offered");
            return Ok(());
        };
        let Offered { name, size, sha256 } = offered;
        let (id, deeds) = tunnel.files.transfers.offer(name.clone(), size, sha256);
        tunnel.files.paths.insert(id, looking.path);
        let peer = tunnel.peer.clone();
        self.output.aside(|paint| {
            let (name, size) = (Name(&name), bytes_in_words(size));
            format!("-- offered {name}, {size}, to {}", paint.name(&peer))
        });
        self.do_deeds(looking.tunnel, deeds);
        Ok(())
    }

    /// False when there is no offer.
    pub(super) fn answer_offer(&mut self, peer: &str, accept: bool) -> bool {
        let with_offer = self
            .tunnels
            .iter_mut()
            .find(|(_, tunnel)| tunnel.peer == peer && tunnel.files.transfers.has_offer());
        let Some((id, tunnel)) = with_offer else {
            return false;
        };
        let id = *id;
        let deeds = if accept {
            tunnel.files.transfers.accept()
        } else {
            tunnel.files.transfers.deny()
        };
        self.do_deeds(id, deeds);
        true
    }

    pub(super) fn cancel_file(&mut self, peer: &str) {
        let cancelled = self
            .tunnels
            .iter_mut()
            .rev()
            .filter(|(_, tunnel)| tunnel.peer == peer)
            .map(|(id, tunnel)| (*id, tunnel.files.transfers.cancel()))
            .find(|(_, deeds)| !deeds.is_empty());
        match cancelled {
            Some((id, deeds)) => self.do_deeds(id, deeds),
            None => self.refuse(&format!("no file is on its way from or to {}", Name(peer))),
        }
    }
}

/// A shell is not there to do it.
fn expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// What disk and connection say, and what follows.
impl Session {
    pub(super) fn file_read(&mut self, id: TunnelId, file: u32) -> Result<(), Ending> {
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Ok(());
        };
        let Some(piece) = tunnel
            .files
            .readers
            .get(&file)
            .and_then(|reader| reader.chunks.try_recv().ok())
        else {
            return Ok(());
        };
        let deeds = match piece {
            Ok(bytes) => tunnel.files.transfers.read(file, &bytes),
            Err(error) => {
                let reason = format!("it cannot be read on: {error}");
                tunnel.files.transfers.unreadable(file, &reason)
            }
        };
        self.do_deeds(id, deeds);
        Ok(())
    }

    pub(super) fn file_report(&mut self, id: TunnelId, file: u32) -> Result<(), Ending> {
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Ok(());
        };
        let Some(writer) = tunnel.files.writers.get(&file) else {
            return Ok(());
        };
        let transfers = &mut tunnel.files.transfers;
        let (deeds, over) = match writer.reports.try_recv() {
            Ok(Written::Opened(here)) => (transfers.opened(file, here), false),
            Ok(Written::Finished(path)) => {
                let path = path.display().to_string();
                (transfers.finished(file, path), true)
            }
            Ok(Written::Wrong) => (transfers.wrong(file), true),
            Ok(Written::Failed(error)) => {
                let reason = format!("it cannot be written: {error}");
                (transfers.unwritable(file, &reason), true)
            }
            Err(error) if error.is_empty() => return Ok(()),
            Err(_) => (transfers.unwritable(file, "its thread has ended"), true),
        };
        if over {
            tunnel.files.writers.remove(&file);
        }
        self.do_deeds(id, deeds);
        Ok(())
    }

    /// Everything that is on its way ends here, and can go on another time.
    pub(super) fn cut_files(&mut self, id: TunnelId) {
        if let Some(tunnel) = self.tunnels.get_mut(&id) {
            let deeds = tunnel.files.transfers.cut();
            self.do_deeds(id, deeds);
        }
    }

    /// A deed that fails has deeds of its own, which come after the others.
    pub(super) fn do_deeds(&mut self, id: TunnelId, deeds: Vec<Deed>) {
        let mut failures = Vec::new();
        for deed in deeds {
            failures.extend(self.do_deed(id, deed));
        }
        if !failures.is_empty() {
            self.do_deeds(id, failures);
        }
    }

    fn do_deed(&mut self, id: TunnelId, deed: Deed) -> Vec<Deed> {
        if let Deed::Send(bytes) = &deed {
            self.show_raw(Direction::Sent, id, bytes);
        }
        let Some(tunnel) = self.tunnels.get_mut(&id) else {
            return Vec::new();
        };
        let files = &mut tunnel.files;
        match deed {
            Deed::Send(bytes) => {
                if let Some(link) = &mut tunnel.link {
                    // A peer that asks and asks without reading the answers has had enough of them.
                    if !link.send(bytes) {
                        link.shut();
                    }
                }
            }
            Deed::Tell(event) => {
                let peer = tunnel.peer.clone();
                self.tell_of_file(&peer, &event);
            }
            Deed::Read { id: file, offset } => {
                let path = files.paths.get(&file).cloned().unwrap_or_default();
                match Reader::start(path, offset) {
                    Ok(reader) => drop(files.readers.insert(file, reader)),
                    Err(error) => return files.transfers.unreadable(file, &error.to_string()),
                }
            }
            Deed::StopReading { id: file } => drop(files.readers.remove(&file)),
            Deed::Open {
                id: file,
                name,
                size,
                sha256,
            } => match Writer::start(&self.options.downloads, &name, size, sha256) {
                Ok(writer) => drop(files.writers.insert(file, writer)),
                Err(error) => return files.transfers.unwritable(file, &error.to_string()),
            },
            Deed::Write { id: file, bytes } => {
                if let Some(writer) = files.writers.get_mut(&file) {
                    writer.write(bytes);
                }
            }
            Deed::Keep { id: file } => drop(files.writers.remove(&file)),
            Deed::Forget { id: file } => {
                if let Some(writer) = files.writers.remove(&file) {
                    writer.forget();
                }
            }
        }
        Vec::new()
    }

    fn tell_of_file(&mut self, peer: &str, event: &FileEvent) {
        if self.output.terminal().is_some() {
            self.progress.begin();
        }
        self.output.show_file(peer, event);
    }
}

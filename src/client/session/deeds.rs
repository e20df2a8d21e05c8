//! Transfers: handles events of the disk and of the connection, and carries out the [`Deed`]s of the exchanges.

use super::Session;
use crate::ending::Ending;
use crate::escape::Name;
use crate::files::disk::{Reader, Writer, Written};
use crate::files::exchange::{Deed, Exchange, FileEvent};
use matou_protocols::dialogue::{Direction, Source, TunnelId};

impl Session {
    pub(super) fn file_read(&mut self, id: TunnelId, file: u32) -> Result<(), Ending> {
        let Some(tunnel) = self.private.get_mut(id) else {
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
            Ok(bytes) => tunnel.speech.exchange().read(file, &bytes),
            Err(error) => {
                let reason = format!("cannot read the file: {error}");
                tunnel.speech.exchange().unreadable(file, &reason)
            }
        };
        self.do_deeds(id, deeds);
        self.close_if_over(id)
    }

    pub(super) fn file_report(&mut self, id: TunnelId, file: u32) -> Result<(), Ending> {
        let Some(tunnel) = self.private.get_mut(id) else {
            return Ok(());
        };
        let Some(writer) = tunnel.files.writers.get(&file) else {
            return Ok(());
        };
        let exchange = tunnel.speech.exchange();
        let (deeds, over) = match writer.reports.try_recv() {
            Ok(Written::Opened(here)) => (exchange.opened(file, here), false),
            Ok(Written::Finished(path)) => {
                let path = path.display().to_string();
                (exchange.finished(file, path), true)
            }
            Ok(Written::Wrong) => (exchange.wrong(file), true),
            Ok(Written::Failed(error)) => {
                let reason = format!("cannot write the file: {error}");
                (exchange.unwritable(file, &reason), true)
            }
            Err(error) if error.is_empty() => return Ok(()),
            Err(_) => (
                exchange.unwritable(
                    file,
                    "internal error: the thread that writes the file has ended",
                ),
                true,
            ),
        };
        if over {
            tunnel.files.writers.remove(&file);
        }
        self.do_deeds(id, deeds);
        self.close_if_over(id)
    }

    /// Ends all transfers of a private connection.
    pub(super) fn cut_files(&mut self, id: TunnelId) {
        self.with_exchange(id, |exchange| exchange.cut());
    }

    /// Calls `what` with the exchange of a private connection, and carries out the deeds that `what` returns.
    pub(super) fn with_exchange(
        &mut self,
        id: TunnelId,
        what: impl FnOnce(&mut dyn Exchange) -> Vec<Deed>,
    ) {
        if let Some(tunnel) = self.private.get_mut(id) {
            let deeds = what(tunnel.speech.exchange());
            self.do_deeds(id, deeds);
        }
    }

    /// Carries out deeds in order. If a deed fails, this can cause further deeds. They are carried out after all of `deeds`.
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
        match &deed {
            Deed::Send(bytes) => self.show_raw(Direction::Sent, id, bytes),
            Deed::SendFrame(bytes) => {
                self.show_frames(Direction::Sent, Source::Tunnel(id), bytes);
            }
            _ => {}
        }
        let Some(tunnel) = self.private.get_mut(id) else {
            return Vec::new();
        };
        let files = &mut tunnel.files;
        match deed {
            Deed::Send(bytes) | Deed::SendFrame(bytes) => {
                if let Some(link) = tunnel.stage.link_mut() {
                    link.send(bytes);
                }
            }
            Deed::EndSending => {
                if let Some(link) = tunnel.stage.link_mut() {
                    link.shut();
                }
            }
            Deed::Break { reason } => tunnel.close(Some(reason)),
            Deed::Tell(event) => {
                let peer = tunnel.peer.clone();
                self.tell_of_file(&peer, &event);
            }
            Deed::MessagesLost { count } => {
                let peer = Name(&tunnel.peer);
                let last = match count {
                    1 => "the last line".to_owned(),
                    _ => format!("the last {count} lines"),
                };
                let reason = format!("{last} for {peer} could not be sent");
                self.refuse(&reason);
            }
            Deed::Read { id: file, offset } => {
                let path = files.paths.get(&file).cloned().unwrap_or_default();
                match Reader::start(path, offset) {
                    Ok(reader) => drop(files.readers.insert(file, reader)),
                    Err(error) => {
                        return tunnel
                            .speech
                            .exchange()
                            .unreadable(file, &error.to_string());
                    }
                }
            }
            Deed::StopReading { id: file } => drop(files.readers.remove(&file)),
            Deed::Open {
                id: file,
                name,
                size,
                sha256,
            } => match Writer::start(&self.disk, &self.options.downloads, &name, size, sha256) {
                Ok(writer) => drop(files.writers.insert(file, writer)),
                Err(error) => {
                    return tunnel
                        .speech
                        .exchange()
                        .unwritable(file, &error.to_string());
                }
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

//! What the loop does with files.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::Session;
use crate::client::Ending;
use crate::client::escape::Name;
use crate::client::files::{self, Offered, Pace, Reader, Writer, Written, bytes_in_words};
use crate::client::profile::{Deed, FileEvent, Way};
use crate::room::dialogue::{Direction, Refusal, TunnelId};

/// A file that is looked at before it is offered.
#[derive(Debug)]
pub(super) struct Looking {
    tunnel: TunnelId,
    path: PathBuf,
    outcome: Receiver<io::Result<Offered>>,
}

impl Looking {
    /// Where its size and hash will come.
    pub(super) fn outcome(&self) -> &Receiver<io::Result<Offered>> {
        &self.outcome
    }
}

/// The rows that show how far files are, and when they are looked at again.
#[derive(Debug, Default)]
pub(super) struct Progress {
    rows: Vec<String>,
    due: Option<Instant>,
}

/// Often enough to be seen moving, and too seldom to cost anything.
const PROGRESS_STEP: Duration = Duration::from_millis(150);
/// More files than these are on their way without a row.
const MAX_ROWS: usize = 4;
/// The width of a bar, in columns.
const BAR: u64 = 20;

impl Progress {
    /// When the rows are old.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
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
        let path = expanded(path);
        match files::look_at(path.clone()) {
            Ok(outcome) => self.looking.push(Looking {
                tunnel,
                path,
                outcome,
            }),
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
        if self.progress.due.is_none() && self.output.terminal().is_some() {
            self.progress.due = Some(Instant::now());
        }
        self.output.show_file(peer, event);
    }
}

/// What stands above the prompt.
impl Session {
    /// The rows of the files that are on their way; they change only when it is time.
    pub(super) fn progress_rows(&mut self) -> Vec<String> {
        let now = Instant::now();
        if self.progress.due.is_some_and(|due| due <= now) {
            let mut rows = Vec::new();
            for tunnel in self.tunnels.values_mut() {
                for pace in tunnel.files.paces(now) {
                    rows.push(row(&tunnel.peer, &pace));
                }
            }
            rows.truncate(MAX_ROWS);
            self.progress.due = (!rows.is_empty()).then_some(now + PROGRESS_STEP);
            self.progress.rows = rows;
        }
        self.progress.rows.clone()
    }
}

fn row(peer: &str, pace: &Pace) -> String {
    let Pace {
        way,
        name,
        done,
        size,
        rate,
    } = pace;
    let percent =
        u64::try_from(u128::from(*done) * 100 / u128::from((*size).max(1))).unwrap_or(100);
    let full = usize::try_from(percent * BAR / 100).unwrap_or_default();
    let bar = format!("{:<width$}", "#".repeat(full), width = BAR as usize);
    let arrow = match way {
        Way::In => "<-",
        Way::Out => "->",
    };
    let left = match (size - done).checked_div(*rate) {
        Some(seconds) if seconds < 100 * 3600 => in_words(seconds),
        _ => "--:--".into(),
    };
    format!(
        " [{bar}] {percent:>3}%  {}/s  {left}  {} {arrow} {}  {} of {}",
        bytes_in_words(*rate),
        Name(peer),
        Name(name),
        bytes_in_words(*done),
        bytes_in_words(*size),
    )
}

fn in_words(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_how_far_how_fast_and_how_long() {
        let pace = Pace {
            way: Way::In,
            name: "cat.png".into(),
            done: 25_000_000,
            size: 100_000_000,
            rate: 1_000_000,
        };
        assert_eq!(
            row("bob", &pace),
            " [#####               ]  25%  1.0 MB/s  1:15  bob <- cat.png  25.0 MB of 100.0 MB"
        );
        let still = Pace { rate: 0, ..pace };
        assert!(row("bob", &still).contains("--:--"));
    }
}

//! Shows frames byte by byte: `/wire` and `--wire-log`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::Session;
use crate::escape::Name;
use crate::face::hex::{self, Extent};
use crate::face::paint::Paint;
use matou_protocols::dialogue::{Direction, Source, TunnelId};

/// Where frames are shown byte by byte.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// True if frames are shown on the screen.
    shown: bool,
    /// The file to which frames are logged.
    log: Option<File>,
}

/// Maximum number of raw bytes to show from each piece of data on a private connection. Without this limit, the log of a
/// large file transfer would be even larger than the file.
const RAW_SHOWN: usize = 64;
/// Maximum rows per field on a screen. In a file there is no limit.
const SCREEN_ROWS: usize = 6;
/// Minimum width of a terminal for rows of full length, in columns. A narrower terminal gets shorter rows.
const WIDE: usize = 100;

impl Wire {
    pub(super) fn open(log: Option<&Path>) -> io::Result<Wire> {
        let log = log.map(|path| {
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            // Only the file's owner may read the log: it contains messages, and the secret ids of private connections.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(path).map_err(|error| {
                io::Error::other(format!("cannot write {}: {error}", path.display()))
            })
        });
        Ok(Wire {
            shown: false,
            log: log.transpose()?,
        })
    }
}

impl Session {
    pub(super) fn toggle_wire(&mut self) {
        self.wire.shown = !self.wire.shown;
        self.output.remark(match self.wire.shown {
            true => "frames are shown byte by byte; type /wire to stop",
            false => "frames are no longer shown",
        });
    }

    /// Shows one or more frames that were sent, or one frame that was received.
    pub(super) fn show_frames(&mut self, direction: Direction, source: Source, bytes: &[u8]) {
        if !self.wire.shown && self.wire.log.is_none() {
            return;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let explained = self.dialogue.explain(direction, source, rest);
            let length = explained
                .as_ref()
                .map_or(rest.len(), |frame| frame.length());
            let (frame, after) = rest.split_at(length.clamp(1, rest.len()));
            rest = after;
            let name = explained
                .as_ref()
                .map_or("bytes", |explained| &explained.name);
            let head = self.head(direction, source, name, frame.len());
            self.put(&head, |extent, paint| match &explained {
                Some(explained) => hex::frame(frame, explained, extent, paint),
                None => hex::raw(frame, extent, paint),
            });
        }
    }

    /// Shows the last frame that the client has taken from the received bytes of this connection.
    pub(super) fn show_taken(&mut self, source: Source) {
        if !self.wire.shown && self.wire.log.is_none() {
            return;
        }
        let inbox = match source {
            Source::Server => &self.server.inbox,
            Source::Tunnel(id) => match self.private.get(id) {
                Some(tunnel) => &tunnel.inbox,
                None => return,
            },
        };
        let frame = inbox.taken().to_vec();
        self.show_frames(Direction::Received, source, &frame);
    }

    /// Shows raw bytes that were sent or received.
    pub(super) fn show_raw(&mut self, direction: Direction, tunnel: TunnelId, bytes: &[u8]) {
        if bytes.is_empty() || !self.wire.shown && self.wire.log.is_none() {
            return;
        }
        let head = self.head(direction, Source::Tunnel(tunnel), "raw", bytes.len());
        let cut = &bytes[..bytes.len().min(RAW_SHOWN)];
        self.put(&head, |extent, paint| hex::raw(cut, extent, paint));
    }

    fn head(&self, direction: Direction, source: Source, name: &str, length: usize) -> String {
        let arrow = match direction {
            Direction::Sent => "->",
            Direction::Received => "<-",
        };
        let place = match source {
            Source::Server => "server".into(),
            Source::Tunnel(id) => match self.private.get(id) {
                Some(tunnel) => format!("private connection with {}", Name(&tunnel.peer)),
                None => "private connection".into(),
            },
        };
        let bytes = if length == 1 { "byte" } else { "bytes" };
        format!("{arrow} {place}: {name}, {length} {bytes}")
    }

    fn put(&mut self, head: &str, rows: impl Fn(Extent, &Paint) -> Vec<String>) {
        if self.wire.shown {
            let columns = match self.output.terminal().map(|terminal| terminal.columns()) {
                Some(columns) if columns < WIDE => 8,
                _ => 16,
            };
            let extent = Extent {
                columns,
                rows: SCREEN_ROWS,
            };
            let paint = self.output.paint().cloned().unwrap_or_default();
            self.output.block(head, &rows(extent, &paint));
        }
        if let Some(log) = &mut self.wire.log {
            let extent = Extent {
                columns: 16,
                rows: usize::MAX / 16,
            };
            let now = jiff::Zoned::now();
            let mut text = format!("{} {head}\n", now.strftime("%F %H:%M:%S%.3f"));
            for row in rows(extent, &Paint::default()) {
                text += row.trim_end();
                text.push('\n');
            }
            if let Err(error) = log.write_all(text.as_bytes()) {
                self.wire.log = None;
                self.output
                    .remark(&format!("cannot write the wire log any more: {error}"));
            }
        }
    }
}

//! What the loop shows of the wire: `/wire`, and `--wire-log`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::Session;
use crate::escape::Name;
use crate::hex::{self, Extent};
use crate::paint::Paint;
use matou_protocols::dialogue::{Direction, Source, TunnelId};

/// Who looks at the wire.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// The person.
    shown: bool,
    /// A file.
    log: Option<File>,
}

/// Of the raw bytes on a private connection so many are shown, of each piece: a large file should not become a larger one.
const RAW_SHOWN: usize = 64;
/// Rows for one field on a screen; in a file there is room for all of it.
const SCREEN_ROWS: usize = 6;
/// Below this a terminal gets shorter rows.
const WIDE: usize = 100;

impl Wire {
    pub(super) fn open(log: Option<&Path>) -> io::Result<Wire> {
        let log = log.map(|path| {
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            // It will hold whatever is said, and ids that open private connections.
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
            false => "frames are not shown any more",
        });
    }

    /// Frames went one behind the other, or one came.
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
            let (frame, behind) = rest.split_at(length.clamp(1, rest.len()));
            rest = behind;
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

    /// The frame that was taken last came on this connection.
    pub(super) fn show_taken(&mut self, source: Source) {
        if !self.wire.shown && self.wire.log.is_none() {
            return;
        }
        let inbox = match source {
            Source::Server => &self.server.inbox,
            Source::Tunnel(id) => match self.tunnels.get(&id) {
                Some(tunnel) => &tunnel.inbox,
                None => return,
            },
        };
        let frame = inbox.taken().to_vec();
        self.show_frames(Direction::Received, source, &frame);
    }

    /// Bytes of the users' own went or came.
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
            Source::Tunnel(id) => match self.tunnels.get(&id) {
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

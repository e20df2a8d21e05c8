//! The log, on stderr. A reader of stderr that stalls must stall nobody else: lines go through a bounded channel to a thread
//! of their own, and what does not fit is counted instead of kept.

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use log::{Log, Metadata, Record};
use simplelog::{Config, ConfigBuilder, LevelFilter, WriteLogger};

use matou_protocols::room::Visible;

/// Lines that may wait for stderr.
const LINES: usize = 4096;

/// How long the end of the program waits for a stalled stderr.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The running log; dropping it writes what still waits.
#[derive(Debug)]
pub(super) struct Logging {
    all_written: Receiver<()>,
    stop: Sender<Line>,
}

#[derive(Debug)]
enum Line {
    Text(Vec<u8>),
    Stop,
}

/// Starts the log for everything from this level on.
pub(super) fn start(level: LevelFilter) -> Logging {
    let (give, take) = bounded(LINES);
    let (done, all_written) = bounded(1);
    let stop = give.clone();
    let lines = Lines {
        line: Vec::new(),
        lost: 0,
        give,
    };
    let spawned = thread::Builder::new()
        .name("matou-log".to_owned())
        .spawn(move || {
            write_lines(&take);
            let _ = done.send(());
        });
    if spawned.is_ok() {
        // A second logger in one process (in tests) changes nothing.
        let logger = Escaping(WriteLogger::new(level, format(), lines));
        if log::set_boxed_logger(Box::new(logger)).is_ok() {
            log::set_max_level(level);
        }
    }
    Logging { all_written, stop }
}

/// Each message stays on its line, and nothing in it is obeyed by a terminal, whoever its words are from.
struct Escaping(Box<WriteLogger<Lines>>);

impl Log for Escaping {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        let mut shown = Record::builder();
        shown.metadata(record.metadata().clone());
        let message = Visible(record.args());
        self.0.log(&shown.args(format_args!("{message}")).build());
    }

    fn flush(&self) {
        self.0.flush();
    }
}

fn format() -> Config {
    ConfigBuilder::new()
        .set_time_format_rfc3339()
        .set_target_level(LevelFilter::Off)
        .set_location_level(LevelFilter::Off)
        .set_thread_level(LevelFilter::Off)
        .build()
}

fn write_lines(take: &Receiver<Line>) {
    let mut stderr = io::stderr();
    while let Ok(Line::Text(line)) = take.recv() {
        // There is nobody left to tell that the log cannot be written.
        let _ = stderr.write_all(&line);
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        if self.stop.send_timeout(Line::Stop, LAST_WAIT).is_ok() {
            let _ = self.all_written.recv_timeout(LAST_WAIT);
        }
    }
}

/// Gathers what the logger writes into lines, and never blocks.
struct Lines {
    line: Vec<u8>,
    lost: usize,
    give: Sender<Line>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if self.line.last() == Some(&b'\n') {
            self.pass_on();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn pass_on(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        if self.lost > 0 {
            let told = format!("({} lines were lost here: stderr is too slow)\n", self.lost);
            line.splice(..0, told.into_bytes());
        }
        match self.give.try_send(Line::Text(line)) {
            Ok(()) => self.lost = 0,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => self.lost += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_nothing_in_it_is_obeyed() {
        let (give, take) = bounded(2);
        let lines = Lines {
            line: Vec::new(),
            lost: 0,
            give,
        };
        let logger = Escaping(WriteLogger::new(LevelFilter::Debug, format(), lines));
        for level in [log::Level::Error, log::Level::Debug] {
            let said = format_args!("bad {}", "a\u{1b}[2J\n\u{202e}\u{3164}\n").to_string();
            let mut record = Record::builder();
            record.level(level);
            logger.log(&record.args(format_args!("{said}")).build());
            let Ok(Line::Text(line)) = take.try_recv() else {
                panic!("nothing was logged");
            };
            let line = String::from_utf8(line).unwrap();
            assert!(
                line.ends_with(" bad a\\u{1b}[2J\\n\\u{202e}\\u{3164}\\n\n"),
                "{line}"
            );
        }
        assert!(take.is_empty());
    }

    #[test]
    fn a_full_channel_loses_lines_and_says_how_many() {
        let (give, take) = bounded(1);
        let mut lines = Lines {
            line: Vec::new(),
            lost: 0,
            give,
        };
        for word in ["one", "two", "three"] {
            write!(lines, "{word}").unwrap();
            writeln!(lines).unwrap();
        }
        let text = |line| match line {
            Line::Text(text) => String::from_utf8(text).unwrap(),
            Line::Stop => panic!("nobody stopped it"),
        };
        assert_eq!(text(take.recv().unwrap()), "one\n");
        writeln!(lines, "four").unwrap();
        assert_eq!(
            text(take.recv().unwrap()),
            "(2 lines were lost here: stderr is too slow)\nfour\n"
        );
    }
}

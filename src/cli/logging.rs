//! Writes the log to standard error.
//!
//! * The server continues even if the program that reads its standard error stops reading. Lines wait in a [`Backlog`],
//!   whose size in bytes is limited, and a separate thread writes them. Lines that do not fit are dropped and counted.
//! * Peers cannot flood the log. In each period of ten seconds, only a few messages of each kind are written. The others are
//!   counted and reported as "N more messages like this in 10 s" ([`Repeats`]). Two messages are of the same kind if they
//!   come from the same place in the code and have the same level and the same listener (the record's target). All messages
//!   pass through this module, so the limit also applies to the messages of libraries. The limit does not apply to the
//!   levels debug and trace: an operator who asks for every frame gets every frame.

mod backlog;
mod repeats;

use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};
use log::{Level, Log, Metadata, Record};
use matou_protocols::room::Visible;
use parking_lot::Mutex;
use simplelog::{Config, ConfigBuilder, LevelFilter, WriteLogger};

use backlog::{Backlog, Next};
use repeats::{Repeats, Suppressed};

/// Before the program ends, it waits until all lines are written to standard error, but at most for this time.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The running log. When this value is dropped, the lines that still wait are written.
#[derive(Debug)]
pub(super) struct Logging {
    logger: &'static Logger,
    all_written: Receiver<()>,
}

/// Starts the log. Messages of this level and of more severe levels are written.
pub(super) fn start(level: LevelFilter) -> Logging {
    let (done, all_written) = bounded(1);
    // The crate `log` requires a logger that lives until the program ends.
    let logger: &'static Logger = Box::leak(Box::new(Logger::new(level)));
    let spawned = thread::Builder::new()
        .name("matou-log".to_owned())
        .spawn(move || {
            logger.write_lines(&mut io::stderr());
            let _ = done.send(());
        });
    // If the process already has a logger (this happens in tests), the process keeps the earlier logger.
    if spawned.is_ok() && log::set_logger(logger).is_ok() {
        log::set_max_level(level);
    }
    Logging {
        logger,
        all_written,
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        let suppressed = self.logger.repeats.lock().all(Instant::now());
        self.logger.tell(suppressed);
        self.logger.backlog.stop();
        let _ = self.all_written.recv_timeout(LAST_WAIT);
    }
}

struct Logger {
    /// Turns a record into a line.
    format: Escaping,
    repeats: Mutex<Repeats<Kind>>,
    backlog: Arc<Backlog>,
}

/// Escapes control characters. So each message is one line and cannot control a terminal, even if it contains text from a
/// peer or from a file.
struct Escaping(Box<WriteLogger<LineBuffer>>);

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

/// A kind of message. All messages of one kind have the same level, the same listener and the same place in the code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    level: Level,
    target: String,
    place: (Option<&'static str>, Option<u32>),
}

impl Logger {
    fn new(level: LevelFilter) -> Logger {
        let backlog = Arc::<Backlog>::default();
        let line = LineBuffer {
            text: Vec::new(),
            backlog: Arc::clone(&backlog),
        };
        Logger {
            format: Escaping(WriteLogger::new(level, format(), line)),
            repeats: Mutex::new(Repeats::new()),
            backlog,
        }
    }

    /// Writes lines until the backlog is stopped and empty. The log's thread runs this function.
    fn write_lines(&self, stderr: &mut impl Write) {
        loop {
            let until = self.repeats.lock().next_end();
            match self.backlog.next(until) {
                // If the write to standard error fails, the failure cannot be reported anywhere else.
                Next::Line(line) => _ = stderr.write_all(&line),
                Next::Time => {
                    let suppressed = self.repeats.lock().ended(Instant::now());
                    self.tell(suppressed);
                }
                Next::End => return,
            }
        }
    }

    /// Writes how many messages were suppressed.
    fn tell(&self, suppressed: Vec<Suppressed<Kind>>) {
        for Suppressed {
            kind,
            count,
            time,
            example,
        } in suppressed
        {
            let seconds = time.as_secs().max(1);
            let words = format!("{count} more messages like this in {seconds} s: {example}");
            self.write(kind.level, &kind.target, &words);
        }
    }

    fn write(&self, level: Level, target: &str, words: &str) {
        let mut record = Record::builder();
        let record = record.level(level).target(target);
        self.format
            .log(&record.args(format_args!("{words}")).build());
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.format.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        if record.level() > Level::Info {
            self.format.log(record);
            return;
        }
        let kind = Kind {
            level: record.level(),
            target: record.target().to_owned(),
            place: (record.file_static(), record.line()),
        };
        let now = Instant::now();
        let mut repeats = self.repeats.lock();
        let suppressed = repeats.ended(now);
        // The suppressed messages are older than the new message, so they are reported first.
        self.tell(suppressed);
        if let Some(words) = repeats.admit(kind, now, || record.args().to_string()) {
            self.write(record.level(), record.target(), words);
        }
    }

    fn flush(&self) {}
}

impl std::fmt::Debug for Logger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Logger")
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

/// Collects the pieces that the formatter writes. When the pieces form a complete line, puts it into the backlog.
struct LineBuffer {
    text: Vec<u8>,
    backlog: Arc<Backlog>,
}

impl Write for LineBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        if self.text.last() == Some(&b'\n') {
            self.backlog.push(std::mem::take(&mut self.text));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logs the messages one after the other, and returns the lines without their times.
    fn written(level: LevelFilter, messages: &[(Level, &str, u32)]) -> Vec<String> {
        let logger = Logger::new(level);
        for (number, (level, target, line)) in messages.iter().enumerate() {
            logger.log(
                &Record::builder()
                    .level(*level)
                    .target(target)
                    .file_static(Some("room.rs"))
                    .line(Some(*line))
                    .args(format_args!("message {number}"))
                    .build(),
            );
        }
        let suppressed = logger.repeats.lock().all(Instant::now());
        logger.tell(suppressed);
        logger.backlog.stop();
        let mut stderr = Vec::new();
        logger.write_lines(&mut stderr);
        let text = String::from_utf8(stderr).unwrap();
        let without_time = |line: &str| line.split_once(' ').unwrap().1.to_owned();
        text.lines().map(without_time).collect()
    }

    #[test]
    fn a_few_messages_of_each_kind_are_written_and_the_others_counted() {
        let mut messages = vec![(Level::Info, "chaton 127.0.0.1:1", 1); 8];
        messages.push((Level::Info, "chaton 127.0.0.1:1", 2));
        messages.push((Level::Info, "chaton 127.0.0.1:2", 1));
        let mut written = written(LevelFilter::Info, &messages);
        assert_eq!(
            written.pop().as_deref(),
            Some("[INFO] 3 more messages like this in 1 s: message 4")
        );
        let numbers = [0, 1, 2, 3, 4, 8, 9];
        let expected = numbers.map(|number| format!("[INFO] message {number}"));
        assert_eq!(written, expected);
    }

    #[test]
    fn at_debug_every_message_is_written() {
        let messages = [(Level::Debug, "chaton 127.0.0.1:1", 1); 20];
        assert_eq!(written(LevelFilter::Debug, &messages).len(), 20);
        assert_eq!(written(LevelFilter::Info, &messages).len(), 0);
    }

    #[test]
    fn a_message_is_one_line_without_control_characters() {
        for level in [Level::Error, Level::Debug] {
            let logger = Logger::new(LevelFilter::Debug);
            let said = format_args!("bad {}", "a\u{1b}[2J\n\u{202e}\u{3164}\n").to_string();
            let mut record = Record::builder();
            record.level(level);
            logger.log(&record.args(format_args!("{said}")).build());
            logger.backlog.stop();
            let mut stderr = Vec::new();
            logger.write_lines(&mut stderr);
            let text = String::from_utf8(stderr).unwrap();
            assert!(
                text.ends_with(" bad a\\u{1b}[2J\\n\\u{202e}\\u{3164}\\n\n"),
                "{text}"
            );
            assert_eq!(text.lines().count(), 1);
        }
    }
}

//! Writes to standard output in a separate thread. If the program that reads standard output is slow, only this thread
//! blocks, and the loop continues.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded, never};

use crate::link::outgoing::{Flow, fill};

/// Maximum number of texts in the channel to the thread that writes them. Further texts wait in a queue. While any text
/// waits in this queue, the loop does not read from connections.
const TEXTS_AHEAD: usize = 64;

/// Writes texts to standard output, in order.
#[derive(Debug)]
pub(crate) struct Printer {
    texts: Sender<String>,
    waiting: VecDeque<String>,
    /// Receives the error that ended the thread. After the thread has written everything, this channel closes without an
    /// error.
    failure: Receiver<io::Error>,
    flow: Arc<Flow>,
}

impl Printer {
    pub(crate) fn start() -> io::Result<Printer> {
        Printer::writing_to(|text| {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes())?;
            stdout.flush()
        })
    }

    /// Starts the thread, which calls `write` for each text.
    fn writing_to(
        mut write: impl FnMut(&str) -> io::Result<()> + Send + 'static,
    ) -> io::Result<Printer> {
        let (texts, printed) = bounded::<String>(TEXTS_AHEAD);
        let (report, failure) = bounded(1);
        let flow = Arc::<Flow>::default();
        let written = Arc::clone(&flow);
        thread::Builder::new()
            .name("stdout".into())
            .spawn(move || {
                for text in printed {
                    if let Err(error) = write(&text) {
                        // This send fails if the loop has already ended.
                        let _ = report.send(error);
                        return;
                    }
                    written.advance(text.len());
                }
            })?;
        Ok(Printer {
            texts,
            waiting: VecDeque::new(),
            failure,
            flow,
        })
    }

    /// Queues a text.
    pub(crate) fn print(&mut self, text: String) {
        self.waiting.push_back(text);
        self.push();
    }

    /// Moves waiting texts to the thread, as long as its channel has space. After a failed write, the waiting texts are
    /// dropped.
    pub(crate) fn push(&mut self) {
        let _ = fill(&self.texts, &mut self.waiting);
    }

    /// Returns the channel that must have space before [`Printer::push`] can move more texts; `None` if nothing waits.
    pub(crate) fn blocked_on(&self) -> Option<&Sender<String>> {
        (!self.waiting.is_empty()).then_some(&self.texts)
    }

    /// Returns the channel on which a failure arrives.
    pub(crate) fn failure(&self) -> &Receiver<io::Error> {
        &self.failure
    }

    /// Returns the error if a write has failed. The error is returned only once.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        let failure = self.failure.try_recv().ok()?;
        self.failure = never();
        Some(failure)
    }

    /// Returns a number that grows whenever something is written.
    pub(crate) fn moved(&self) -> u64 {
        self.flow.moved()
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// Fails if the text cannot be written, or cannot be written within the time limit. Then this function does not join the
    /// thread, which ends with the program.
    pub(crate) fn finish(self, limit: Duration) -> io::Result<()> {
        let deadline = Instant::now() + limit;
        let late = || Err(too_late(limit));
        for text in self.waiting {
            match self.texts.send_deadline(text, deadline) {
                Ok(()) => {}
                Err(SendTimeoutError::Timeout(_)) => return late(),
                Err(SendTimeoutError::Disconnected(_)) => break,
            }
        }
        drop(self.texts);
        match self.failure.recv_deadline(deadline) {
            Ok(error) => Err(error),
            Err(RecvTimeoutError::Disconnected) => Ok(()),
            Err(RecvTimeoutError::Timeout) => late(),
        }
    }
}

/// Returns the error for an output whose reader accepted nothing within the time limit.
pub(crate) fn too_late(limit: Duration) -> io::Error {
    let seconds = limit.as_secs();
    let reason = format!("the program that reads it accepted nothing for {seconds} s");
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Returns a printer, a channel, and the written texts. Each write of the printer waits for one `()` on the channel.
    fn gated() -> (Printer, Sender<()>, Receiver<String>) {
        let (open, gate) = bounded(1000);
        let (written, texts) = bounded(1000);
        let printer = Printer::writing_to(move |text| {
            let _ = gate.recv();
            let _ = written.send(text.to_owned());
            Ok(())
        });
        (printer.unwrap(), open, texts)
    }

    #[test]
    fn texts_wait_for_a_slow_reader_and_keep_their_order() {
        let (mut printer, open, written) = gated();
        let texts: Vec<_> = (0..200).map(|number| number.to_string()).collect();
        texts.iter().for_each(|text| printer.print(text.clone()));
        assert!(printer.blocked_on().is_some());
        (0..200).for_each(|_| open.send(()).unwrap());
        printer.finish(LONG).unwrap();
        assert_eq!(written.try_iter().collect::<Vec<_>>(), texts);
    }

    #[test]
    fn a_reader_that_reads_nothing_is_waited_for_only_so_long() {
        let (mut printer, _open, _written) = gated();
        (0..200).for_each(|_| printer.print("text".into()));
        let error = printer.finish(Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_failure_is_told_once_and_drops_the_rest() {
        let broken = || Err(io::ErrorKind::BrokenPipe.into());
        let mut printer = Printer::writing_to(move |_| broken()).unwrap();
        printer.print("one".into());
        let failure = printer.failure().recv().unwrap();
        assert_eq!(failure.kind(), io::ErrorKind::BrokenPipe);
        (0..200).for_each(|_| printer.print("more".into()));
        assert!(printer.blocked_on().is_none());
        printer.finish(LONG).unwrap();
    }
}

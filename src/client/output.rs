use std::io::{self, Write};

use super::show::{self, Form};
use crate::room::dialogue::Event;

/// Where events go.
#[derive(Debug)]
pub(super) struct Output {
    form: Form,
    place: Place,
    failure: Option<io::Error>,
}

/// Which of the two.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Events are what the program is for.
    Stdout,
    /// Standard output carries the bytes of a private connection.
    Stderr,
}

impl Output {
    pub(super) fn new(form: Form, place: Place) -> Output {
        Output {
            form,
            place,
            failure: None,
        }
    }

    /// Writes an event's line and flushes it. After a failure nothing more is written.
    pub(super) fn show(&mut self, event: &Event) {
        if self.failure.is_some() {
            return;
        }
        let mut line = show::line(event, self.form);
        line.push('\n');
        match self.place {
            Place::Stdout => self.failure = write_to(&mut io::stdout().lock(), &line).err(),
            // Only remarks go there; the private connection goes on without them.
            Place::Stderr => {
                let _ = write_to(&mut io::stderr().lock(), &line);
            }
        }
    }

    /// Why nothing can be written any more; said once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        let failure = self.failure.take()?;
        self.failure = Some(failure.kind().into());
        Some(failure)
    }
}

fn write_to(stream: &mut impl Write, line: &str) -> io::Result<()> {
    stream.write_all(line.as_bytes())?;
    stream.flush()
}

/// A remark for the person at the keyboard, on standard error. If that is closed there is nobody to tell.
pub(super) fn diagnose(remark: &str) {
    let _ = writeln!(io::stderr(), "matou: {remark}");
}

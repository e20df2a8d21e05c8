//! The output of the program: events on standard output, remarks on standard error or on the terminal.

use std::io::{self, Write};
use std::time::Duration;

use crate::face::paint::Paint;
use crate::face::printer::Printer;
use crate::face::show::{self, Form};
use crate::face::terminal::{Terminal, TypedLine};
use crate::files::exchange::FileEvent;
use matou_protocols::dialogue::Event;

/// The output of the program.
#[derive(Debug)]
pub(crate) struct Output {
    face: Face,
    stream: Stream,
    failure: Option<io::Error>,
}

/// Who reads the output: a script or a person.
#[derive(Debug)]
enum Face {
    /// A script.
    Script(Form),
    /// A person.
    Person {
        paint: Paint,
        /// The date on which the last line was shown.
        day: Option<jiff::civil::Date>,
    },
}

/// Where lines are written.
#[derive(Debug)]
pub(crate) enum Stream {
    Stdout(Printer),
    /// Standard error, which is used while standard output carries the bytes of a private connection.
    Stderr,
    Terminal(Box<Terminal>),
}

impl Output {
    pub(crate) fn script(form: Form, stream: Stream) -> Output {
        Output {
            face: Face::Script(form),
            stream,
            failure: None,
        }
    }

    pub(crate) fn person(paint: Paint, stream: Stream) -> Output {
        Output {
            face: Face::Person { paint, day: None },
            stream,
            failure: None,
        }
    }

    /// Shows an event. After a write has failed, nothing more is written.
    pub(crate) fn show(&mut self, event: &Event) {
        let line = match &self.face {
            Face::Script(form) => show::line(event, *form),
            Face::Person { paint, .. } => show::painted(event, paint),
        };
        self.line(&line);
    }

    /// Shows an event about a file.
    pub(crate) fn show_file(&mut self, peer: &str, event: &FileEvent) {
        let line = match &self.face {
            Face::Script(form) => show::file_line(peer, event, *form),
            Face::Person { paint, .. } => show::file_painted(peer, event, paint),
        };
        self.line(&line);
    }

    /// Shows a remark to the user. For a script, the remark goes to standard error. If standard error is closed, the remark
    /// is dropped.
    pub(crate) fn remark(&mut self, remark: &str) {
        match &self.face {
            Face::Script(..) => diagnose(remark),
            Face::Person { .. } => {
                for line in remark.lines() {
                    self.line(&format!("-- {line}"));
                }
            }
        }
    }

    /// Shows a line that only a person needs. If the output is for a script, the line is dropped.
    pub(crate) fn aside(&mut self, line: impl FnOnce(&Paint) -> String) {
        if let Face::Person { paint, .. } = &self.face {
            let line = line(paint);
            self.line(&line);
        }
    }

    /// Shows the list of commands.
    pub(crate) fn help(&mut self, help: &str) {
        let head = "each line is a message or a command:";
        match &self.face {
            Face::Script(..) => diagnose(&format!("{head}\n{help}")),
            Face::Person { .. } => {
                let rows: Vec<_> = help.lines().map(|line| format!(" {line}")).collect();
                self.block(head, &rows);
            }
        }
    }

    /// Shows a remark, with rows below it.
    pub(crate) fn block(&mut self, head: &str, rows: &[String]) {
        self.remark(head);
        if self.is_for_a_person() {
            self.print(&rows.join("\n"));
        } else {
            for row in rows {
                let _ = writeln!(io::stderr(), "{}", row.trim_end());
            }
        }
    }

    /// Returns the terminal; `None` if the output consists of plain lines, or is for a script.
    pub(crate) fn terminal(&mut self) -> Option<&mut Terminal> {
        match &mut self.stream {
            Stream::Terminal(terminal) => Some(terminal),
            Stream::Stdout(_) | Stream::Stderr => None,
        }
    }

    /// Returns the thread that writes to standard output; `None` if the output goes elsewhere.
    pub(crate) fn printer(&self) -> Option<&Printer> {
        match &self.stream {
            Stream::Stdout(printer) => Some(printer),
            Stream::Terminal(_) | Stream::Stderr => None,
        }
    }

    /// True while standard output accepts nothing. During this time, the loop does not read what it would have to show, such
    /// as messages from the server.
    pub(crate) fn is_backed_up(&self) -> bool {
        self.printer().is_some_and(|it| it.blocked_on().is_some())
    }

    /// Continues to write. Call it when standard output has space again, or has failed.
    pub(crate) fn push(&mut self) {
        if let Stream::Stdout(printer) = &mut self.stream {
            printer.push();
            self.failure = self.failure.take().or_else(|| printer.take_failure());
        }
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// Fails if not everything can be written within the time limit.
    pub(crate) fn finish(self, limit: Duration) -> io::Result<()> {
        match self.stream {
            Stream::Stdout(printer) if self.failure.is_none() => printer.finish(limit),
            _ => Ok(()),
        }
    }

    /// Rings the bell.
    pub(crate) fn ring(&mut self) {
        match &mut self.stream {
            Stream::Terminal(terminal) => terminal.bell(),
            Stream::Stdout(printer) if matches!(self.face, Face::Person { .. }) => {
                printer.print("\x07".into());
            }
            Stream::Stdout(_) | Stream::Stderr => {}
        }
    }

    /// True if the output is for a person.
    pub(crate) fn is_for_a_person(&self) -> bool {
        matches!(self.face, Face::Person { .. })
    }

    /// Returns the colours, if the output is for a person.
    pub(crate) fn paint(&self) -> Option<&Paint> {
        match &self.face {
            Face::Person { paint, .. } => Some(paint),
            Face::Script(..) => None,
        }
    }

    /// Sets the user's own name.
    pub(crate) fn set_own_name(&mut self, name: &str) {
        if let Face::Person { paint, .. } = &mut self.face {
            name.clone_into(&mut paint.own);
        }
    }

    /// Writes the pending changes to the terminal.
    pub(crate) fn flush(&mut self, above: &[String], prompt: &str, line: TypedLine) {
        let painted = self
            .terminal()
            .map(|terminal| terminal.paint(above, prompt, line));
        if let Some(Err(error)) = painted {
            self.failure.get_or_insert(error);
        }
    }

    /// Returns the error if a write has failed. After a failed write, nothing more can be written.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        let failure = self.failure.take()?;
        self.failure = Some(failure.kind().into());
        Some(failure)
    }

    /// True if the error means that the terminal was closed.
    pub(crate) fn has_hung_up(&self, error: &io::Error) -> bool {
        #[cfg(unix)]
        let is_io_error = error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
        #[cfg(not(unix))]
        let is_io_error = false;
        is_io_error && self.is_for_a_person()
    }

    /// Writes a line unchanged. The caller must have escaped all hidden characters in the line; only escape sequences that
    /// set colours are allowed.
    pub(crate) fn line(&mut self, line: &str) {
        if self.failure.is_some() {
            return;
        }
        let Face::Person { paint, day } = &mut self.face else {
            return self.print(line);
        };
        let now = jiff::Zoned::now();
        let mut lines = String::new();
        if day.replace(now.date()).is_some_and(|day| day != now.date()) {
            lines = format!("-- {}\n", now.strftime("%A, %-d %B %Y"));
        }
        let time = paint.faint(&now.strftime("%H:%M"));
        lines += &format!("{time} {}", paint.remark(line));
        self.print(&lines);
    }

    fn print(&mut self, lines: &str) {
        match &mut self.stream {
            // The line is written with one call. So if another program writes to the same terminal, its text does not appear
            // inside the line.
            Stream::Stdout(printer) => printer.print(format!("{lines}\n")),
            Stream::Terminal(terminal) => terminal.print(lines),
            // In this case standard output carries the private connection, and standard error gets only remarks. If writing
            // a remark fails, the private connection continues without it.
            Stream::Stderr => {
                let _ = io::stderr().write_all(format!("{lines}\n").as_bytes());
            }
        }
    }
}

fn diagnose(remark: &str) {
    let _ = writeln!(io::stderr(), "matou: {remark}");
}

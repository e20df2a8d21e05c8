//! The output of the program: events on standard output, remarks on standard error or on the terminal.

use std::io::{self, Write};

use crate::face::paint::Paint;
use crate::face::show::{self, Form};
use crate::face::terminal::{Terminal, TypedLine};
use crate::files::exchange::FileEvent;
use matou_protocols::dialogue::Event;

/// The output of the program.
#[derive(Debug)]
pub(crate) struct Output {
    face: Face,
    failure: Option<io::Error>,
}

/// How the program shows itself.
#[derive(Debug)]
enum Face {
    /// To a script.
    Script(Form, EventStream),
    /// A person.
    Person {
        paint: Paint,
        /// `None` with plain lines.
        terminal: Option<Box<Terminal>>,
        /// The date of the last line.
        day: Option<jiff::civil::Date>,
    },
}

/// Where events go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum EventStream {
    /// Events go to standard output.
    Stdout,
    /// Standard output carries the bytes of a private connection, so events go to standard error.
    Stderr,
}

impl Output {
    pub(crate) fn script(form: Form, place: EventStream) -> Output {
        Output {
            face: Face::Script(form, place),
            failure: None,
        }
    }

    pub(crate) fn person(paint: Paint, terminal: Option<Terminal>) -> Output {
        Output {
            face: Face::Person {
                paint,
                terminal: terminal.map(Box::new),
                day: None,
            },
            failure: None,
        }
    }

    /// Shows an event. After a failure nothing more is written.
    pub(crate) fn show(&mut self, event: &Event) {
        let line = match &self.face {
            Face::Script(form, _) => show::line(event, *form),
            Face::Person { paint, .. } => show::painted(event, paint),
        };
        self.line(&line);
    }

    /// Shows an event about a file.
    pub(crate) fn show_file(&mut self, peer: &str, event: &FileEvent) {
        let line = match &self.face {
            Face::Script(form, _) => show::file_line(peer, event, *form),
            Face::Person { paint, .. } => show::file_painted(peer, event, paint),
        };
        self.line(&line);
    }

    /// Shows a remark to the user. For a script it goes to standard error; if that is closed, the remark is dropped.
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

    /// Shows a line that only a person needs. A script does not get it.
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

    /// Shows several rows.
    pub(crate) fn block(&mut self, head: &str, rows: &[String]) {
        self.remark(head);
        match &mut self.face {
            Face::Script(..) => {
                for row in rows {
                    let _ = writeln!(io::stderr(), "{}", row.trim_end());
                }
            }
            Face::Person { terminal, .. } => {
                let rows = rows.join("\n");
                match terminal {
                    Some(terminal) => terminal.print(&rows),
                    None => {
                        let written = write_to(&mut io::stdout().lock(), &rows);
                        if let Err(error) = written {
                            self.failure.get_or_insert(error);
                        }
                    }
                }
            }
        }
    }

    /// Returns the terminal, unless the output is plain lines or for a script.
    pub(crate) fn terminal(&mut self) -> Option<&mut Terminal> {
        match &mut self.face {
            Face::Person { terminal, .. } => terminal.as_deref_mut(),
            Face::Script(..) => None,
        }
    }

    /// Rings the bell without a painted terminal.
    pub(crate) fn ring_plainly(&mut self) {
        if let Face::Person { terminal: None, .. } = &self.face {
            self.failure = io::stdout().lock().write_all(b"\x07").err();
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

    /// Takes the error after which nothing more can be written.
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

    /// Writes a line unchanged. It must not contain hidden characters other than colours.
    pub(crate) fn line(&mut self, line: &str) {
        if self.failure.is_some() {
            return;
        }
        match &mut self.face {
            Face::Script(_, EventStream::Stdout) => {
                self.failure = write_to(&mut io::stdout().lock(), line).err();
            }
            // Standard error gets only remarks. The private connection continues without them.
            Face::Script(_, EventStream::Stderr) => {
                let _ = write_to(&mut io::stderr().lock(), line);
            }
            Face::Person {
                paint,
                terminal,
                day,
            } => {
                let now = jiff::Zoned::now();
                let mut lines = String::new();
                if day.replace(now.date()).is_some_and(|day| day != now.date()) {
                    lines = format!("-- {}\n", now.strftime("%A, %-d %B %Y"));
                }
                let time = paint.faint(&now.strftime("%H:%M"));
                lines += &format!("{time} {}", paint.remark(line));
                match terminal {
                    Some(terminal) => terminal.print(&lines),
                    None => self.failure = write_to(&mut io::stdout().lock(), &lines).err(),
                }
            }
        }
    }
}

fn write_to(stream: &mut impl Write, line: &str) -> io::Result<()> {
    // One write per line, because two programs may share a terminal.
    stream.write_all(format!("{line}\n").as_bytes())?;
    stream.flush()
}

fn diagnose(remark: &str) {
    let _ = writeln!(io::stderr(), "matou: {remark}");
}

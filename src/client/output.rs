//! Where everything goes that the program says.

use std::io::{self, Write};

use super::exchange::FileEvent;
use super::paint::Paint;
use super::show::{self, Form};
use super::terminal::Terminal;
use matou_protocols::dialogue::Event;

/// What stands between the program and whoever reads it.
#[derive(Debug)]
pub(super) struct Output {
    face: Face,
    failure: Option<io::Error>,
}

/// To whom the program shows itself.
#[derive(Debug)]
enum Face {
    /// A script, or whoever reads its output.
    Script(Form, Place),
    /// A person.
    Person {
        paint: Paint,
        /// None when lines are all that can be shown.
        terminal: Option<Box<Terminal>>,
        /// The day of the last line.
        day: Option<jiff::civil::Date>,
    },
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
    pub(super) fn script(form: Form, place: Place) -> Output {
        Output {
            face: Face::Script(form, place),
            failure: None,
        }
    }

    pub(super) fn person(paint: Paint, terminal: Option<Terminal>) -> Output {
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
    pub(super) fn show(&mut self, event: &Event) {
        let line = match &self.face {
            Face::Script(form, _) => show::line(event, *form),
            Face::Person { paint, .. } => show::painted(event, paint),
        };
        self.line(&line);
    }

    /// Shows what happens to a file.
    pub(super) fn show_file(&mut self, peer: &str, event: &FileEvent) {
        let line = match &self.face {
            Face::Script(form, _) => show::file_line(peer, event, *form),
            Face::Person { paint, .. } => show::file_painted(peer, event, paint),
        };
        self.line(&line);
    }

    /// Says something to the person at the keyboard. For a script it goes to standard error; if that is closed there is
    /// nobody to tell.
    pub(super) fn remark(&mut self, remark: &str) {
        match &self.face {
            Face::Script(..) => diagnose(remark),
            Face::Person { .. } => {
                for line in remark.lines() {
                    self.line(&format!("-- {line}"));
                }
            }
        }
    }

    /// Shows a person what only a person wants to see; a script's output does not change by it.
    pub(super) fn aside(&mut self, line: impl FnOnce(&Paint) -> String) {
        if let Face::Person { paint, .. } = &self.face {
            let line = line(paint);
            self.line(&line);
        }
    }

    /// Says what can be typed.
    pub(super) fn help(&mut self, help: &str) {
        let head = "each line is a message or a command:";
        match &self.face {
            Face::Script(..) => diagnose(&format!("{head}\n{help}")),
            Face::Person { .. } => {
                let rows: Vec<_> = help.lines().map(|line| format!(" {line}")).collect();
                self.block(head, &rows);
            }
        }
    }

    /// Shows something that takes several rows.
    pub(super) fn block(&mut self, head: &str, rows: &[String]) {
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

    /// The terminal, if a person sits at one that can do more than show lines.
    pub(super) fn terminal(&mut self) -> Option<&mut Terminal> {
        match &mut self.face {
            Face::Person { terminal, .. } => terminal.as_deref_mut(),
            Face::Script(..) => None,
        }
    }

    /// Rings where nothing is painted.
    pub(super) fn ring_plainly(&mut self) {
        if let Face::Person { terminal: None, .. } = &self.face {
            self.failure = io::stdout().lock().write_all(b"\x07").err();
        }
    }

    /// True when a person sees this.
    pub(super) fn is_for_a_person(&self) -> bool {
        matches!(self.face, Face::Person { .. })
    }

    /// The colours in which a person sees this.
    pub(super) fn paint(&self) -> Option<&Paint> {
        match &self.face {
            Face::Person { paint, .. } => Some(paint),
            Face::Script(..) => None,
        }
    }

    /// The name that is one's own from here on.
    pub(super) fn set_own_name(&mut self, name: &str) {
        if let Face::Person { paint, .. } = &mut self.face {
            name.clone_into(&mut paint.own);
        }
    }

    /// Writes what a terminal still has to show.
    pub(super) fn flush(&mut self, above: &[String], prompt: &str) {
        let painted = self
            .terminal()
            .map(|terminal| terminal.paint(above, prompt));
        if let Some(Err(error)) = painted {
            self.failure.get_or_insert(error);
        }
    }

    /// Why nothing can be written any more; said once.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        let failure = self.failure.take()?;
        self.failure = Some(failure.kind().into());
        Some(failure)
    }

    /// True when the error says that the person's terminal has gone.
    pub(super) fn has_hung_up(&self, error: &io::Error) -> bool {
        #[cfg(unix)]
        let is_io_error = error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
        #[cfg(not(unix))]
        let is_io_error = false;
        is_io_error && self.is_for_a_person()
    }

    /// A line as it is: nothing hidden may be in it but the colours.
    pub(super) fn line(&mut self, line: &str) {
        if self.failure.is_some() {
            return;
        }
        match &mut self.face {
            Face::Script(_, Place::Stdout) => {
                self.failure = write_to(&mut io::stdout().lock(), line).err();
            }
            // Only remarks go there; the private connection goes on without them.
            Face::Script(_, Place::Stderr) => {
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
    // In one piece: two programs may share a terminal.
    stream.write_all(format!("{line}\n").as_bytes())?;
    stream.flush()
}

fn diagnose(remark: &str) {
    let _ = writeln!(io::stderr(), "matou: {remark}");
}

//! The loop. It waits for the next event and handles it. It owns all data, except the data that the threads need for their
//! blocking system calls.
//!
//! | file | what is in it | needed for |
//! |---|---|---|
//! | `mod.rs` | the state, and the actions of the dialogue | messages |
//! | `waiting.rs` | what the loop waits for | messages |
//! | `typing.rs`, `holding.rs` | typed lines, and lines that wait | messages |
//! | `telling.rs` | showing events | messages |
//! | `leaving.rs`, `quitting.rs` | leaving the chat | messages |
//! | `away.rs`, `stalls.rs` | lost and stalled connections | messages |
//! | `doubt.rs` | lines that may be lost with a connection | messages |
//! | `wire.rs` | showing frames byte by byte | `/wire` |
//! | `keyboard.rs`, `progress.rs` | keys, and the rows at the bottom of the screen | the terminal |
//! | `private.rs` | private connections | private connections |
//! | `piped.rs` | `--tunnel` | private connections |
//! | `file.rs`, `deeds.rs` | transfers | files |
//! | `direct.rs` | direct connections, and files that are sent in frames | ChatHack |
//! | `meeting.rs` | peers over UDP, and their names | Chatr |

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never};

use crate::begin::Begun;
use crate::chatr::Chatr;
use crate::ending::Ending;
use crate::escape::Escaped;
use crate::face::output::{Output, Stream};
use crate::face::paint::Paint;
use crate::face::people::People;
use crate::face::printer::Printer;
use crate::face::terminal::Terminal;
use crate::files::disk::Disk;
use crate::link::inbox::Inbox;
use crate::link::outgoing::Watch;
use crate::link::{Incoming, Link};
use crate::options::{ChatOptions, Face};
use crate::private::tunnel::{self, Speech};
use crate::private::{PrivateConnections, Stage};
use crate::reach::{Reached, Route};
use crate::signals::Signals;
use crate::typing::held::Held;
use crate::typing::input::{self, NumberedLine};
use crate::typing::sent::Sent;
use matou_protocols::dialogue::{Action, Dialogue, Direction, Source};

mod away;
mod deeds;
mod direct;
mod doubt;
mod file;
mod holding;
mod keyboard;
mod leaving;
mod meeting;
mod piped;
mod private;
mod progress;
mod quitting;
mod stalls;
mod telling;
mod typing;
mod waiting;
mod wire;

use away::Loss;
use leaving::LEAVE_TIME;
use progress::Progress;
use quitting::Quitting;
use wire::Wire;

/// Before the program ends, it waits at most this long for the disk: received files must be written, and unwanted incomplete
/// files must be deleted.
const DISK_TIME: Duration = Duration::from_secs(5);

/// One chat, from the login to its end.
pub(crate) struct Session {
    options: ChatOptions,
    dialogue: Box<dyn Dialogue>,
    /// The first actions of the dialogue. They start the login.
    hello: Vec<Action>,
    /// How to connect to the server again.
    route: Route,
    /// The data that only Chatr Connect needs.
    chatr: Option<Chatr>,
    server: Server,
    private: PrivateConnections,
    unasked: direct::Unasked,
    lines: Receiver<NumberedLine>,
    /// Typed lines that wait until their connection accepts more bytes.
    held: Held,
    /// Lines that the server may not have received yet.
    sent: Sent,
    /// In a script, the number of the input line that the client is handling now.
    line_number: Option<u64>,
    /// Messages that could not be sent. When the input line is empty, the client puts them back there, and the user can
    /// change them.
    unsaid: String,
    /// Set if the user wants to leave after the waiting lines have been sent.
    quitting: Option<Quitting>,
    /// Receives bytes from the keyboard, if the terminal is in raw mode.
    keys: Receiver<Vec<u8>>,
    signals: Signals,
    output: Output,
    people: People,
    /// The peer whose private connection gets the typed lines; `None` for messages to everyone.
    talking_to: Option<String>,
    wire: Wire,
    /// Files that are being inspected before they are sent.
    looking: Vec<file::Looking>,
    progress: Progress,
    disk: Disk,
    /// Set after a lost connection, until the client has logged in again.
    loss: Option<Loss>,
    phase: Phase,
    /// The time at which the client stops waiting for the answer to its login, tries to connect again, or stops waiting
    /// while it leaves. The phase says which of these.
    deadline: Option<Instant>,
    /// True if a line of standard input was refused.
    refused_a_line: bool,
    /// True if the client does not know whether a line has arrived.
    doubts_a_line: bool,
    /// True if the user wants to leave at once.
    hurries: bool,
}

/// The connection to the server.
struct Server {
    link: Link,
    inbox: Inbox,
    address: SocketAddr,
    /// The local address.
    own_address: SocketAddr,
    /// True after everything was sent, followed by FIN.
    all_sent: bool,
    send_error: Option<io::Error>,
    /// True after the server has stopped sending.
    ended: bool,
}

#[derive(Debug)]
enum Phase {
    LoggingIn,
    /// The login was refused, and the user is choosing another login.
    Choosing,
    /// The connection is lost. The client is connecting again, or will connect at the deadline.
    Away,
    Talking {
        input_ended: bool,
    },
    Leaving {
        then: Ending,
        lingering: bool,
        /// If set, the deadline is extended whenever bytes are written.
        patience: Option<Watch>,
    },
}

impl Session {
    pub(crate) fn start(
        mut options: ChatOptions,
        begun: Begun,
        chatr: Option<Chatr>,
    ) -> io::Result<Session> {
        let Begun {
            mut dialogue,
            hello,
            route,
            reached,
            names,
            remark,
        } = begun;
        dialogue.reached(reached.address, reached.own_address);
        if let Some(wish) = &mut options.tunnel {
            wish.peer = dialogue.known_as(&wish.peer);
        }
        let paint = |colours| Paint {
            colours,
            own: options.address.login.clone(),
        };
        let (mut lines, mut keys) = (never(), never());
        let mut output = match options.face {
            Face::Script(form) => {
                let stream = match options.tunnel {
                    Some(_) => Stream::Stderr,
                    None => Stream::Stdout(Printer::start()?),
                };
                Output::script(form, stream)
            }
            Face::Plain => {
                lines = input::lines()?;
                Output::person(paint(false), Stream::Stdout(Printer::start()?))
            }
            Face::Terminal { colours } => {
                let (terminal, bytes) = Terminal::open()?;
                keys = bytes;
                Output::person(paint(colours), Stream::Terminal(Box::new(terminal)))
            }
        };
        if let Some(remark) = remark {
            output.remark(&Escaped(&remark).to_string());
        }
        let mut people = People::default();
        names.iter().for_each(|name| people.meet(name));
        Ok(Session {
            dialogue,
            hello,
            route,
            chatr,
            server: Server::new(reached),
            private: PrivateConnections::new(options.direct.clone()),
            unasked: direct::Unasked::default(),
            lines,
            held: Held::default(),
            sent: Sent::default(),
            line_number: None,
            unsaid: String::new(),
            quitting: None,
            keys,
            signals: Signals::listen()?,
            output,
            people,
            talking_to: None,
            wire: Wire::open(options.wire_log.as_deref())?,
            looking: Vec::new(),
            progress: Progress::default(),
            disk: Disk::new(),
            loss: None,
            phase: Phase::LoggingIn,
            deadline: Some(Instant::now() + options.connect_timeout),
            refused_a_line: false,
            doubts_a_line: false,
            hurries: false,
            options,
        })
    }

    pub(crate) fn run(mut self) -> Ending {
        let hello = std::mem::take(&mut self.hello);
        let ending = self.run_to_the_end(hello);
        drop(self.private);
        self.disk.settle(DISK_TIME);
        // After a second signal, or if the output cannot be written, the program does not wait until its output is written.
        if self.hurries || matches!(ending, Ending::Output(_) | Ending::OutputClosed) {
            return ending;
        }
        match self.output.finish(LEAVE_TIME) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ending,
            Err(error) if matches!(ending, Ending::InOrder) => Ending::Output(error),
            _ => ending,
        }
    }

    fn run_to_the_end(&mut self, hello: Vec<Action>) -> Ending {
        if let Err(ending) = self.perform_all(hello) {
            return ending;
        }
        loop {
            self.paint();
            let ready = self.wait();
            let done = self
                .handle(ready)
                .and_then(|()| self.send_held())
                .and_then(|()| self.look_for_stalls());
            if let Err(ending) = done {
                return ending;
            }
            if let Some(error) = self.output.take_failure() {
                self.leave(match error.kind() {
                    io::ErrorKind::BrokenPipe => Ending::OutputClosed,
                    _ if self.output.has_hung_up(&error) => Ending::OutputClosed,
                    _ => Ending::Output(error),
                });
            }
            if let Some(ending) = self.left() {
                return ending;
            }
        }
    }

    fn hear_server(&mut self, incoming: Incoming) -> Result<(), Ending> {
        match incoming {
            Incoming::Bytes(bytes) => {
                self.server.inbox.push(&bytes);
                loop {
                    let dialogue = &mut *self.dialogue;
                    match self.server.inbox.next(dialogue, Source::Server) {
                        Ok(Some(actions)) => {
                            self.show_taken(Source::Server);
                            self.perform_all(actions)?;
                        }
                        Ok(None) => return Ok(()),
                        Err(garbage) => {
                            return Err(Ending::Lost(format!(
                                "the server at {} does not speak {}: {garbage}",
                                self.server.address,
                                self.options.address.protocol.name()
                            )));
                        }
                    }
                }
            }
            Incoming::End => self.server_ended(None),
            Incoming::ReceiveFailed(error) => self.server_ended(Some(error)),
            Incoming::AllSent => {
                self.server.all_sent = true;
                Ok(())
            }
            // Only store the error: bytes that arrived before the failure may still be unread, and they may contain the
            // reason for the failure. The reading thread will report the end of the connection after these bytes.
            Incoming::SendFailed(error) => {
                self.server.send_error = Some(error);
                match self.server.ended {
                    true => self.server_ended(None),
                    false => Ok(()),
                }
            }
        }
    }

    fn perform_all(&mut self, actions: Vec<Action>) -> Result<(), Ending> {
        actions
            .into_iter()
            .try_for_each(|action| self.perform(action))
    }

    fn perform(&mut self, action: Action) -> Result<(), Ending> {
        if let Action::Open { tunnel, .. }
        | Action::Listen { tunnel, .. }
        | Action::Connect { tunnel, .. }
        | Action::Meet { tunnel, .. } = &action
            && matches!(self.phase, Phase::Leaving { .. })
        {
            self.dialogue.ended(*tunnel);
            return Ok(());
        }
        match action {
            Action::Send(bytes) => {
                self.show_frames(Direction::Sent, Source::Server, &bytes);
                self.server.link.send(bytes);
                Ok(())
            }
            Action::Tell(event) => self.tell(&event),
            Action::Open {
                tunnel,
                peer,
                opening,
            } => {
                self.show_frames(Direction::Sent, Source::Tunnel(tunnel), &opening);
                let (address, limit) = (self.server.address, self.options.connect_timeout);
                let connecting = tunnel::connect(address, opening, limit);
                let speech = Speech::lines(self.options.max_file);
                self.private
                    .add(tunnel, peer, Stage::Connecting(connecting), speech);
                Ok(())
            }
            Action::Listen { tunnel, peer, pass } => self.await_peer(tunnel, peer, pass),
            Action::Connect {
                tunnel,
                peer,
                address,
                opening,
            } => self.connect_to_peer(tunnel, peer, address, opening),
            Action::Meet {
                tunnel,
                peer,
                uuid,
                candidates,
                calls,
            } => self.meet_peer(tunnel, peer, uuid, &candidates, calls),
            Action::KeepBook(text) => {
                self.keep_book(&text);
                Ok(())
            }
            Action::Raw(tunnel) => self.tunnel_is_up(tunnel),
            Action::Framed(tunnel) => {
                if let Some(tunnel) = self.private.get_mut(tunnel) {
                    tunnel.open();
                }
                Ok(())
            }
            Action::FileComes { tunnel, name, size } => {
                self.file_comes(tunnel, name, size);
                Ok(())
            }
            Action::FileBytes { tunnel, bytes } => {
                self.file_bytes(tunnel, bytes);
                Ok(())
            }
            Action::Shut(tunnel) => self.shut_or_give_up(tunnel),
        }
    }
}

impl Server {
    fn new(reached: Reached) -> Server {
        Server {
            link: reached.link,
            inbox: Inbox::default(),
            address: reached.address,
            own_address: reached.own_address,
            all_sent: false,
            send_error: None,
            ended: false,
        }
    }
}

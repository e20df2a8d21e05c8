//! Connects standard input and output to a private connection.
//!
//! The connection has two threads of its own. Two more threads serve standard input and output. One thread copies standard
//! input into the channel of the connection's writer. The other thread copies from the channel of the connection's reader to
//! standard output. So if the program that reads standard output is slow, the peer has to wait, but the loop does not.

use std::io::{self, Write};
use std::thread;

use crossbeam_channel::{Receiver, bounded, never, select};

use crate::link::{Directions, Incoming, Link};
use crate::typing::input;

/// Why a pipe ended before both of its directions were complete.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Standard input cannot be read.
    Input(io::Error),
    /// Standard output cannot be written. A broken pipe means that the program that reads standard output has closed it.
    Output(io::Error),
    /// The connection failed.
    Connection(io::Error),
    /// The peer closed the connection before standard input ended.
    Closed,
}

/// Takes both directions of a link. `early` contains the bytes that have already arrived. One result arrives on the returned
/// channel. The result is a success if all of standard input and FIN were sent, and everything up to the peer's FIN was
/// written to standard output. Otherwise it is the first failure.
pub(crate) fn start(link: &mut Link, early: Vec<u8>) -> io::Result<Receiver<Result<(), Broken>>> {
    let Directions {
        incoming,
        outgoing,
        closed,
    } = link.split();
    let (failure, failures) = bounded(1);
    let (report, done) = bounded(1);
    // The connection is cut if the peer has closed it before this client could use it. In this case, standard input is not
    // read.
    let cut = outgoing.is_none();
    if let Some(outgoing) = outgoing {
        input::raw(outgoing, failure)?;
    }
    thread::Builder::new()
        .name("stdout".into())
        .spawn(move || {
            // This send fails if the loop has already ended.
            let _ = report.send(pump(&early, &incoming, failures, closed, cut));
        })?;
    Ok(done)
}

fn pump(
    early: &[u8],
    incoming: &Receiver<Incoming>,
    mut failures: Receiver<io::Error>,
    mut closed: Receiver<()>,
    mut cut: bool,
) -> Result<(), Broken> {
    put(early).map_err(Broken::Output)?;
    let (mut receiving, mut sending) = (true, !cut);
    while receiving || sending {
        select! {
            recv(incoming) -> report => match report {
                Ok(Incoming::Bytes(bytes)) => put(&bytes).map_err(Broken::Output)?,
                Ok(Incoming::End) => {
                    receiving = false;
                    close_stdout().map_err(Broken::Output)?;
                }
                // Everything was sent, because the writer's channel is closed: either the input has ended, or a read has
                // failed.
                Ok(Incoming::AllSent) => match failures.try_recv() {
                    Ok(error) => return Err(Broken::Input(error)),
                    Err(_) => sending = false,
                },
                Ok(Incoming::SendFailed(_)) if cut => {}
                Ok(Incoming::ReceiveFailed(error) | Incoming::SendFailed(error)) => {
                    return Err(Broken::Connection(error));
                }
                Err(_) => return Err(Broken::Connection(io::ErrorKind::ConnectionAborted.into())),
            },
            recv(failures) -> failure => match failure {
                Ok(error) => return Err(Broken::Input(error)),
                // Standard input ended normally, so no failure will arrive.
                Err(_) => failures = never(),
            },
            recv(closed) -> _ => {
                closed = never();
                cut = sending;
                sending = false;
            },
        }
    }
    if cut { Err(Broken::Closed) } else { Ok(()) }
}

fn put(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Closes standard output after the peer's FIN. The program that reads standard output must see the end of the data, even
/// while standard input is still open.
#[cfg(unix)]
fn close_stdout() -> io::Result<()> {
    // If this program only closed standard output, the next file that it opens would get the descriptor number of standard
    // output. So the program replaces standard output with /dev/null.
    let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(nowhere)?)
}

#[cfg(not(unix))]
fn close_stdout() -> io::Result<()> {
    Ok(())
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Broken::Input(error) => write!(f, "cannot read standard input: {error}"),
            Broken::Output(error) => write!(f, "cannot write standard output: {error}"),
            Broken::Connection(error) => {
                write!(f, "the private connection was interrupted: {error}")
            }
            Broken::Closed => {
                f.write_str("the peer closed the private connection before standard input ended")
            }
        }
    }
}
